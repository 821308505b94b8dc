package importer

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	discoverytypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/live"
)

// addGroups adds the services' target groups.
func (l *running) addGroups() error {
	for _, g := range l.fleet.TargetGroups {
		check := object{
			"path": aws.ToString(g.HealthCheckPath), "interval": g.HealthCheckIntervalSeconds, "timeout": g.HealthCheckTimeoutSeconds,
			"healthy_threshold": g.HealthyThresholdCount, "unhealthy_threshold": g.UnhealthyThresholdCount,
		}
		if g.Matcher != nil {
			check["matcher"] = aws.ToString(g.Matcher.HttpCode)
		}
		o := object{"arn": aws.ToString(g.TargetGroupArn), "port": g.Port, "protocol": string(g.Protocol), "health_check": []object{check}}
		if v := aws.ToString(g.ProtocolVersion); v != "" {
			o["protocol_version"] = v
		}
		err := l.add("aws_lb_target_group", aws.ToString(g.TargetGroupName), o)
		if err != nil {
			return err
		}
	}
	return nil
}

// addNetwork adds the VPC, where there is one, and what it is made of.
func (l *running) addNetwork() error {
	n := l.fleet.Network
	if len(n.VPCs) != 1 {
		return nil
	}
	if err := l.add("aws_vpc", aws.ToString(n.VPCs[0].VpcId), object{"cidr_block": aws.ToString(n.VPCs[0].CidrBlock)}); err != nil {
		return err
	}
	for _, s := range n.Subnets {
		if err := l.add("aws_subnet", aws.ToString(s.SubnetId), object{"availability_zone": aws.ToString(s.AvailabilityZone)}); err != nil {
			return err
		}
	}
	for _, g := range n.NATs {
		if err := l.add("aws_nat_gateway", aws.ToString(g.NatGatewayId), object{"subnet_id": aws.ToString(g.SubnetId)}); err != nil {
			return err
		}
	}
	for _, e := range n.Endpoints {
		if strings.EqualFold(string(e.State), "deleted") {
			continue
		}
		if err := l.add("aws_vpc_endpoint", aws.ToString(e.VpcEndpointId), object{"service_name": aws.ToString(e.ServiceName)}); err != nil {
			return err
		}
	}
	for _, ns := range l.fleet.Namespaces {
		kind := "aws_service_discovery_private_dns_namespace"
		if ns.Type == discoverytypes.NamespaceTypeHttp {
			kind = "aws_service_discovery_http_namespace"
		}
		if err := l.add(kind, aws.ToString(ns.Name), object{"name": aws.ToString(ns.Name)}); err != nil {
			return err
		}
	}
	return nil
}

// addDomain adds the certificates, and the zones that the domain's records are in.
func (l *running) addDomain() error {
	for _, c := range l.fleet.Certificates {
		if err := l.add("aws_acm_certificate", aws.ToString(c.CertificateArn), object{"domain_name": aws.ToString(c.DomainName)}); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, r := range l.fleet.Records {
		if !seen[r.Zone] {
			seen[r.Zone] = true
			if err := l.add("aws_route53_zone", r.ZoneName, object{"name": r.ZoneName}); err != nil {
				return err
			}
		}
		if err := l.add("aws_route53_record", r.Name, object{"name": r.Name}); err != nil {
			return err
		}
	}
	return nil
}

// addBalancers adds the load balancers with their listeners and rules.
func (l *running) addBalancers() error {
	for _, b := range l.fleet.LoadBalancers {
		o := object{
			"load_balancer_type": string(b.Type), "internal": b.Scheme == types.LoadBalancerSchemeEnumInternal,
			"idle_timeout": b.Attributes["idle_timeout.timeout_seconds"], "enable_deletion_protection": b.Attributes["deletion_protection.enabled"] == "true",
		}
		if b.Attributes["access_logs.s3.enabled"] == "true" {
			o["access_logs"] = []object{{"bucket": b.Attributes["access_logs.s3.bucket"], "enabled": true}}
		}
		if err := l.add("aws_lb", aws.ToString(b.LoadBalancerName), o); err != nil {
			return err
		}
		for _, x := range b.Listeners {
			if err := l.addListener(aws.ToString(b.LoadBalancerName), x); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreignCertificate is a listener's certificate that AWS did not issue, so that a stack has
// none of its own in its place.
func (l *running) foreignCertificate(x live.Listener) string {
	for _, served := range x.Certificates {
		for _, c := range l.fleet.Certificates {
			if aws.ToString(c.CertificateArn) == aws.ToString(served.CertificateArn) && c.Type != acmtypes.CertificateTypeAmazonIssued {
				return aws.ToString(c.CertificateArn)
			}
		}
	}
	return ""
}

func (l *running) addListener(balancer string, x live.Listener) error {
	port := aws.ToInt32(x.Port)
	o := object{"port": port, "protocol": string(x.Protocol), "ssl_policy": aws.ToString(x.SslPolicy)}
	if arn := l.foreignCertificate(x); arn != "" {
		o["certificate_arn"] = arn
	}
	if err := l.add("aws_lb_listener", fmt.Sprintf("%s:%d", balancer, port), o); err != nil {
		return err
	}
	for _, r := range x.Rules {
		var conditions []object
		for _, c := range r.Conditions {
			o := object{}
			switch {
			case c.PathPatternConfig != nil:
				o["path_pattern"] = []object{{"values": c.PathPatternConfig.Values}}
			case c.HostHeaderConfig != nil:
				o["host_header"] = []object{{"values": c.HostHeaderConfig.Values}}
			default:
				o[strings.ReplaceAll(aws.ToString(c.Field), "-", "_")] = []object{{"values": c.Values}}
			}
			conditions = append(conditions, o)
		}
		for _, group := range live.Forwards(r.Actions) {
			err := l.add("aws_lb_listener_rule", fmt.Sprintf("%s:%d/%s", balancer, port, aws.ToString(r.Priority)), object{
				"condition": conditions, "action": []object{{"type": "forward", "target_group_arn": group}},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// addWatching adds the log groups and the alarms.
func (l *running) addWatching() error {
	for _, g := range l.fleet.LogGroups {
		o := object{}
		if g.KmsKeyId != nil {
			o["kms_key_id"] = *g.KmsKeyId
		}
		if g.RetentionInDays != nil {
			o["retention_in_days"] = *g.RetentionInDays
		}
		if err := l.add("aws_cloudwatch_log_group", aws.ToString(g.LogGroupName), o); err != nil {
			return err
		}
	}
	for _, a := range l.fleet.Alarms {
		o := object{"metric_name": aws.ToString(a.MetricName), "namespace": aws.ToString(a.Namespace)}
		if a.Threshold != nil {
			o["threshold"] = *a.Threshold
		}
		if err := l.add("aws_cloudwatch_metric_alarm", aws.ToString(a.AlarmName), o); err != nil {
			return err
		}
	}
	return nil
}

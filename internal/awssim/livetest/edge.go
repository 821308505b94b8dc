package livetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	routetypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func edgeTags(name string) []types.Tag {
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	return []types.Tag{tag("Name", Cluster+"-"+name), tag("ManagedBy", "Terraform"), tag("Team", "agents")}
}

// edge is a load balancer with one listener, which says 404 to what no rule takes.
func (f *Fleet) edge(ctx context.Context) error {
	lb, err := f.clients.ELB.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String(Cluster + "-alb"), Subnets: f.ids.public, SecurityGroups: []string{f.ids.balancers},
		Scheme: types.LoadBalancerSchemeEnumInternetFacing, Type: types.LoadBalancerTypeEnumApplication, Tags: edgeTags("alb"),
	})
	if err != nil {
		return err
	}
	f.ids.balancer, f.Host = aws.ToString(lb.LoadBalancers[0].LoadBalancerArn), aws.ToString(lb.LoadBalancers[0].DNSName)
	f.ids.balancerZone = aws.ToString(lb.LoadBalancers[0].CanonicalHostedZoneId)
	if err := f.clock.Wait(ctx, 4*time.Minute); err != nil {
		return err
	}
	l, err := f.clients.ELB.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: &f.ids.balancer, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp, Tags: edgeTags("http"),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("404"), ContentType: aws.String("text/plain"), MessageBody: aws.String("Not Found"),
		}}},
	})
	if err != nil {
		return err
	}
	f.ids.listener = aws.ToString(l.Listeners[0].ListenerArn)
	return f.clock.Wait(ctx, 5*time.Second)
}

// domain puts HTTPS beside HTTP, which it redirects, and leads the domain's and each agent's own
// name to the load balancer.
func (f *Fleet) domain(ctx context.Context) error {
	domain := f.shape.Domain
	if domain == "" {
		return nil
	}
	zone := ""
	if err := f.Sim.Edit(func(w *awssim.World) { zone = w.SeedHostedZone(domain[strings.Index(domain, ".")+1:], false) }); err != nil {
		return err
	}
	cert, err := f.certificate(ctx, zone)
	if err != nil {
		return err
	}
	l, err := f.clients.ELB.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: &f.ids.balancer, Port: aws.Int32(443), Protocol: types.ProtocolEnumHttps, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-2021-06"),
		Certificates: []types.Certificate{{CertificateArn: &cert}}, Tags: edgeTags("https"),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("404"), ContentType: aws.String("text/plain"), MessageBody: aws.String("Not Found"),
		}}},
	})
	if err != nil {
		return err
	}
	_, err = f.clients.ELB.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: &f.ids.listener, DefaultActions: []types.Action{{
		Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{
			StatusCode: types.RedirectActionStatusCodeEnumHttp301, Protocol: aws.String("HTTPS"), Port: aws.String("443"),
			Host: aws.String("#{host}"), Path: aws.String("/#{path}"), Query: aws.String("#{query}"),
		},
	}}})
	if err != nil {
		return err
	}
	f.ids.listener = aws.ToString(l.Listeners[0].ListenerArn)
	names := []string{domain}
	for _, a := range Agents() {
		names = append(names, a.Name+"."+domain)
	}
	for _, name := range names {
		if err := f.record(ctx, zone, routetypes.ResourceRecordSet{Name: &name, Type: routetypes.RRTypeA, AliasTarget: &routetypes.AliasTarget{
			DNSName: aws.String("dualstack." + f.Host), HostedZoneId: &f.ids.balancerZone,
		}}); err != nil {
			return err
		}
	}
	return f.clock.Wait(ctx, 5*time.Second)
}

func (f *Fleet) record(ctx context.Context, zone string, set routetypes.ResourceRecordSet) error {
	_, err := f.clients.Route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: &routetypes.ChangeBatch{
		Changes: []routetypes.Change{{Action: routetypes.ChangeActionUpsert, ResourceRecordSet: &set}},
	}})
	return err
}

// certificate is one for the domain and all names below it, proved by its record.
func (f *Fleet) certificate(ctx context.Context, zone string) (arn string, err error) {
	out, err := f.clients.ACM.RequestCertificate(ctx, &acm.RequestCertificateInput{
		DomainName: &f.shape.Domain, SubjectAlternativeNames: []string{"*." + f.shape.Domain}, ValidationMethod: acmtypes.ValidationMethodDns,
	})
	if err != nil {
		return "", err
	}
	if err := f.clock.Wait(ctx, 30*time.Second); err != nil { // until its records are known
		return "", err
	}
	got, err := f.clients.ACM.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: out.CertificateArn})
	if err != nil {
		return "", err
	}
	for _, v := range got.Certificate.DomainValidationOptions {
		err := f.record(ctx, zone, routetypes.ResourceRecordSet{
			Name: v.ResourceRecord.Name, Type: routetypes.RRTypeCname, TTL: aws.Int64(60), ResourceRecords: []routetypes.ResourceRecord{{Value: v.ResourceRecord.Value}},
		})
		if err != nil {
			return "", err
		}
	}
	for range 60 {
		if err := f.clock.Wait(ctx, 30*time.Second); err != nil {
			return "", err
		}
		got, err := f.clients.ACM.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: out.CertificateArn})
		if err != nil {
			return "", err
		}
		if got.Certificate.Status == acmtypes.CertificateStatusIssued {
			return aws.ToString(out.CertificateArn), nil
		}
	}
	return "", errors.New("the certificate is not issued")
}

// target is an agent's target group and its rule, at a priority of Terraform's.
func (f *Fleet) target(ctx context.Context, a Agent, priority int32) (arn string, err error) {
	g, err := f.clients.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(a.Name[:4] + "2025061108300000000000"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(int32(a.Port)), VpcId: &f.ids.vpc, //nolint:gosec // a port
		TargetType: types.TargetTypeEnumIp, HealthCheckPath: aws.String("/health"), HealthCheckIntervalSeconds: aws.Int32(30), HealthCheckTimeoutSeconds: aws.Int32(10),
		HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(3), Matcher: &types.Matcher{HttpCode: aws.String("200")}, Tags: edgeTags(a.Name),
	})
	if err != nil {
		return "", err
	}
	arn = aws.ToString(g.TargetGroups[0].TargetGroupArn)
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
		return "", err
	}
	conditions := []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/" + a.Name + "/*"}}}}
	if domain := f.shape.Domain; domain != "" {
		conditions = append(conditions, types.RuleCondition{Field: aws.String("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: []string{a.Name + "." + domain}}})
	}
	for i, c := range conditions {
		_, err = f.clients.ELB.CreateRule(ctx, &elb.CreateRuleInput{
			ListenerArn: &f.ids.listener, Priority: aws.Int32(priority + int32(1000*i)), Tags: edgeTags(a.Name), //nolint:gosec // two of them
			Conditions: []types.RuleCondition{c}, Actions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &arn}},
		})
		if err != nil {
			return "", err
		}
	}
	return arn, nil
}

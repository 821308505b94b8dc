package stack

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func edgeDrifts() []drift {
	return append(balancerDrifts(), listenerDrifts()...)
}

func balancerDrifts() []drift {
	balancer := func(edit func(*awssim.World, *awssim.LoadBalancer)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.LoadBalancers, "alb", balancerTags, func(l *awssim.LoadBalancer) { edit(w, l) })
		}
	}
	attribute := func(name, value string) func(*awssim.World) bool {
		return balancer(func(_ *awssim.World, l *awssim.LoadBalancer) { l.Attributes[name] = value })
	}
	group := func(edit func(*awssim.TargetGroup)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.TargetGroups, "target-group/validator", targetGroupTags, edit)
		}
	}
	return []drift{
		{"alb", "idle_timeout", attribute("idle_timeout.timeout_seconds", "5")},
		{"alb", "deletion_protection", attribute("deletion_protection.enabled", "true")},
		{"alb", "drop_invalid_headers", attribute("routing.http.drop_invalid_header_fields.enabled", "false")},
		{"alb", "access_logs", balancer(func(_ *awssim.World, l *awssim.LoadBalancer) {
			l.Attributes["access_logs.s3.enabled"], l.Attributes["access_logs.s3.bucket"] = "true", "somebody-elses"
		})},
		{"alb", "security_group", balancer(func(w *awssim.World, l *awssim.LoadBalancer) {
			l.Groups = []string{idOf(w.SecurityGroups, "sg/agents", securityGroupTags)}
		})},
		{"alb", "subnets", balancer(func(w *awssim.World, l *awssim.LoadBalancer) {
			public, private := idOf(w.Subnets, "subnet/public-us-east-1a", subnetTags), idOf(w.Subnets, "subnet/private-us-east-1a", subnetTags)
			for i := range l.Subnets {
				if l.Subnets[i] == public {
					l.Subnets[i], l.Interfaces[private] = private, l.Interfaces[public]
					w.NetworkInterfaces[l.Interfaces[private]].Subnet = private
					delete(l.Interfaces, public)
				}
			}
		})},
		{"target-group/validator", "health.check", group(func(g *awssim.TargetGroup) { g.CheckPort = "8080" })},
		{"target-group/validator", "health.path", group(func(g *awssim.TargetGroup) { g.Path = "/other" })},
		{"target-group/validator", "health.matcher", group(func(g *awssim.TargetGroup) { g.Matcher = "404" })},
		{"target-group/validator", "health.interval", group(func(g *awssim.TargetGroup) { g.Interval = 60 })},
		{"target-group/validator", "health.timeout", group(func(g *awssim.TargetGroup) { g.Timeout = 2 })},
		{"target-group/validator", "health.healthy", group(func(g *awssim.TargetGroup) { g.Healthy = 9 })},
		{"target-group/validator", "health.unhealthy", group(func(g *awssim.TargetGroup) { g.Unhealthy = 9 })},
		{"target-group/validator", "stickiness", group(func(g *awssim.TargetGroup) { g.Attributes["stickiness.enabled"] = "true" })},
		{"target-group/validator", "drain", group(func(g *awssim.TargetGroup) { g.Attributes["deregistration_delay.timeout_seconds"] = "300" })},
	}
}

func listenerDrifts() []drift {
	listener := func(key string, edit func(*awssim.Listener)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Listeners, key, listenerTags, edit) }
	}
	rule := func(key string, edit func(*awssim.World, *awssim.ListenerRule)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.ListenerRules, key, ruleTags, func(r *awssim.ListenerRule) { edit(w, r) })
		}
	}
	plain := func(l *awssim.Listener) { l.Protocol, l.Certificate, l.Policy = elbtypes.ProtocolEnumHttp, "", "" }
	// No rule takes a request now: it is answered with 503.
	answer := func(l *awssim.Listener) {
		l.Actions = []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: aws.String("503")}}}
	}
	return []drift{
		{"listener/https", "tls_policy", listener("listener/https", func(l *awssim.Listener) { l.Policy = "ELBSecurityPolicy-2016-08" })},
		{"listener/https", "port", listener("listener/https", func(l *awssim.Listener) { l.Port = 8443 })},
		{"listener/https", "protocol", listener("listener/https", plain)},
		{"listener/https", "certificate", listener("listener/https", func(l *awssim.Listener) { l.Certificate = otherCertificate(l.Certificate) })},
		{"listener/https", "answer", listener("listener/https", answer)},
		{"listener/http", "redirect", listener("listener/http", answer)},
		{"listener/http", "redirect", listener("listener/http", func(l *awssim.Listener) {
			l.Actions = []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &elbtypes.RedirectActionConfig{
				StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp301, Protocol: aws.String("HTTPS"), Port: aws.String("443"),
				Host: aws.String("#{host}"), Path: aws.String("/"), Query: aws.String("#{query}"),
			}}}
		})},
		{"rule/https/validator", "priority", rule("rule/https/validator", func(_ *awssim.World, r *awssim.ListenerRule) { r.Priority = 49_998 })},
		{"rule/https/validator", "rewrite", rule("rule/https/validator", func(_ *awssim.World, r *awssim.ListenerRule) { r.Transforms = nil })},
		{"rule/https/validator", "target_group", rule("rule/https/validator", func(w *awssim.World, r *awssim.ListenerRule) {
			r.Actions = []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: aws.String(idOf(w.TargetGroups, "target-group/karma-hello", targetGroupTags))}}
		})},
		{"rule/https/validator", "paths", rule("rule/https/validator", func(_ *awssim.World, r *awssim.ListenerRule) {
			r.Conditions = []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/other"}}}}
		})},
		{"rule/https/host-validator", "hosts", rule("rule/https/host-validator", func(_ *awssim.World, r *awssim.ListenerRule) {
			r.Conditions = []elbtypes.RuleCondition{{Field: aws.String("host-header"), HostHeaderConfig: &elbtypes.HostHeaderConditionConfig{Values: []string{"other.example.com"}}}}
		})},
		{"record/agents.example.com", "alias", domainRecord(func(r *awssim.DNSRecord) { r.Alias = "dualstack.other-1.us-east-1.elb.amazonaws.com" })},
		{"record/agents.example.com", "alias_zone", domainRecord(func(r *awssim.DNSRecord) {
			r.Alias, r.AliasZone = "dualstack.other-1.eu-west-1.elb.amazonaws.com", "Z32O12XQLNTSW2"
		})},
		{"certificate", "status", func(w *awssim.World) bool {
			return one(w.Certificates, "certificate", certificateTags, func(c *awssim.Certificate) { c.Status = acmtypes.CertificateStatusExpired })
		}},
		{"record/validation", "records", validation(func(_ *awssim.HostedZone, r *awssim.DNSRecord) { r.Values = []string{"other.example.com."} })},
		{"record/validation", "", validation(func(z *awssim.HostedZone, r *awssim.DNSRecord) { delete(z.Records, r.Name+" "+"CNAME") })},
	}
}

func validation(edit func(*awssim.HostedZone, *awssim.DNSRecord)) func(*awssim.World) bool {
	return func(w *awssim.World) bool {
		for _, z := range w.HostedZones {
			for _, r := range z.Records {
				if r.Type == "CNAME" {
					edit(z, r)
					return true
				}
			}
		}
		return false
	}
}

// otherCertificate is one of the account's that is not ours.
func otherCertificate(arn string) string {
	return arn[:strings.LastIndexByte(arn, '/')+1] + "somebody-elses"
}

func domainRecord(edit func(*awssim.DNSRecord)) func(*awssim.World) bool {
	return func(w *awssim.World) bool {
		for _, z := range w.HostedZones {
			for k, r := range z.Records {
				if strings.HasPrefix(k, "agents.example.com") && r.Type == "A" {
					edit(r)
					return true
				}
			}
		}
		return false
	}
}

package importer

import (
	"strings"
)

// ownKinds are resources that karmactl makes by itself, in its own way.
var ownKinds = map[string]string{
	"aws_vpc": "a VPC of its own", "aws_subnet": "public and private subnets of its own", "aws_internet_gateway": "an internet gateway of its own",
	"aws_route_table": "routes of its own", "aws_route_table_association": "routes of its own", "aws_route": "routes of its own",
	"aws_main_route_table_association": "routes of its own", "aws_eip": "an address for the NAT gateway",
	"aws_security_group": "security groups that let in the load balancer and the agents, and no more", "aws_security_group_rule": "security groups that let in the load balancer and the agents, and no more",
	"aws_vpc_security_group_ingress_rule": "security groups that let in the load balancer and the agents, and no more", "aws_vpc_security_group_egress_rule": "security groups that let in the load balancer and the agents, and no more",
	"aws_lb": "a load balancer of its own", "aws_lb_listener": "listeners of its own", "aws_lb_target_group": "a target group for each agent", "aws_lb_listener_rule": "a rule for each agent",
	"aws_lb_listener_certificate": "listeners of its own", "aws_alb_listener_certificate": "listeners of its own",
	"aws_alb": "a load balancer of its own", "aws_alb_listener": "listeners of its own", "aws_alb_target_group": "a target group for each agent", "aws_alb_listener_rule": "a rule for each agent",
	"aws_lb_target_group_attachment": "ECS registers its tasks",
	"aws_ecs_cluster":                "a cluster of its own", "aws_ecs_cluster_capacity_providers": "FARGATE and FARGATE_SPOT",
	"aws_ecr_repository": "a repository for each agent", "aws_ecr_lifecycle_policy": "each repository keeps its newest images",
	"aws_cloudwatch_dashboard": "a dashboard of its own", "aws_cloudwatch_log_metric_filter": "errors in the logs are counted",
	"aws_acm_certificate": "a certificate of its own", "aws_acm_certificate_validation": "a certificate of its own",
	"aws_appautoscaling_target": "autoscaling of its own", "aws_appautoscaling_policy": "autoscaling of its own",
	"aws_sns_topic":                               "a topic of its own for the alarms, where observability.alarms.emails has an address",
	"aws_service_discovery_http_namespace":        "a namespace of its own",
	"aws_service_discovery_private_dns_namespace": "an HTTP namespace of its own: agents call each other by their short names",
	"aws_service_discovery_service":               "Service Connect: agents call each other by their short names",
	"aws_xray_sampling_rule":                      "a sampling rule of its own, with observability.xray",
}

// leftKinds are resources that are no part of a fleet, and what to do about them.
var leftKinds = []struct{ prefix, instead string }{
	{"aws_iam_", "each agent has roles of its own: write permissions with what it may do"},
	{"aws_cloudwatch_event", "keep the schedule in Terraform, or write it under jobs if it starts a command of an agent"},
	{"aws_scheduler", "keep the schedule in Terraform, or write it under jobs if it starts a command of an agent"},
	{"aws_secretsmanager", "keep the secret in Terraform; agents take it with secrets: {NAME: {from: …}}"},
	{"aws_ssm_parameter", "keep the parameter in Terraform; agents take it with secrets: {NAME: {from: …}}"},
	{"aws_route53_record", "load_balancer.domain makes the records of the domain and of each agent; others are kept in Terraform"},
	{"aws_route53_zone", "keep the zone in Terraform; load_balancer.zone names it"},
	{"aws_wafv2", "keep it in Terraform, and point it at karmactl's load balancer"},
	{"aws_efs_mount_target", "keep it in Terraform, and let the agents' security group in at port 2049; network.vpc has to be its VPC"},
	{"aws_efs", "keep it in Terraform; an agent mounts it with volumes: {NAME: {path: …, efs: fs-…}}"},
	{"aws_s3_bucket", "keep the bucket in Terraform; give its name to the agents in env"},
	{"aws_", "keep it in Terraform; give its address to the agents in env"},
	{"", "keep it in Terraform"},
}

// byType gives an outcome to resources that nothing was taken from.
func (x *terraform) byType() {
	if len(x.fleet.agents) == 0 {
		return
	}
	for _, r := range x.resources {
		switch {
		case r.data:
			r.body.settle(own, "Terraform looks it up")
		case ownKinds[r.kind] != "":
			if strings.HasSuffix(r.kind, "lb_target_group") || strings.HasSuffix(r.kind, "lb_listener_rule") {
				x.unled(r)
			}
			r.body.settle(own, ownKinds[r.kind])
		case r.kind == "aws_route53_record" && x.fleet.domain != "" && strings.HasSuffix(strings.TrimSuffix(r.body.get("name").str(), "."), x.fleet.domain):
			r.body.settle(own, "records of the domain and of each agent")
		case r.kind == "aws_iam_role_policy_attachment" && strings.HasSuffix(r.body.get("policy_arn").str(), "AmazonECSTaskExecutionRolePolicy"):
			r.body.settle(own, startsTasks)
		default:
			for _, k := range leftKinds {
				if strings.HasPrefix(r.kind, k.prefix) {
					r.body.settle(left, k.instead)
					break
				}
			}
		}
	}
}

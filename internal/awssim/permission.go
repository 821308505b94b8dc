package awssim

import (
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// permission is one IAM action that a call needs beside its own, because AWS
// asks for it, or calls something, on the caller's behalf.
type permission struct {
	action string
	// source is where AWS, or an account that met it, says so.
	source string
	// when tells whether this call needs it; nil is always.
	when func(in any) bool
	// resources are the ARNs that it is asked on; nil is "*".
	resources func(s *Sim, in any) []string
	// context has the condition keys of the question.
	context func(in any) map[string]string
}

const (
	tagOnCreate       = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"
	scalesECSBy       = "https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html"
	startsInstances   = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html"
	passRole          = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
	mountTargetRights = "https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html"
	ifMatch           = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"
)

// taggedRun is what the tags of a task need that is started to run once.
var taggedRun = permission{
	action: "ecs:TagResource", source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html",
	when: func(in any) bool {
		r := in.(*ecs.RunTaskInput)
		return len(r.Tags) > 0 || r.PropagateTags != ""
	},
	resources: func(s *Sim, in any) []string {
		return []string{s.world.arn("ecs", "task/"+clusterName(in.(*ecs.RunTaskInput).Cluster)+"/*")}
	},
	context: func(any) map[string]string { return map[string]string{"ecs:CreateAction": "RunTask"} },
}

// dependent are the permissions by operation. What a create's tags need is not
// here: it is the same rule for all, in tagsOf.
var dependent = map[string][]permission{
	"Elastic Load Balancing v2.CreateLoadBalancer": {
		{action: "ec2:GetSecurityGroupsForVpc", source: "https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3917"},
		{action: "ec2:DescribeSecurityGroups", source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"},
		{action: "ec2:DescribeSubnets", source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"},
		{action: "ec2:DescribeVpcs", source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"},
		{action: "ec2:DescribeInternetGateways", source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"},
	},
	"Elastic Load Balancing v2.SetSecurityGroups": {
		{action: "ec2:GetSecurityGroupsForVpc", source: "assumed as for CreateLoadBalancer; only an account can tell"},
	},
	"EC2.CreateVpcEndpoint": {{
		action: "route53:AssociateVPCWithHostedZone", source: "https://docs.aws.amazon.com/vpc/latest/privatelink/security_iam_id-based-policy-examples.html",
		when: func(in any) bool {
			return in.(*ec2.CreateVpcEndpointInput).VpcEndpointType == types.VpcEndpointTypeInterface
		},
	}},
	"ECS.RegisterTaskDefinition": {{
		action: "iam:PassRole", source: passRole,
		resources: func(_ *Sim, in any) []string {
			d := in.(*ecs.RegisterTaskDefinitionInput)
			return slices.DeleteFunc([]string{aws.ToString(d.ExecutionRoleArn), aws.ToString(d.TaskRoleArn)}, func(s string) bool { return s == "" })
		},
		context: func(any) map[string]string {
			return map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}
		},
	}},
	"ECS.RunTask": {taggedRun, {
		action: "iam:PassRole", source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html",
		resources: func(s *Sim, in any) []string {
			d := s.taskDefinition(aws.ToString(in.(*ecs.RunTaskInput).TaskDefinition))
			if d == nil {
				return nil
			}
			return slices.DeleteFunc([]string{aws.ToString(d.Definition.ExecutionRoleArn), aws.ToString(d.Definition.TaskRoleArn)}, func(s string) bool { return s == "" })
		},
		context: func(any) map[string]string {
			return map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}
		},
	}},
	"Auto Scaling.CreateAutoScalingGroup": {
		{action: "ec2:RunInstances", source: startsInstances},
		{
			action: "iam:CreateServiceLinkedRole", source: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html",
			context: func(any) map[string]string {
				return map[string]string{"iam:AWSServiceName": "autoscaling.amazonaws.com"}
			},
		},
	},
	"Auto Scaling.UpdateAutoScalingGroup": {{action: "ec2:RunInstances", source: startsInstances}},
	"Scheduler.CreateSchedule":            {{action: "iam:PassRole", source: passRole, resources: scheduleRole, context: toScheduler}},
	"Scheduler.UpdateSchedule":            {{action: "iam:PassRole", source: passRole, resources: scheduleRole, context: toScheduler}},
	"SFN.CreateStateMachine":              {{action: "iam:PassRole", source: passRole, resources: machineRole, context: toStepFunctions}},
	"SFN.UpdateStateMachine":              {{action: "iam:PassRole", source: passRole, resources: machineRole, context: toStepFunctions}},
	"ECS.CreateCluster":                   {{action: "servicediscovery:GetNamespace", source: "AWS's AmazonECS_FullAccess has it; whether it is asked only an account can tell"}},
	"ECS.UpdateCluster":                   {{action: "servicediscovery:GetNamespace", source: "as for CreateCluster"}},
	"ECS.CreateService": {{
		action: "servicediscovery:GetNamespace", source: "as for CreateCluster",
		when: func(in any) bool { return in.(*ecs.CreateServiceInput).ServiceConnectConfiguration != nil },
	}},
	"Application Auto Scaling.RegisterScalableTarget": {
		{action: "ecs:DescribeServices", source: scalesECSBy},
		{action: "ecs:UpdateService", source: scalesECSBy},
		{
			action: "iam:CreateServiceLinkedRole", source: "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html",
			context: func(any) map[string]string {
				return map[string]string{"iam:AWSServiceName": "ecs.application-autoscaling.amazonaws.com"}
			},
			when: func(in any) bool { return in.(*applicationautoscaling.RegisterScalableTargetInput).RoleARN == nil },
		},
	},
	"Application Auto Scaling.PutScalingPolicy": {
		{action: "cloudwatch:PutMetricAlarm", source: scalesECSBy},
		{action: "cloudwatch:DescribeAlarms", source: scalesECSBy},
	},
	"Application Auto Scaling.DeleteScalingPolicy": {{action: "cloudwatch:DeleteAlarms", source: scalesECSBy}},
	"EFS.CreateMountTarget": {
		{action: "ec2:DescribeSubnets", source: mountTargetRights},
		{action: "ec2:DescribeNetworkInterfaces", source: mountTargetRights},
		{action: "ec2:CreateNetworkInterface", source: mountTargetRights},
	},
	"EFS.DeleteMountTarget": {{action: "ec2:DeleteNetworkInterface", source: "https://docs.aws.amazon.com/efs/latest/ug/API_DeleteMountTarget.html"}},
	"EFS.DescribeMountTargetSecurityGroups": {
		{action: "ec2:DescribeNetworkInterfaceAttribute", source: "https://docs.aws.amazon.com/efs/latest/ug/API_DescribeMountTargetSecurityGroups.html"},
	},
	"EFS.ModifyMountTargetSecurityGroups": {
		{action: "ec2:ModifyNetworkInterfaceAttribute", source: "https://docs.aws.amazon.com/efs/latest/ug/API_ModifyMountTargetSecurityGroups.html"},
	},
	"S3.PutObject":    {{action: "s3:GetObject", source: ifMatch, when: conditional, resources: objectOf}},
	"S3.DeleteObject": {{action: "s3:GetObject", source: ifMatch, when: conditional, resources: objectOf}},
}

// clusterName is the name of a cluster that is given by its name or ARN.
func clusterName(ref *string) string {
	return aws.ToString(ref)[strings.LastIndexByte(aws.ToString(ref), '/')+1:]
}

// scheduleRole is the role that EventBridge Scheduler is to take.
func scheduleRole(_ *Sim, in any) []string {
	switch x := in.(type) {
	case *scheduler.CreateScheduleInput:
		return []string{aws.ToString(x.Target.RoleArn)}
	case *scheduler.UpdateScheduleInput:
		return []string{aws.ToString(x.Target.RoleArn)}
	}
	return nil
}

func toScheduler(any) map[string]string {
	return map[string]string{"iam:PassedToService": "scheduler.amazonaws.com"}
}

// machineRole is the role that Step Functions is to take.
func machineRole(_ *Sim, in any) []string {
	return slices.DeleteFunc([]string{text(in, "RoleArn")}, func(s string) bool { return s == "" })
}

func toStepFunctions(any) map[string]string {
	return map[string]string{"iam:PassedToService": "states.amazonaws.com"}
}

// conditional tells whether an object is written only where it is as it was.
func conditional(in any) bool {
	f := reflect.ValueOf(in).Elem().FieldByName("IfMatch")
	return f.IsValid() && !f.IsNil()
}

func objectOf(_ *Sim, in any) []string { return []string{resourceOf("S3", in)} }

// need is one question to the caller's policies.
type need struct {
	action, resource string
	context          map[string]string
	// refused is AWS's message where it does not name the action; "" where it does.
	refused string
}

// needs are all that a call asks of the caller's policies, its own action first.
func (s *Sim) needs(service, op string, in any) []need {
	if service == "STS" {
		return nil // GetCallerIdentity cannot be denied
	}
	own := need{action: actionOf(service, op, in), resource: resourceOf(service, in), context: map[string]string{"aws:RequestedRegion": s.world.Region}}
	if r, ok := in.(*iam.CreateServiceLinkedRoleInput); ok {
		own.context["iam:AWSServiceName"] = aws.ToString(r.AWSServiceName)
	}
	switch service {
	case "IAM":
		s.roleContext(in, own.context)
		own.resource = s.providerOf(in)
	case "Secrets Manager":
		own.resource = s.secretOf(in)
	}
	if r, ok := in.(*ecs.RunTaskInput); ok {
		own.context["ecs:cluster"] = s.world.arn("ecs", "cluster/"+clusterName(r.Cluster))
	}
	all := []need{own}
	for _, p := range dependent[service+"."+op] {
		if p.when != nil && !p.when(in) {
			continue
		}
		on := []string{"*"}
		if p.resources != nil {
			on = p.resources(s, in)
		}
		for _, resource := range on {
			n := need{action: p.action, resource: resource}
			if p.context != nil {
				n.context = p.context(in)
			}
			all = append(all, n)
		}
	}
	all = append(all, s.keyNeeds(service, op, in)...)
	if action := tagAction(service, op); action != "" && hasTags(in) {
		on := "*"
		if service == "IAM" {
			on = own.resource
		}
		all = append(all, need{action: action, resource: on})
	}
	return all
}

// roleContext has the condition keys of a call about a role: its boundary, or the one
// that it is to have, and the managed policy.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
func (s *Sim) roleContext(in any, context map[string]string) {
	boundary := text(in, "PermissionsBoundary")
	if r := s.world.Roles[strings.ToLower(text(in, "RoleName"))]; r != nil && boundary == "" {
		boundary = r.Boundary
	}
	for key, value := range map[string]string{"iam:PermissionsBoundary": boundary, "iam:PolicyARN": text(in, "PolicyArn")} {
		if value != "" {
			context[key] = value
		}
	}
}

// Needs are the IAM actions that an operation can ask of its caller, whatever
// its input: what an operator's policy is made of.
func Needs(service, op string) []string {
	if service == "STS" {
		return nil
	}
	all := []string{actionOf(service, op, nil)}
	for _, p := range dependent[service+"."+op] {
		all = append(all, p.action)
	}
	all = append(all, keyActions[service+"."+op]...)
	switch service + "." + op {
	case "S3.GetObject":
		all = append(all, "s3:GetObjectVersion")
	case "S3.DeleteObject":
		all = append(all, "s3:DeleteObjectVersion")
	}
	if action := tagAction(service, op); action != "" {
		all = append(all, action)
	}
	return all
}

// actionOf is the operation's own action.
func actionOf(service, op string, in any) string {
	switch {
	case service == "Budgets" && strings.HasPrefix(op, "Describe"): // two actions for all that is not about tags
		return "budgets:ViewBudget"
	case service == "Budgets" && !strings.HasSuffix(op, "Resource"):
		return "budgets:ModifyBudget"
	case service == "S3" && (op == "GetObject" || op == "DeleteObject") && text(in, "VersionId") != "":
		return cloud.Action(service, op) + "Version"
	}
	return cloud.Action(service, op)
}

// resourceOf is the ARN of what a call is about, as far as policies are written
// for it: of buckets, objects, roles and repositories, and of what is named by
// its ARN. "*" is asked where AWS has no resource, or no policy narrows it.
func resourceOf(service string, in any) string {
	switch service {
	case "S3":
		arn := "arn:aws:s3:::" + text(in, "Bucket")
		if key := text(in, "Key"); key != "" {
			arn += "/" + key
		}
		return arn
	case "IAM", "EC2":
		return "*"
	case "SSM": // Amazon's own parameters are in no account
		if name := text(in, "Name"); strings.HasPrefix(name, amazonsParameters) {
			return "arn:aws:ssm:us-east-1::parameter" + name
		}
	}
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		if s := text(in, v.Type().Field(i).Name); strings.HasPrefix(s, "arn:") {
			return s
		}
	}
	return "*"
}

// text is a field of an input, "" when it has none.
func text(in any, field string) string {
	if in == nil {
		return ""
	}
	f := reflect.ValueOf(in).Elem().FieldByName(field)
	if !f.IsValid() || !f.CanInterface() {
		return ""
	}
	s, _ := f.Interface().(*string)
	return aws.ToString(s)
}

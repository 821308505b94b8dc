package stack

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// jobDrifts are the schedule of a job, changed by hand.
func jobDrifts() []drift {
	const key = "schedule/nightly"
	job := func(edit func(*awssim.JobSchedule)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			x := w.JobSchedules["karmacadabra-prod/nightly"]
			if x != nil {
				edit(x)
			}
			return x != nil
		}
	}
	task := func(edit func(*types.EcsParameters)) func(*awssim.World) bool {
		return job(func(x *awssim.JobSchedule) { edit(x.Target.EcsParameters) })
	}
	vpc := func(edit func(*types.AwsVpcConfiguration)) func(*awssim.World) bool {
		return task(func(p *types.EcsParameters) { edit(p.NetworkConfiguration.AwsvpcConfiguration) })
	}
	const mail = "event-rule/nightly"
	rule := func(edit func(*awssim.EventRule)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			x := w.EventRules["karmacadabra-prod-nightly"]
			if x != nil {
				edit(x)
			}
			return x != nil
		}
	}
	const led, machine = "schedule/weekly", "state-machine/weekly"
	states := func(edit func(*awssim.StateMachine)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			x := w.StateMachines["arn:aws:states:us-east-1:123456789012:stateMachine:karmacadabra-prod-weekly"]
			if x != nil {
				edit(x)
			}
			return x != nil
		}
	}
	return []drift{
		{machine, "definition", states(func(x *awssim.StateMachine) {
			x.Definition = `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`
		})},
		{machine, "role", states(func(x *awssim.StateMachine) { x.Role = "arn:aws:iam::123456789012:role/other" })},
		{machine, "", func(w *awssim.World) bool { clear(w.StateMachines); return true }},
		{led, "execution", func(w *awssim.World) bool {
			w.JobSchedules["karmacadabra-prod/weekly"].Target.Input = aws.String(`{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:other"}`)
			return true
		}},
		{mail, "pattern", rule(func(x *awssim.EventRule) { x.Pattern = `{"source":["aws.ec2"]}` })},
		{mail, "state", rule(func(x *awssim.EventRule) { x.State = eventtypes.RuleStateDisabled })},
		{mail, "target", rule(func(x *awssim.EventRule) { x.Targets = nil })},
		{mail, "message", rule(func(x *awssim.EventRule) {
			x.Targets[0].InputTransformer = &eventtypes.InputTransformer{InputTemplate: aws.String(`"hello"`)}
		})},
		{mail, "", func(w *awssim.World) bool { clear(w.EventRules); return true }},
		{key, "schedule", job(func(x *awssim.JobSchedule) { x.Expression = "rate(1 days)" })},
		{key, "timezone", job(func(x *awssim.JobSchedule) { x.Zone = "UTC" })},
		{key, "state", job(func(x *awssim.JobSchedule) { x.State = types.ScheduleStateDisabled })},
		{key, "cluster", job(func(x *awssim.JobSchedule) {
			x.Target.Arn = aws.String("arn:aws:ecs:us-east-1:123456789012:cluster/other")
		})},
		{key, "role", job(func(x *awssim.JobSchedule) { x.Target.RoleArn = aws.String("arn:aws:iam::123456789012:role/other") })},
		{key, "retry", job(func(x *awssim.JobSchedule) { x.Target.RetryPolicy.MaximumRetryAttempts = aws.Int32(0) })},
		{key, "retry", job(func(x *awssim.JobSchedule) { x.Target.RetryPolicy.MaximumEventAgeInSeconds = aws.Int32(86400) })},
		{key, "task_definition", task(func(p *types.EcsParameters) { *p.TaskDefinitionArn += "9" })},
		{key, "launch_type", task(func(p *types.EcsParameters) {
			p.LaunchType, p.CapacityProviderStrategy = "", []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1}}
		})},
		{key, "propagate_tags", task(func(p *types.EcsParameters) { p.PropagateTags = "" })},
		{key, "subnets", vpc(func(v *types.AwsVpcConfiguration) { v.Subnets = v.Subnets[:1] })},
		{key, "security_groups", vpc(func(v *types.AwsVpcConfiguration) { v.SecurityGroups = nil })},
		{key, "public_ip", vpc(func(v *types.AwsVpcConfiguration) { v.AssignPublicIp = types.AssignPublicIpEnabled })},
		{key, "", func(w *awssim.World) bool { delete(w.JobSchedules, "karmacadabra-prod/nightly"); return true }},
	}
}

package provision

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// collector receives traces (OTLP, X-Ray's UDP) and sends them to X-Ray. The X-Ray
// SDKs and daemon are in maintenance.
const collector = "public.ecr.aws/aws-observability/aws-otel-collector:latest"

func (t *TaskDefinition) roleARN(r *Role) string {
	if r == nil {
		return ""
	}
	return t.Account.GlobalARN("iam", "role/"+r.Name())
}

// logOptions write to the agent's group. Non-blocking, with a buffer: a burst, or
// CloudWatch being slow, does not stop the agent.
func (t *TaskDefinition) logOptions(prefix string) map[string]string {
	return map[string]string{
		"awslogs-group": t.Group.Name(), "awslogs-region": t.Account.Region, "awslogs-stream-prefix": prefix, "mode": "non-blocking", "max-buffer-size": "25m",
	}
}

// healthCommand is a command as ECS takes it: CMD or CMD-SHELL comes first.
func healthCommand(command []string) []string {
	if len(command) == 0 || command[0] == "CMD" || command[0] == "CMD-SHELL" {
		return command
	}
	return append([]string{"CMD"}, command...)
}

func list(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return marshal(items)
}

func text(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	return marshal(m)
}

// readTaskDefinition is a revision in our words.
func readTaskDefinition(agent string, d *types.TaskDefinition, tags cloud.Tags) TaskDefinitionSpec {
	s := TaskDefinitionSpec{
		Reference: tags[TagImage], ExecutionRole: aws.ToString(d.ExecutionRoleArn), TaskRole: aws.ToString(d.TaskRoleArn), Arch: string(types.CPUArchitectureX8664), Tags: tags,
	}
	delete(s.Tags, TagImage)
	s.CPU, _ = strconv.Atoi(aws.ToString(d.Cpu))
	s.Memory, _ = strconv.Atoi(aws.ToString(d.Memory))
	if p := d.RuntimePlatform; p != nil && p.CpuArchitecture != "" {
		s.Arch = string(p.CpuArchitecture)
	}
	for _, c := range d.ContainerDefinitions {
		if aws.ToString(c.Name) != agent {
			s.Tracing = aws.ToString(c.Image)
			continue
		}
		s.Image, s.Command, s.StopTimeout = aws.ToString(c.Image), list(c.Command), int(aws.ToInt32(c.StopTimeout))
		s.Init = c.LinuxParameters != nil && aws.ToBool(c.LinuxParameters.InitProcessEnabled)
		for _, p := range c.PortMappings {
			s.Port, s.PortName = int(aws.ToInt32(p.ContainerPort)), aws.ToString(p.Name)
		}
		env, secrets := map[string]string{}, map[string]string{}
		for _, e := range c.Environment {
			env[aws.ToString(e.Name)] = aws.ToString(e.Value)
		}
		for _, x := range c.Secrets {
			secrets[aws.ToString(x.Name)] = aws.ToString(x.ValueFrom)
		}
		s.Environment, s.Secrets = text(env), text(secrets)
		if c.LogConfiguration != nil {
			s.Log = text(c.LogConfiguration.Options)
		}
		if h := c.HealthCheck; h != nil {
			sec := func(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }
			s.HealthCheck = list(h.Command) + fmt.Sprintf(" every %s within %s, %d times, after %s", sec(h.Interval), sec(h.Timeout), aws.ToInt32(h.Retries), sec(h.StartPeriod))
		}
	}
	return s
}

// container is the agent's own.
func (t *TaskDefinition) container(want TaskDefinitionSpec) types.ContainerDefinition {
	a := t.Agent
	c := types.ContainerDefinition{
		Name: &a.Name, Image: &want.Image, Essential: aws.Bool(true), Command: a.Command,
		// The port has a name, which is what Service Connect refers to.
		PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(int32(a.Port)), Name: &a.Name, Protocol: types.TransportProtocolTcp, AppProtocol: types.ApplicationProtocolHttp}},
	}
	if want.StopTimeout > 0 {
		c.StopTimeout = aws.Int32(int32(want.StopTimeout))
	}
	c.Environment = append(c.Environment, cloud.ToSDK(a.Env, func(k, v string) types.KeyValuePair { return types.KeyValuePair{Name: &k, Value: &v} })...)
	t.mu.Lock()
	c.Secrets = cloud.ToSDK(t.secrets, func(k, v string) types.Secret { return types.Secret{Name: &k, ValueFrom: &v} })
	t.mu.Unlock()
	if want.Init {
		c.LinuxParameters = &types.LinuxParameters{InitProcessEnabled: aws.Bool(true)}
	}
	if check := a.Health.Container; len(check.Command) > 0 {
		sec := func(d time.Duration) *int32 { return aws.Int32(int32(d / time.Second)) }
		c.HealthCheck = &types.HealthCheck{Command: healthCommand(check.Command), Interval: sec(check.Interval), Timeout: sec(check.Timeout), Retries: aws.Int32(int32(check.Retries)), StartPeriod: sec(check.Start)}
	}
	if t.Group != nil {
		c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: t.logOptions(a.Name)}
	}
	return c
}

// collector is the container beside the agent that sends traces on.
func (t *TaskDefinition) collector(want TaskDefinitionSpec) types.ContainerDefinition {
	c := types.ContainerDefinition{
		Name: aws.String("tracing"), Image: &want.Tracing, Essential: aws.Bool(false), Command: []string{"--config=/etc/ecs/ecs-default-config.yaml"},
	}
	if t.Group != nil {
		c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: t.logOptions("tracing")}
	}
	return c
}

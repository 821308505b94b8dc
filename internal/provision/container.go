package provision

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// logPrefix is the option of the log driver with the first part of a stream's name.
const logPrefix = "awslogs-stream-prefix"

// Command is a command and its arguments.
type Command []string

// Equal tells whether both are the same command.
func (c Command) Equal(other Command) bool { return slices.Equal(c, other) }

func (c Command) String() string {
	if len(c) == 0 {
		return ""
	}
	return marshal([]string(c))
}

// Variables are values, or references to them, by name.
type Variables map[string]string

// Equal tells whether both have the same names with the same values.
func (v Variables) Equal(other Variables) bool { return maps.Equal(v, other) }

func (v Variables) String() string {
	if len(v) == 0 {
		return ""
	}
	return marshal(map[string]string(v))
}

// HealthCheck is the check that ECS makes in the container; without Command there is none.
type HealthCheck struct {
	// Command begins with CMD or CMD-SHELL.
	Command                  Command
	Interval, Timeout, Start time.Duration
	// Retries is how many failures in a row make a container unhealthy.
	Retries int
}

// healthCheckOf is the agent's check as ECS takes it.
func healthCheckOf(c agents.ContainerCheck) HealthCheck {
	if len(c.Command) == 0 {
		return HealthCheck{}
	}
	out := HealthCheck{Command: c.Command, Interval: c.Interval, Timeout: c.Timeout, Start: c.Start, Retries: c.Retries}
	if c.Command[0] != "CMD" && c.Command[0] != "CMD-SHELL" {
		out.Command = append(Command{"CMD"}, c.Command...)
	}
	return out
}

// Equal tells whether both are the same check.
func (h HealthCheck) Equal(other HealthCheck) bool {
	return h.Command.Equal(other.Command) && h.Interval == other.Interval && h.Timeout == other.Timeout && h.Start == other.Start && h.Retries == other.Retries
}

func (h HealthCheck) String() string {
	if len(h.Command) == 0 {
		return ""
	}
	return fmt.Sprintf("%s every %s within %s, %d times, after %s", h.Command, h.Interval, h.Timeout, h.Retries, h.Start)
}

func readHealthCheck(c types.ContainerDefinition) HealthCheck {
	h := c.HealthCheck
	if h == nil {
		return HealthCheck{}
	}
	return HealthCheck{
		Command: h.Command, Interval: inSeconds(h.Interval), Timeout: inSeconds(h.Timeout), Start: inSeconds(h.StartPeriod), Retries: int(aws.ToInt32(h.Retries)),
	}
}

func (h HealthCheck) input() *types.HealthCheck {
	if len(h.Command) == 0 {
		return nil
	}
	return &types.HealthCheck{
		Command: h.Command, Interval: seconds(h.Interval), Timeout: seconds(h.Timeout), Retries: aws.Int32(int32(h.Retries)), StartPeriod: seconds(h.Start),
	}
}

// logOptions write to the agent's group. Non-blocking, with a buffer: a burst, or
// CloudWatch being slow, does not stop the agent.
func (t *TaskDefinition) logOptions() Variables {
	return Variables{
		"awslogs-group": t.Group.Name(), "awslogs-region": t.Account.Region, logPrefix: t.Agent.Name, "mode": "non-blocking", "max-buffer-size": "25m",
	}
}

func logTo(options Variables) *types.LogConfiguration {
	if len(options) == 0 {
		return nil
	}
	return &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}
}

// numberText is a number as a difference shows it; "" is 0, which is none.
func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// container is the agent's own.
func container(agent string, want TaskDefinitionSpec) types.ContainerDefinition {
	c := types.ContainerDefinition{
		Name: &agent, Image: &want.Image, Essential: aws.Bool(true), EntryPoint: want.Entrypoint, Command: want.Command, Ulimits: toUlimits(want.Ulimits), DependsOn: dependsOn(want.After),
		Environment: cloud.ToSDK(want.Environment, func(k, v string) types.KeyValuePair { return types.KeyValuePair{Name: &k, Value: &v} }),
		Secrets:     cloud.ToSDK(want.Secrets, func(k, v string) types.Secret { return types.Secret{Name: &k, ValueFrom: &v} }),
		HealthCheck: want.HealthCheck.input(), LogConfiguration: logTo(want.Log), MountPoints: want.Volumes.mountPoints(agent),
	}
	if want.Port > 0 { // it has a name, which is what Service Connect refers to
		c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(int32(want.Port)), Name: &want.PortName, Protocol: types.TransportProtocolTcp, AppProtocol: types.ApplicationProtocolHttp}}
	}
	if want.Tag != "" {
		c.DockerLabels = map[string]string{LabelTag: want.Tag}
	}
	if want.Credentials != "" {
		c.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: &want.Credentials}
	}
	if want.WorkDir != "" {
		c.WorkingDirectory = &want.WorkDir
	}
	if want.User != "" {
		c.User = &want.User
	}
	if want.ReadOnly {
		c.ReadonlyRootFilesystem = aws.Bool(true)
	}
	if want.StopTimeout > 0 {
		c.StopTimeout = aws.Int32(int32(want.StopTimeout))
	}
	if want.Init {
		c.LinuxParameters = &types.LinuxParameters{InitProcessEnabled: aws.Bool(true)}
	}
	return c
}

func toUlimits(limits Variables) []types.Ulimit {
	return cloud.ToSDK(limits, func(name, text string) types.Ulimit {
		soft, hard, two := strings.Cut(text, ":")
		if !two {
			hard = soft
		}
		low, _ := strconv.ParseInt(soft, 10, 32)
		high, _ := strconv.ParseInt(hard, 10, 32)
		return types.Ulimit{Name: types.UlimitName(name), SoftLimit: int32(low), HardLimit: int32(high)}
	})
}

func ulimitsOf(c types.ContainerDefinition) Variables {
	out := Variables{}
	for _, u := range c.Ulimits {
		out[string(u.Name)] = strconv.Itoa(int(u.SoftLimit))
		if u.HardLimit != u.SoftLimit {
			out[string(u.Name)] += ":" + strconv.Itoa(int(u.HardLimit))
		}
	}
	return out
}

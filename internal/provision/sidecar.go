package provision

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// labelImage is the Docker label of a sidecar with its image as agents.yaml names it, as
// TagImage is for the agent's own.
const labelImage = "karmactl.image"

// ContainerSpec is what we own of a container beside the agent's own.
type ContainerSpec struct {
	// Reference is the image as agents.yaml names it; Image is by digest if it could be pinned.
	Reference, Image string
	// Credentials is the secret with username and password of the image's registry, or "".
	Credentials          string
	Entrypoint, Command  Command
	Environment, Secrets Variables
	HealthCheck          HealthCheck
	// Essential: the task ends with it.
	Essential bool
	// After are the containers that it starts after, and their conditions.
	After Variables
	// CPU is in units and Memory in MiB; 0 is no limit but the task's.
	CPU, Memory int
	// StopTimeout is in seconds.
	StopTimeout int
	// Log are the options of the log driver awslogs; without any there is no log.
	Log Variables
}

// Containers are containers by name.
type Containers map[string]ContainerSpec

// sidecars are the agent's other containers with images and secrets, which are by
// container. The ones of init run one after the other, and the sidecars beside the agent.
func (t *TaskDefinition) sidecars(agent TaskDefinitionSpec, images, secrets Variables) Containers {
	var out Containers
	add := func(s agents.Sidecar) ContainerSpec {
		image := images[s.Name]
		if s.Image == "" {
			image = agent.Image
		}
		return ContainerSpec{
			Reference: s.Image, Image: image, Credentials: t.Registries[agents.RegistryOf(image)], Entrypoint: s.Entrypoint, Command: s.Command,
			Environment: s.Env, Secrets: secretsOf(s.Name, secrets), HealthCheck: healthCheckOf(s.Health), Essential: s.Essential,
			CPU: s.CPU, Memory: s.Memory, StopTimeout: agent.StopTimeout, Log: agent.Log,
		}
	}
	for _, s := range t.Agent.Containers() {
		if out == nil {
			out = Containers{}
		}
		out[s.Name] = add(s)
	}
	for _, s := range t.Agent.Sidecars {
		if s.Timer {
			timer := out[s.Name]
			timer.After = Variables{t.Agent.Name: string(types.ContainerConditionStart)}
			out[s.Name] = timer
		}
	}
	for i, s := range t.Agent.Init[:max(0, len(t.Agent.Init)-1)] {
		next := out[t.Agent.Init[i+1].Name]
		next.After = Variables{s.Name: string(types.ContainerConditionSuccess)}
		out[t.Agent.Init[i+1].Name] = next
	}
	return out
}

// startsAfter is what the agent's own container starts after: the last of init, and the
// sidecars that it waits for.
func startsAfter(a agents.Agent) Variables {
	var out Variables
	after := func(name string, condition types.ContainerCondition) {
		if out == nil {
			out = Variables{}
		}
		out[name] = string(condition)
	}
	if n := len(a.Init); n > 0 {
		after(a.Init[n-1].Name, types.ContainerConditionSuccess)
	}
	for _, s := range a.Sidecars {
		switch s.Wait {
		case agents.WaitHealthy:
			after(s.Name, types.ContainerConditionHealthy)
		case agents.WaitStart:
			after(s.Name, types.ContainerConditionStart)
		case agents.WaitNone:
		}
	}
	return out
}

// secretKey is a variable from a secret in a container; the agent's own has no name.
// Variables have no space in them.
func secretKey(container, env string) string { return strings.TrimPrefix(container+" "+env, " ") }

func secretsOf(container string, all Variables) Variables {
	out := Variables{}
	for key, from := range all {
		of, env, two := strings.Cut(key, " ")
		if !two {
			of, env = "", key
		}
		if of == container {
			out[env] = from
		}
	}
	return out
}

// settings are all of the containers' by container and name, for a plan.
func (all Containers) settings() Variables {
	out := Variables{}
	for name, c := range all {
		put := func(what, value string) {
			if value != "" {
				out[name+" "+what] = value
			}
		}
		put("image_reference", c.Reference)
		put("image", c.Image)
		put("registry_credentials", c.Credentials)
		put("entrypoint", c.Entrypoint.String())
		put("command", c.Command.String())
		put("environment", c.Environment.String())
		put("secrets", c.Secrets.String())
		put("health_check", c.HealthCheck.String())
		put("essential", strconv.FormatBool(c.Essential))
		put("after", c.After.String())
		put("cpu", numberText(c.CPU))
		put("memory", numberText(c.Memory))
		put("stop_timeout", numberText(c.StopTimeout))
		put("log", c.Log.String())
	}
	return out
}

// containersChanged are the changes of containers: each setting of the ones that stay.
func containersChanged(have, want Containers) []engine.Change {
	var out []engine.Change
	was, now := Variables{}, Variables{}
	for name, c := range have {
		if _, stays := want[name]; !stays {
			was[name] = c.Image
		}
	}
	for name, c := range want {
		if _, there := have[name]; !there {
			now[name] = c.Image
		}
	}
	before, after := have.settings(), want.settings()
	for name := range have {
		if _, stays := want[name]; stays {
			maps.Copy(was, before.of(name))
			maps.Copy(now, after.of(name))
		}
	}
	names := maps.Clone(was)
	maps.Copy(names, now)
	for _, k := range slices.Sorted(maps.Keys(names)) {
		out = append(out, field("containers["+k+"]", was[k], now[k])...)
	}
	return out
}

// of are the settings of one container.
func (v Variables) of(container string) Variables {
	return maps.Collect(func(yield func(string, string) bool) {
		for k, value := range v {
			if strings.HasPrefix(k, container+" ") && !yield(k, value) {
				return
			}
		}
	})
}

// definition is a container as ECS takes it.
func (c ContainerSpec) definition(name string) types.ContainerDefinition {
	out := types.ContainerDefinition{
		Name: &name, Image: &c.Image, Essential: &c.Essential, EntryPoint: c.Entrypoint, Command: c.Command, DependsOn: dependsOn(c.After), Cpu: int32(c.CPU),
		Environment: cloud.ToSDK(c.Environment, func(k, v string) types.KeyValuePair { return types.KeyValuePair{Name: &k, Value: &v} }),
		Secrets:     cloud.ToSDK(c.Secrets, func(k, v string) types.Secret { return types.Secret{Name: &k, ValueFrom: &v} }),
		HealthCheck: c.HealthCheck.input(), LogConfiguration: logTo(c.Log),
	}
	if c.Reference != "" {
		out.DockerLabels = map[string]string{labelImage: c.Reference}
	}
	if c.Credentials != "" {
		out.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: &c.Credentials}
	}
	if c.Memory > 0 {
		out.Memory = aws.Int32(int32(c.Memory))
	}
	if c.StopTimeout > 0 {
		out.StopTimeout = aws.Int32(int32(c.StopTimeout))
	}
	return out
}

// dependsOn is what a container starts after, as ECS takes it.
func dependsOn(after Variables) []types.ContainerDependency {
	var out []types.ContainerDependency
	for _, name := range slices.Sorted(maps.Keys(after)) {
		out = append(out, types.ContainerDependency{ContainerName: &name, Condition: types.ContainerCondition(after[name])})
	}
	return out
}

func readContainer(c types.ContainerDefinition) ContainerSpec {
	out := ContainerSpec{
		Reference: c.DockerLabels[labelImage], Image: aws.ToString(c.Image), Entrypoint: c.EntryPoint, Command: c.Command, Essential: aws.ToBool(c.Essential),
		CPU: int(c.Cpu), Memory: int(aws.ToInt32(c.Memory)), StopTimeout: int(aws.ToInt32(c.StopTimeout)), HealthCheck: readHealthCheck(c), After: readDependsOn(c),
		Environment: Variables(cloud.FromSDK(c.Environment, func(e types.KeyValuePair) (string, string) { return aws.ToString(e.Name), aws.ToString(e.Value) })),
		Secrets:     Variables(cloud.FromSDK(c.Secrets, func(x types.Secret) (string, string) { return aws.ToString(x.Name), aws.ToString(x.ValueFrom) })),
	}
	if r := c.RepositoryCredentials; r != nil {
		out.Credentials = aws.ToString(r.CredentialsParameter)
	}
	if c.LogConfiguration != nil {
		out.Log = c.LogConfiguration.Options
	}
	return out
}

func readDependsOn(c types.ContainerDefinition) Variables {
	return Variables(cloud.FromSDK(c.DependsOn, func(d types.ContainerDependency) (string, string) {
		return aws.ToString(d.ContainerName), string(d.Condition)
	}))
}

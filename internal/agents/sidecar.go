package agents

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ContainerName is how agents.yaml, and init, write the name that a container has elsewhere.
func ContainerName(name string) string { return strings.ToLower(strings.Trim(name, "-_")) }

// Sidecar is a container beside the agent's own, or one that comes before it: see
// Agent.Sidecars and Agent.Init.
type Sidecar struct {
	Name string
	// Image is a reference, {agent} already replaced; "" is the agent's own image.
	Image string
	// Entrypoint and Command replace the image's own.
	Entrypoint []string
	Command    []string
	// Env and Secrets are all of its environment: it has nothing of the agent's.
	Env     map[string]string
	Secrets []Secret
	// Volumes are the agent's that it sees, ordered by name.
	Volumes []Mounted
	// Health is its check; without a command there is none.
	Health ContainerCheck
	// Essential: the task ends with it. A container of Init is never essential.
	Essential bool
	// Wait is what the agent waits for before it starts.
	Wait Wait
	// CPU is in CPU units and Memory in MiB, of the task's; 0 is no limit but the task's.
	CPU    int
	Memory int
	// Timer: it counts from the start of the agent's own container, and ends the task.
	Timer bool
}

// Wait is what an agent waits for of a sidecar.
type Wait string

// The waits. An agent that waits for a sidecar is also stopped before it.
const (
	WaitHealthy Wait = "healthy"
	WaitStart   Wait = "start"
	WaitNone    Wait = "none"
)

// maxContainers is how many containers a task definition may have:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const maxContainers = 10

// containerRule: AWS puts containers with these names into a task itself.
var containerRule = textRule{pattern: namedRule.pattern, near: hyphened, most: 64, allowed: namedRule.allowed, refuse: func(s string) string {
	for _, prefix := range []string{"ecs-service-connect-", "aws-guardduty-agent-"} {
		if strings.HasPrefix(s, prefix) {
			return "not " + prefix + "*, which AWS keeps for itself"
		}
	}
	return ""
}}

// processFields are the keys that a sidecar and an init container share.
func processFields() []field[Sidecar] {
	return []field[Sidecar]{
		key("image", "The image to run; {agent} stands for the agent's name. Default: the agent's own.", text(imageRule), func(s *Sidecar) *string { return &s.Image }),
		key("entrypoint", "Replaces the image's own entrypoint; command follows it.", words(`a list of texts such as ["tini", "--"]`), func(s *Sidecar) *[]string { return &s.Entrypoint }),
		key("command", "Replaces the image's own command.", words(`a list of texts such as ["python", "migrate.py"]`), func(s *Sidecar) *[]string { return &s.Command }),
		key("env", "All of its plain environment: it has nothing of the agent's.", dict(envNameRule, "an environment variable", anyText(anyRule("a text")), func(string) string { return "" }), func(s *Sidecar) *map[string]string { return &s.Env }),
		key("secrets", "Its environment variables from secrets: a key of the agent's own secret, or {key, from, optional}.", secretsValue(), func(s *Sidecar) *[]Secret { return &s.Secrets }),
		key("volumes", "The agent's volumes that it sees too, by name.", mountedValue(), func(s *Sidecar) *[]Mounted { return &s.Volumes }),
	}
}

// sidecarsValue is a mapping from name to sidecar, ordered by name.
func sidecarsValue() value[[]Sidecar] {
	one := object("sidecar", append(processFields(),
		key("health", "Its check, which ECS runs in it: a shell text, the list that ECS takes, or {run, interval, timeout, retries, start}. A time that is not given is the agent's.", containerCheckValue(), func(s *Sidecar) *ContainerCheck { return &s.Health }),
		key("essential", "Whether the task ends when it does.", boolean(), func(s *Sidecar) *bool { return &s.Essential }),
		key("wait", "What the agent waits for before it starts; it also stops first then. Default: healthy for an essential one with a health check, else start.", choice(WaitHealthy, WaitStart, WaitNone), func(s *Sidecar) *Wait { return &s.Wait }),
		key("cpu", "CPU units of the task's that are its share. Default: what the others leave.", integer(1, 16384), func(s *Sidecar) *int { return &s.CPU }),
		// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
		key("memory", "MiB of the task's that it may use; it is killed above. Default: what the others leave.", mebibytes(6, 122880), func(s *Sidecar) *int { return &s.Memory }),
	))
	many := dict(containerRule, "a sidecar", one, func(name string) Sidecar { return Sidecar{Name: name, Essential: true} })
	return value[[]Sidecar]{
		read: func(r *reader, n *yaml.Node, into *[]Sidecar) {
			var byName map[string]Sidecar
			many.read(r, n, &byName)
			*into = slices.SortedFunc(maps.Values(byName), func(a, b Sidecar) int { return cmp.Compare(a.Name, b.Name) })
		},
		describe: func(d *definitions, _ *[]Sidecar) schema {
			return describeDict(containerRule, one.describe(d, &Sidecar{Essential: true}))
		},
	}
}

const initAllowed = `a list of containers such as {name: migrate, command: [python, migrate.py]}`

// initValue is a list of containers, which run in its order.
func initValue() value[[]Sidecar] {
	one := object("init", append([]field[Sidecar]{
		need(key("name", "Its name, which is also in the name of its log stream.", text(containerRule), func(s *Sidecar) *string { return &s.Name })),
	}, processFields()...))
	return objects(initAllowed, one, func(*reader, *yaml.Node, Sidecar) {})
}

// Containers are the containers beside the agent's own: the ones of Init, in the order in
// which they run, and then the sidecars.
func (a *Agent) Containers() []Sidecar { return slices.Concat(a.Init, a.Sidecars) }

// AllSecrets are the secrets of all containers of an agent, its own first.
func (a *Agent) AllSecrets() []Secret {
	all := slices.Clone(a.Secrets)
	for _, s := range a.Containers() {
		all = append(all, s.Secrets...)
	}
	return all
}

// shares are what the sidecars keep of a task for themselves: CPU units and MiB.
func (a *Agent) shares() (cpu, memory int) {
	for _, s := range a.Sidecars {
		cpu, memory = cpu+s.CPU, memory+s.Memory
	}
	return cpu, memory
}

// fillInSidecars completes what follows from other values.
func fillInSidecars(a *Agent, name func(string) string) {
	fillInMounted(a)
	for _, list := range [][]Sidecar{a.Init, a.Sidecars} {
		for i := range list {
			s := &list[i]
			s.Image = name(s.Image)
			for j := range s.Secrets {
				s.Secrets[j].Container = s.Name
			}
			h := a.Health
			h.Container = s.Health
			h.fillInContainer()
			s.Health = h.Container
		}
	}
	for i := range a.Sidecars {
		s := &a.Sidecars[i]
		switch {
		case s.Wait != "":
		case s.Essential && len(s.Health.Command) > 0:
			s.Wait = WaitHealthy
		default:
			s.Wait = WaitStart
		}
	}
}

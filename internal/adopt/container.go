package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// containers are judged: the agent's own is found, and the others are held against the
// sidecars and the init of agents.yaml. What the agent's first deployment makes otherwise of
// them is said.
func (j *judge) containers(a agents.Agent, s live.Service) (main types.ContainerDefinition, differs []string, ok bool) {
	what := "service " + aws.ToString(s.ServiceName)
	main, ok = s.Own(a.Name)
	switch name := aws.ToString(main.Name); {
	case !ok && len(s.LoadBalancers) > 0:
		j.obstacle(what, "the container "+aws.ToString(s.LoadBalancers[0].ContainerName)+" is not in its task definition", "deploy it as it is meant to be first")
		return main, nil, false
	case !ok:
		j.obstacle(what, "which of its containers is the agent cannot be told: "+strings.Join(namesOf(s.Definition.ContainerDefinitions), ", "),
			"name it "+a.Name+", as karmactl finds its logs and runs commands in it by the agent's name")
		return main, nil, false
	case name != a.Name:
		j.obstacle(what, "its container is called "+name, "name it "+a.Name+", as karmactl finds its logs and runs commands in it by the agent's name")
	}
	for _, c := range s.Definition.ContainerDefinitions {
		if aws.ToString(c.Name) != aws.ToString(main.Name) {
			differs = append(differs, j.beside(what, a, c)...)
		}
	}
	for _, d := range main.DependsOn {
		if d.Condition == types.ContainerConditionComplete {
			differs = append(differs, "starts after "+aws.ToString(d.ContainerName)+" has ended, karmactl's own only when it succeeds")
		}
	}
	for _, f := range main.EnvironmentFiles {
		differs = append(differs, "takes variables from "+aws.ToString(f.Value)+", karmactl's own only what env says")
	}
	return main, differs, true
}

func namesOf(all []types.ContainerDefinition) []string {
	var out []string
	for _, c := range all {
		out = append(out, aws.ToString(c.Name))
	}
	return out
}

// named tells whether agents.yaml has a container, by the name that init writes for it.
func named(all []agents.Sidecar, container string) bool {
	return slices.ContainsFunc(all, func(s agents.Sidecar) bool { return s.Name == agents.ContainerName(container) })
}

// beside judges a container that is not the agent's own.
func (j *judge) beside(what string, a agents.Agent, c types.ContainerDefinition) (differs []string) {
	name, essential := aws.ToString(c.Name), c.Essential == nil || *c.Essential
	image := aws.ToString(c.Image)
	if j.Config.Observability.XRay && (strings.Contains(image, "xray-daemon") || strings.Contains(image, "aws-otel-collector")) {
		return []string{"container " + name + ", karmactl's own is the collector of observability.xray"}
	}
	init, sidecar := named(a.Init, name), named(a.Sidecars, name)
	switch {
	case c.FirelensConfiguration != nil && essential:
		j.obstacle(what, "its container "+name+" routes the logs of the others (FireLens)", "let them log to CloudWatch Logs, and take "+name+" out")
		return nil
	case !init && !sidecar && essential:
		j.obstacle(what, "its task ends with the container "+name+", which agents.yaml does not have", "write it under sidecars of "+a.Name+", by a name in small letters, or run it as an agent of its own")
		return nil
	case !init && !sidecar:
		j.rest("container", name, "", "agents.yaml has no container of this name: it goes with the first deployment")
		return nil
	}
	return append(j.order(what, a, c, init), otherwise(c, int(a.StopTimeout.Seconds()))...)
}

// order judges what a container waits for: in agents.yaml a sidecar waits for nothing, and
// the containers of init for the ones before them.
func (j *judge) order(what string, a agents.Agent, c types.ContainerDefinition, init bool) (differs []string) {
	for _, d := range c.DependsOn {
		on := aws.ToString(d.ContainerName)
		if named(a.Init, on) {
			if !init {
				differs = append(differs, "container "+aws.ToString(c.Name)+" starts after "+on+", karmactl's own beside it")
			}
			continue
		}
		j.obstacle(what, fmt.Sprintf("its container %s waits for %s (%s), which agents.yaml cannot say", aws.ToString(c.Name), on, d.Condition),
			"let "+aws.ToString(c.Name)+" wait in its own program, and take dependsOn out")
	}
	return differs
}

// otherwise is what a container has that agents.yaml has no key for at another container than
// the agent's own.
func otherwise(c types.ContainerDefinition, stopTimeout int) []string {
	var out []string
	say := func(what, have, own string) {
		if text := differ("container "+aws.ToString(c.Name)+": "+what, have, own); have != "" && text != "" {
			out = append(out, text)
		}
	}
	say("user", aws.ToString(c.User), "the image's")
	say("working directory", aws.ToString(c.WorkingDirectory), "the image's")
	if c.ReadonlyRootFilesystem != nil && *c.ReadonlyRootFilesystem {
		say("root file system", "read only", "written to")
	}
	if c.StopTimeout != nil {
		say("stop timeout", fmt.Sprint(*c.StopTimeout), fmt.Sprint(stopTimeout))
	}
	if c.LinuxParameters != nil && aws.ToBool(c.LinuxParameters.InitProcessEnabled) {
		say("init process", "on", "off")
	}
	for _, u := range c.Ulimits {
		say("limit "+string(u.Name), fmt.Sprint(u.SoftLimit), "Fargate's")
	}
	for _, f := range c.EnvironmentFiles {
		say("variables from", aws.ToString(f.Value), "env alone")
	}
	return out
}

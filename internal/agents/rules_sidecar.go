package agents

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// checkSidecars holds an agent's other containers against ECS's rules for a task definition:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
func checkSidecars(r *reader, path string, a *Agent) {
	taken := map[string]string{a.Name: "the agent's own container has this name"}
	check := func(at string, s Sidecar) {
		if other := taken[s.Name]; other != "" && s.Name != "" {
			r.problem(r.placeOf(at, "name"), fmt.Sprintf("the container cannot be named %q", shorten(s.Name)), other+": another name")
		}
		taken[s.Name] = "another container has this name"
		checkSidecar(r, at, s)
	}
	for i, s := range a.Init {
		check(join(path, "init", strconv.Itoa(i)), s)
	}
	for _, s := range a.Sidecars {
		check(join(path, "sidecars", s.Name), s)
	}
	if n := 1 + len(a.Containers()); n > maxContainers {
		r.problem(r.at(path, "sidecars"), fmt.Sprintf("the agent has %d containers, its own among them", n), fmt.Sprintf("at most %d: ECS takes no more in a task", maxContainers))
	}
	checkShares(r, path, a)
}

// placeOf is where the name of a container is: the key of a sidecar, or the name of an
// init container.
func (r *reader) placeOf(at, key string) *yaml.Node {
	if p, ok := r.places[join(at, key)]; ok {
		return p.value
	}
	return r.places[at].key
}

func checkSidecar(r *reader, at string, s Sidecar) {
	if s.Image == "" && len(s.Command) == 0 && len(s.Entrypoint) == 0 && r.sound(at, join(at, "image"), join(at, "command"), join(at, "entrypoint")) {
		r.problem(r.placeOf(at, "name"), "the container has neither an image nor a command", "image:, or the command that it runs of the agent's own image")
	}
	if s.Wait == WaitHealthy && len(s.Health.Command) == 0 && r.sound(join(at, "wait"), join(at, "health")) {
		r.problem(r.at(at, "wait"), "wait healthy needs a health check", "health: says how it is checked; or wait: start")
	}
	for _, x := range s.Secrets {
		checkSecret(r, at, s.Env, x)
	}
}

// checkRelease: ECS takes 8192 characters of what a task has otherwise than its definition.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func checkRelease(r *reader, path string, a *Agent) {
	const most = 8000 // the rest is the names and brackets around it
	size := 0
	for _, word := range a.Release {
		size += len(word) + 3
	}
	if size > most {
		r.problem(r.at(path, "release"), fmt.Sprintf("release has %d characters", size), fmt.Sprintf("at most %d: put the rest into a script in the image", most))
	}
	if len(a.Release) > 0 && a.Release[0] == "" {
		r.problem(r.at(path, "release"), "release begins with an empty text", "the program that runs, and its arguments")
	}
}

// checkShares: what the other containers keep for themselves has to leave something for
// the agent.
func checkShares(r *reader, path string, a *Agent) {
	cpu, memory := a.shares()
	for _, x := range []struct {
		key, unit       string
		shares, ofAgent int
	}{{"cpu", "CPU units", cpu, a.CPU}, {"memory", "MiB", memory, a.Memory}} {
		if x.shares >= x.ofAgent && x.shares > 0 && r.sound(join(path, x.key)) {
			r.problem(r.at(path, "sidecars"), fmt.Sprintf("the sidecars' %s is %d %s together, and the task has %d", x.key, x.shares, x.unit, x.ofAgent), "less than the task has: the agent needs some, too")
		}
	}
}

package agents

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkSidecars holds the other containers of an agent, or of a job with an image, against ECS's rules for a task definition:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
func checkSidecars(r *reader, path string, a *Agent) {
	whose := whoseContainers(path)
	taken := map[string]string{a.Name: "the " + whose + "'s own container has this name"}
	check := func(at string, s Sidecar) {
		switch other := taken[s.Name]; {
		case other == "" || s.Name == "":
		case r.places[at].key == nil: // xray has put it into the task
			r.problem(r.places[path].key, fmt.Sprintf("the %s %s has the name of a container of its task", whose, a.Name), "another name: its own container goes by it")
		default:
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
		r.problem(r.at(path, "sidecars"), fmt.Sprintf("the %s has %d containers, its own among them", whose, n), fmt.Sprintf("at most %d: ECS takes no more in a task", maxContainers))
	}
	checkShares(r, path, a)
	checkTaskSize(r, path, a)
}

// whoseContainers is what has the containers at a path: an agent, or a job with an image.
func whoseContainers(path string) string {
	if strings.HasPrefix(path, join("jobs", "")) {
		return "job"
	}
	return "agent"
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
			r.problem(r.at(path, "sidecars"), fmt.Sprintf("the sidecars' %s is %d %s together, and the task has %d", x.key, x.shares, x.unit, x.ofAgent), "less than the task has: the "+whoseContainers(path)+" needs some, too")
		}
	}
}

// checkTaskSize: ECS takes a task definition of 64 KB. What is counted here is the least that these texts are in it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
func checkTaskSize(r *reader, path string, a *Agent) {
	const most, variable, word = 64 << 10, len(`{"name":"","value":""},`), len(`"",`)
	size := 0
	count := func(env map[string]string, texts ...[]string) {
		for name, value := range env {
			size += len(name) + len(value) + variable
		}
		for _, text := range slices.Concat(texts...) {
			size += len(text) + word
		}
	}
	count(a.Env, a.Command, a.Container.Entrypoint)
	for _, c := range a.Containers() {
		count(c.Env, c.Command, c.Entrypoint)
	}
	if size > most {
		r.problem(r.places[path].key, fmt.Sprintf("the %s's variables and commands are %d characters", whoseContainers(path), size), fmt.Sprintf("at most %d with all else of its task definition: a long text belongs into the image, a volume or a secret", most))
	}
}

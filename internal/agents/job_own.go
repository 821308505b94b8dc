package agents

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// ownJobFields are the keys of a job that has an image of its own. They are what an agent's are.
func ownJobFields() []field[Job] {
	var out []field[Job]
	agent := agentFields()
	for _, x := range []struct{ key, doc string }{
		{"image", "An image of the job's own, in place of an agent's: {agent} stands for the job's name. The job then has roles, secrets and a size of its own, and nothing of `defaults`, which are the agents'."},
		{"arch", "With image: the CPU architecture of it."},
		{"env", "With image: the plain environment. AGENT_NAME, the job's name, is there by itself."},
		{"secrets", "With image: environment variables from secrets: the key, or {key, from, optional}. `karmactl secrets set JOB KEY` sets one."},
		{"permissions", "With image: what the job may do in AWS: {policy: ARN}, or {allow: [bedrock:InvokeModel], on: [ARN]}. Default: nothing."},
		{"entrypoint", "With image: replaces its own entrypoint; command follows it."},
		{"workdir", "With image: the directory that the container starts in. Default: the image's own."},
		{"user", "With image: the user that the container runs as: USER or USER:GROUP, each a name or a number. Default: the image's own."},
		{"read_only", "With image: mount the container's root file system read-only."},
		{"init_process", "With image: run an init process that passes signals on and reaps what is left behind. Default: true."},
		{"storage", "With image: GiB of the task's own disk, which is gone with it. Default: Fargate's 20, which is free."},
		{"sidecars", "With image: containers beside the job's own, by name. They end with it, and it with them unless they are not essential."},
		{"init", "With image: containers that have to succeed, one after the other, before the job's own starts."},
		{"volumes", "With image: directories that outlive its runs, by name; with `of: AGENT/VOLUME` an agent's."},
		{"stop_timeout", "With image: from SIGTERM to SIGKILL, when the job is stopped. Default: 30s."},
	} {
		f := agent[slices.IndexFunc(agent, func(f field[Agent]) bool { return f.key == x.key })]
		out = append(out, field[Job]{
			key:  x.key,
			read: func(r *reader, n *yaml.Node, into *Job) { f.read(r, n, &into.Own) },
			describe: func(d *definitions, preset *Job) schema {
				var of *Agent
				if preset != nil {
					of = &preset.Own
				}
				s := f.describe(d, of)
				s["description"] = x.doc
				return s
			},
		})
	}
	return out
}

// freshJob is a job that says nothing.
func freshJob(name string) Job {
	return Job{Name: name, Overlap: OverlapAllow, Own: Agent{Arch: ArchX86, Container: Container{Init: true}}}
}

// fillInOwn completes what a job with an image of its own is as an agent: it has the job's name,
// and nothing that a service has.
func fillInOwn(r *reader, c *Config, j *Job) {
	a := &j.Own
	a.Name, a.Command, a.CPU, a.Memory = j.Name, j.Command, j.CPU, j.Memory
	if a.CPU == 0 {
		a.CPU = 256
	}
	fillInAgent(a)
	if c.Observability.XRay {
		fillInTracing(a, c.Stack())
	}
	if !r.stated("jobs", j.Name, "agent") {
		j.Agent = j.Name
	}
	j.CPU, j.Memory = a.CPU, a.Memory
}

// checkJobOwner: a job has the image, rights and secrets of an agent, or its own.
func checkJobOwner(r *reader, c *Config, path string, j Job) {
	names, image := c.Names(), r.stated(path, "image")
	switch agent := r.stated(path, "agent"); {
	case agent && image:
		r.problem(r.at(path, "image"), "the job has an agent and an image", "one of the two: the image is the agent's, or the job's own")
		return
	case !agent && !image:
		r.problem(r.places[path].key, j.Name+" has no agent and no image", "agent: whose image, rights and secrets it has; or image: one of its own")
	case agent && r.sound(join(path, "agent")) && !slices.Contains(names, j.Agent):
		r.problem(r.at(path, "agent"), fmt.Sprintf("there is no agent %q", shorten(j.Agent)), suggest(j.Agent, names))
	}
	if !image {
		checkAgentsJob(r, path, j)
		return
	}
	if r.sound(join(path, "permissions")) {
		checkPermissions(r, path, &j.Own)
	}
	for _, s := range j.Own.Secrets {
		checkSecret(r, path, j.Own.Env, s)
	}
	checkSidecars(r, path, &j.Own)
	checkVolumes(r, c, path, &j.Own)
}

// checkAgentsJob: a job with an agent's image runs another command, and has all else of the agent.
func checkAgentsJob(r *reader, path string, j Job) {
	if !r.stated(path, "command") {
		r.problem(r.places[path].key, j.Name+" has no command", "command: what it runs in place of the agent's own")
	}
	for _, f := range ownJobFields() {
		if r.stated(path, f.key) {
			r.problem(r.places[join(path, f.key)].key, f.key+" needs an image", "leave it out: the job has the agent's; or image: one of the job's own")
		}
	}
}

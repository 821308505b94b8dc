package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// job is a command by a schedule. What it runs is read like an agent, whose keys are jobs.NAME.….
type job struct {
	*agent
	// of is the agent whose image, variables and rights it has; nil is its own.
	of                 *agent
	schedule, timezone string
	timeout            int // seconds
	retries            int
}

const (
	// oneStart is what becomes of how often a start is repeated.
	oneStart = "a start that ECS refuses is tried again for an hour"
	// itsSchedule is what karmactl makes in place of a rule or schedule.
	itsSchedule = "a schedule of EventBridge Scheduler for each job"
)

func (f *fleet) job(name string) *job {
	i := slices.IndexFunc(f.jobs, func(j *job) bool { return j.name == name })
	if i < 0 {
		return nil
	}
	return f.jobs[i]
}

// addJob adds a job under the nearest name that is allowed and free.
func (f *fleet) addJob(said string, at Place) *job {
	j := &job{agent: &agent{at: at, section: "jobs", worker: true}}
	j.takeName(f, said, "job")
	f.jobs = append(f.jobs, j)
	return j
}

// imageOf makes the agent whose image a job has, for an image that is built, or that only the
// source knows: karmactl builds and deploys those of agents. It has no tasks of its own.
func (f *fleet) imageOf(j *job) *agent {
	a := &agent{at: j.at, worker: true, scale: &scale{max: 1, none: true}, spot: &spot{}}
	a.takeName(f, strings.TrimRight(j.name[:min(len(j.name), 34)], "-")+"-image", "agent")
	a.comments = []string{fmt.Sprintf("It is there for the job %s, whose image karmactl deploys, and has no tasks of its own.", j.name)}
	f.agents = append(f.agents, a)
	j.of = a
	return a
}

// owners are all that have an image and volumes of their own: the agents, and jobs with an image.
func (f *fleet) owners() []*agent {
	all := slices.Clone(f.agents)
	for _, j := range f.jobs {
		all = append(all, j.agent)
	}
	return all
}

// expressionOf is a schedule as jobs take it, or why they do not.
func expressionOf(said, zone string) (expression, why string) {
	if zone == "" {
		zone = "UTC"
	}
	switch {
	case said == "" || reference.MatchString(said+zone):
		return "", "only the source knows when: write it under jobs, with schedule"
	case strings.HasPrefix(said, "at("):
		return "", "it is one time, and a job's come again: keep it where it is"
	}
	if _, err := agents.ParseJobTimes(said, zone); err != nil {
		return "", fmt.Sprintf("jobs take no such schedule, %s: write it under jobs at times that they take", err)
	}
	return said, ""
}

// when gives the job its schedule, and where that has times of day, its time zone.
func (j *job) when(expression string, said, zone *tree) {
	j.schedule = expression
	said.carry(j.key("schedule"))
	switch {
	case zone == nil || strings.EqualFold(zone.str(), "UTC"):
		zone.own("UTC where nothing is said")
	case strings.HasPrefix(expression, "rate("):
		zone.own("an interval has no time of day")
	default:
		j.timezone = zone.str()
		zone.carry(j.key("timezone"))
	}
}

// takeCommand makes what was read into imageOf's agent the job's command, which it has to say.
func (j *job) takeCommand(t *tree) {
	if j.of == nil {
		return
	}
	j.command, j.of.command = j.of.command, nil
	if t.outcome == carried {
		t.carry(j.key("command"))
	}
}

// leaveServices leaves what a task has that is started by a schedule, and a job has no key for. imageOf's agent
// has one for the check.
func (j *job) leaveServices(check, ports *tree) {
	if j.of == nil {
		j.health, j.exec = health{}, nil
		check.leaveWhole("a job ends by itself: nothing asks whether it is healthy")
	}
	ports.leaveWhole("nothing calls a job: it has no port")
}

func (j *job) write(p *page, in int, key string) {
	if _, no := p.refused[key]; no {
		return
	}
	p.in(in, key, j.name, func() {
		p.open[len(p.open)-1].comments = j.comments
		in, a := in+1, j.agent
		if j.of != nil {
			p.put(in, key+".agent", j.of.name)
			p.texts(in, key+".command", a.command)
		}
		p.text(in, key+".schedule", j.schedule)
		p.text(in, key+".timezone", j.timezone)
		p.seconds(in, key+".timeout", j.timeout)
		p.number(in, key+".retries", j.retries)
		p.number(in, key+".cpu", a.cpu)
		p.number(in, key+".memory", a.memory)
		if j.of != nil {
			return
		}
		p.text(in, key+".arch", a.arch)
		p.text(in, key+".image", a.image)
		a.writeEnv(p, in, key)
		a.container.write(p, in, key)
		p.texts(in, key+".command", a.command)
		a.writePermissions(p, in, key)
		a.writeContainers(p, in, key)
		writeVolumes(p, in, key, a.volumes)
		p.seconds(in, key+".stop_timeout", a.stopTimeout)
	})
}

package agents

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Job is a command that runs by a schedule, in a task of its own with the image, the
// rights and the secrets of an agent, or with its own.
type Job struct {
	Name string
	// Agent is whose image, rights and secrets it has. One with an image of its own has its
	// own name here: it belongs to no agent.
	Agent string
	// Own is what the job is as an agent, where it has an image of its own; see HasImage.
	Own Agent
	// Command is what it runs in place of the image's or the agent's own.
	Command []string
	// Schedule is when, as the file says it, and Expression as EventBridge Scheduler takes it.
	Schedule   string
	Expression string
	// Timezone is the IANA name of the zone that the schedule is read in.
	Timezone string
	// CPU is in Fargate CPU units, Memory in MiB.
	CPU    int
	Memory int
	// Timeout is how long a run may take before it is stopped; 0 is for ever.
	Timeout time.Duration
	// Retries is how often a run that failed is tried again, and Overlap what happens when it is time
	// and the last run has not ended.
	Retries int
	Overlap Overlap
}

// JobNames are the names of the jobs, sorted.
func (c *Config) JobNames() []string { return slices.Sorted(maps.Keys(c.Jobs)) }

// LogNames are the names of the agents and of the jobs: each has a log group.
func (c *Config) LogNames() []string { return slices.Concat(c.Names(), c.JobNames()) }

// JobsOf are the jobs of an agent, sorted by name.
func (c *Config) JobsOf(agent string) []Job {
	var out []Job
	for _, name := range c.JobNames() {
		if c.Jobs[name].Agent == agent {
			out = append(out, c.Jobs[name])
		}
	}
	return out
}

// HasImage tells whether the job has an image of its own, and with it rights and secrets.
func (j Job) HasImage() bool { return j.Own.Image != "" }

// Owners are all that have images, rights and secrets of their own: the agents, and then as
// agents the jobs that have an image.
func (c *Config) Owners() []Agent {
	all := slices.Clone(c.Agents)
	for _, name := range c.JobNames() {
		if j := c.Jobs[name]; j.HasImage() {
			all = append(all, j.Own)
		}
	}
	return all
}

// Owner is the one of Owners with a name, or false.
func (c *Config) Owner(name string) (Agent, bool) {
	if j := c.Jobs[name]; j.HasImage() {
		return j.Own, true
	}
	return c.Agent(name)
}

// OwnerNames are the names of Owners.
func (c *Config) OwnerNames() []string {
	var out []string
	for _, a := range c.Owners() {
		out = append(out, a.Name)
	}
	return out
}

// Times are when the job runs. Load has refused a job whose schedule cannot be read.
func (j Job) Times() (JobTimes, error) { return ParseJobTimes(j.Expression, j.Timezone) }

// AsAgent is the agent as the job's task has it: its image, environment, secrets and
// container, with the job's name, command and size, and without anything that a service has.
func (j Job) AsAgent(a Agent) Agent {
	a.Name, a.Command, a.CPU, a.Memory = j.Name, j.Command, j.CPU, j.Memory
	a.Port, a.Public, a.Health, a.Scale, a.Exec = 0, false, Health{}, Scale{}, false
	if j.Timeout > 0 {
		a.Sidecars = append(slices.Clone(a.Sidecars), timerOf(j.Timeout))
	}
	return a
}

// Runs is what `karmactl run` starts by a name: an agent, or a job as one; false is neither.
func (c *Config) Runs(name string) (Agent, bool) {
	if j, is := c.Jobs[name]; is {
		owner, _ := c.Owner(j.Agent)
		return j.AsAgent(owner), true
	}
	return c.Agent(name)
}

// scheduleRule: what it means is looked at by checkJobs, which knows the time zone.
var scheduleRule = textRule{pattern: lazyregexp.New(`\S`), most: 256, allowed: jobTimesAllowed}

func jobFields() []field[Job] {
	return append([]field[Job]{
		key("agent", "The agent whose image, environment, rights and secrets the job has; or image, for one of its own.", text(agentNameRule), func(j *Job) *string { return &j.Agent }),
		key("command", "What the job runs in place of the agent's own command, which it has to say, or of its image's own.", words(`a list of texts such as ["python", "digest.py"]`), func(j *Job) *[]string { return &j.Command }),
		need(key("schedule", `When: "every day at 03:00", "every monday at 9:30", "every 15 minutes", or cron(...) and rate(...) as EventBridge Scheduler takes them.`, text(scheduleRule), func(j *Job) *string { return &j.Schedule })),
		key("timezone", "The IANA time zone of the schedule. Default: UTC.", text(timezoneRule), func(j *Job) *string { return &j.Timezone }),
		key("cpu", "CPU units. Default: the agent's, or 256.", cpuUnits(FargateCPU()), func(j *Job) *int { return &j.CPU }),
		key("memory", "MiB. Default: the agent's, or the least that goes with cpu.", mebibytes(512, 122880), func(j *Job) *int { return &j.Memory }),
		key("timeout", "How long a run may take, counted from the start of its container: it is then stopped, and has failed. Default: for ever.", duration(10*time.Second, 7*24*time.Hour), func(j *Job) *time.Duration { return &j.Timeout }),
		key("retries", "How often a run that failed is tried again, a minute after its end, then two, and so on. The command finds in JOB_ATTEMPT which attempt it is. Default: 0.", integer(0, maxRetries), func(j *Job) *int { return &j.Retries }),
		key("overlap", "What happens when it is time and the last run has not ended: allow runs both, skip leaves the new one out. Default: allow.", choice(OverlapAllow, OverlapSkip), func(j *Job) *Overlap { return &j.Overlap }),
	}, ownJobFields()...)
}

// fillInJobs completes what follows from the job's agent.
func fillInJobs(r *reader, c *Config) {
	for name, j := range c.Jobs {
		j.Name = name
		if j.HasImage() {
			fillInOwn(r, c, &j)
		} else {
			j.Own = Agent{}
		}
		a, _ := c.Owner(j.Agent)
		if j.CPU == 0 && j.Memory == 0 {
			j.CPU, j.Memory = a.CPU, a.Memory
		}
		if j.CPU == 0 {
			j.CPU = a.CPU
		}
		if sizes := FargateMemory(j.CPU); j.Memory == 0 && len(sizes) > 0 {
			j.Memory = sizes[0]
		}
		if j.Timezone == "" && r.sound(join("jobs", name, "timezone")) {
			j.Timezone = "UTC"
		}
		j.Expression, _ = jobExpression(j.Schedule) // checkJobs says what is wrong with it
		c.Jobs[name] = j
	}
}

func checkJobs(r *reader, c *Config) {
	names := c.Names()
	for _, name := range c.JobNames() {
		j, path := c.Jobs[name], join("jobs", name)
		at := func(key string) string { return join(path, key) }
		if slices.Contains(names, name) {
			r.problem(r.places[path].key, fmt.Sprintf("the job %s has the name of an agent", name), "another name: logs, roles and revisions go by it")
		}
		checkJobOwner(r, c, path, j)
		if r.stated(path, "command") && r.sound(at("command")) && len(j.Command) == 0 {
			r.problem(r.at(path, "command"), "the command is empty", `a list of texts such as ["python", "digest.py"]`)
		}
		if (j.HasImage() || slices.Contains(names, j.Agent)) && r.sound(at("cpu"), at("memory")) && !slices.Contains(FargateMemory(j.CPU), j.Memory) && r.sound(join("agents", j.Agent, "cpu"), join("agents", j.Agent, "memory")) {
			where := r.at(path, "memory")
			if !r.stated(path, "memory") {
				where = r.at(path, "cpu")
			}
			r.problem(where, fmt.Sprintf("memory %d is no Fargate size with cpu %d", j.Memory, j.CPU), memoryAllowed(j.CPU))
		}
		checkJobSchedule(r, path, j)
		checkJobContainers(r, c, path, j)
	}
}

// checkJobContainers: the agent's other containers are in the job's task, too, and so is the one
// that keeps its time. checkSidecars has looked at those of a job with an image.
func checkJobContainers(r *reader, c *Config, path string, j Job) {
	a, known := c.Owner(j.Agent)
	if !known {
		return
	}
	task := j.AsAgent(a)
	for _, s := range task.Containers() {
		if s.Name != j.Name || j.HasImage() && !s.Timer {
			continue
		}
		whose := "its agent " + a.Name
		if s.Timer {
			whose = "its task"
		}
		r.problem(r.places[path].key, fmt.Sprintf("the job %s has the name of a container of %s", j.Name, whose), "another name: its own container goes by it")
	}
	for _, s := range a.Containers() {
		if s.Name == TimerContainer && j.Timeout > 0 {
			r.problem(r.at(path, "timeout"), fmt.Sprintf("%s has a container %s, and so has the job's task, for its timeout", a.Name, TimerContainer), "another name for "+a.Name+"'s container")
		}
	}
	if n := len(a.Containers()) + 2; n > maxContainers && j.Timeout > 0 {
		r.problem(r.at(path, "timeout"), fmt.Sprintf("the job's task has %d containers, the one that keeps its time among them", n), fmt.Sprintf("at most %d: ECS takes no more in a task", maxContainers))
	}
	if j.HasImage() {
		return
	}
	cpu, memory := a.shares()
	for _, x := range []struct {
		key, unit  string
		shares, of int
	}{{"cpu", "CPU units", cpu, j.CPU}, {"memory", "MiB", memory, j.Memory}} {
		if x.shares >= x.of && x.shares > 0 && r.stated(path, x.key) && r.sound(join(path, x.key)) {
			r.problem(r.at(path, x.key), fmt.Sprintf("the sidecars of %s keep %d %s for themselves, and the job has %d", a.Name, x.shares, x.unit, x.of), "more than the sidecars have: the command needs some, too")
		}
	}
}

// checkJobSchedule: the schedule can be read, and an interval has no time zone.
func checkJobSchedule(r *reader, path string, j Job) {
	if j.Schedule == "" || !r.sound(join(path, "schedule")) {
		return
	}
	where := r.at(path, "schedule")
	expression, why := jobExpression(j.Schedule)
	if why == "" {
		if _, err := ParseJobTimes(expression, "UTC"); err != nil {
			why = err.Error()
		}
	}
	switch {
	case why != "":
		r.problem(where, fmt.Sprintf("schedule cannot be %q: %s", shorten(j.Schedule), why), jobTimesAllowed)
	case isInterval(j.Schedule) && r.stated(path, "timezone") && j.Timezone != "UTC":
		r.problem(r.at(path, "timezone"), fmt.Sprintf("timezone goes with a time of day, and %q has none", shorten(j.Schedule)), "leave timezone out: an interval is counted in UTC, whose clocks are never changed")
	}
}

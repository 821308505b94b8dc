package awssim

import (
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// dependencyTimeout is how long a container of Fargate may take to fulfil a condition:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (startTimeout)
const dependencyTimeout = 3 * time.Minute

// course is what becomes of one container of a task by itself, counted from the moment at
// which the images are pulled.
type course struct {
	// starts is when it starts; never is one that what it depends on has failed for.
	starts time.Duration
	never  bool
	// why is ECS's reason for never.
	why string
	// ends is when it ends by itself, with a code; a server does not.
	ends    time.Duration
	endless bool
	code    int32
	// stopped is its code where ECS ends it with the task, and lag how long it has to be due before it runs.
	stopped int32
	lag     time.Duration
}

// startTakes is how long after another one a container starts that waits for its start: they are started one by one.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html (START)
const startTakes = 100 * time.Millisecond

// courses are those of all containers of a task. The containers that others wait to end are
// programs, and those whose command says how it ends; the others are servers, as far as their
// images do not say otherwise.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func (s *Sim) courses(t *Task) map[string]course {
	all := s.containersOf(t)
	out := map[string]course{}
	var of func(name string) course
	of = func(name string) course {
		if c, known := out[name]; known {
			return c
		}
		i := slices.IndexFunc(all, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
		c := course{endless: true}
		for _, d := range all[i].DependsOn {
			c.wait(of(aws.ToString(d.ContainerName)), t.behaviourOf(aws.ToString(d.ContainerName)), name, d)
			c.lag = startTakes
		}
		p := programOf(s.commandOf(t, all[i]))
		if p.deaf {
			c.stopped = 128 + 9
		}
		switch behaviour := t.behaviourOf(name); {
		case i == 0: // its end is in task_life.go
		case behaviour == "crash":
			c.ends, c.endless, c.code = c.starts+crashAfter, false, 1
		case behaviour == "oom":
			c.ends, c.endless, c.code = c.starts+crashAfter, false, 137
		case awaited(all, name), p.exits:
			c.ends, c.endless, c.code = c.starts+p.takes, false, p.code
		}
		out[name] = c
		return c
	}
	for _, c := range all {
		of(aws.ToString(c.Name))
	}
	return out
}

// wait has a container start after another has fulfilled a condition, or never.
func (c *course) wait(on course, behaviour, name string, d types.ContainerDependency) {
	const graph = "CannotStartContainerError: dependency graph: "
	other := aws.ToString(d.ContainerName)
	at, failed := on.starts, ""
	switch d.Condition {
	case types.ContainerConditionStart:
	case types.ContainerConditionHealthy:
		if at += healthyAfter; behaviour != "" {
			at, failed = on.starts+dependencyTimeout, graph+"container ordering dependency ["+other+"] for target ["+name+"] has timed out."
		}
	case types.ContainerConditionSuccess, types.ContainerConditionComplete:
		if at = on.ends; on.code != 0 && d.Condition == types.ContainerConditionSuccess {
			failed = graph + "failed to resolve container ordering dependency [" + other + "] for target [" + name + "] as dependency did not exit successfully."
		}
	}
	if on.never {
		failed = on.why
	}
	if failed != "" && !c.never {
		c.never, c.why = true, failed
	}
	c.starts = max(c.starts, at)
}

// awaited tells whether another container waits for the end of this one.
func awaited(all []types.ContainerDefinition, name string) bool {
	return slices.ContainsFunc(all, func(c types.ContainerDefinition) bool {
		return slices.ContainsFunc(c.DependsOn, func(d types.ContainerDependency) bool {
			return aws.ToString(d.ContainerName) == name && (d.Condition == types.ContainerConditionSuccess || d.Condition == types.ContainerConditionComplete)
		})
	})
}

// behaviourOf is how a container of a task behaves.
func (t *Task) behaviourOf(container string) string { return t.Behaviours[container] }

// begin moves on a task whose images are pulled: its containers start one after the other,
// and it runs when all have started. One that others wait for in vain ends it.
func (s *Sim) begin(t *Task, at time.Time) {
	pulled, all := t.Created.Add(taskRunning), s.courses(t)
	s.speakSidecars(t, all, at)
	last := time.Duration(0)
	for i, d := range s.containersOf(t) {
		c := all[aws.ToString(d.Name)]
		if !c.never {
			last = max(last, c.starts)
			continue
		}
		if !s.essential(t, aws.ToString(d.Name)) {
			continue
		}
		if last = math.MaxInt64; !at.Before(pulled.Add(c.starts)) {
			if i == 0 { // it has not run: 143 is what ECS says of one that could not start
				t.ExitCode, t.ContainerReason = aws.Int32(128+15), c.why
			}
			s.failTask(t, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", at)
			return
		}
	}
	switch {
	case s.fallen(t, at) != "":
		s.failTask(t, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", at)
	case at.Sub(pulled) >= last:
		s.run(t, at)
	}
}

// essential tells whether a task ends with a container.
func (s *Sim) essential(t *Task, name string) bool {
	return slices.ContainsFunc(s.containersOf(t), func(c types.ContainerDefinition) bool {
		return aws.ToString(c.Name) == name && (c.Essential == nil || *c.Essential)
	})
}

// fallen is an essential container beside the first that has ended by a time, or "".
func (s *Sim) fallen(t *Task, at time.Time) string {
	all := s.courses(t)
	for _, c := range s.containersOf(t)[1:] {
		x := all[aws.ToString(c.Name)]
		if !x.endless && s.essential(t, aws.ToString(c.Name)) && !at.Before(t.Created.Add(taskRunning).Add(x.ends)) {
			return aws.ToString(c.Name)
		}
	}
	return ""
}

// speakSidecars writes what the other containers say up to a time: the lines of a program,
// and that a server is there.
func (s *Sim) speakSidecars(t *Task, all map[string]course, at time.Time) {
	for i, c := range s.containersOf(t) {
		name := aws.ToString(c.Name)
		x := all[name]
		if i == 0 || x.never {
			continue
		}
		lines := []programLine{{0, name + " is up"}}
		if p := programOf(s.commandOf(t, c)); p.exits || awaited(s.containersOf(t), name) {
			lines = p.lines
		}
		for n, line := range lines {
			said := t.Created.Add(taskRunning).Add(x.starts).Add(line.after)
			if n < t.SidecarSaid[name] || said.After(at) {
				continue
			}
			if t.SidecarSaid == nil {
				t.SidecarSaid = map[string]int{}
			}
			t.SidecarSaid[name] = n + 1
			s.speakAs(t, c, said, line.text)
		}
	}
}

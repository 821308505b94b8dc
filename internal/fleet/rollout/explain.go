package rollout

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// logLines is how much of a failed task's log is shown.
const logLines = 10

// failedTasks tells of each task of this deployment that has failed, once. What
// is known of the first goes into the document. AWS lists a stopped task for an
// hour.
func (w *watch) failedTasks(ctx context.Context, d *types.ServiceDeployment) error {
	stopped, err := w.listed(ctx, types.DesiredStatusStopped)
	if err != nil {
		return err
	}
	for _, t := range stopped {
		arn := aws.ToString(t.TaskArn)
		if aws.ToString(t.TaskDefinitionArn) != w.taskDefinition || tasks.Ended(t, w.Name).Stopped || aws.ToTime(t.CreatedAt).Before(aws.ToTime(d.CreatedAt)) {
			continue
		}
		id := tasks.ID(arn)
		if !w.told[arn] {
			w.told[arn] = true
			reason, err := w.reasonOf(ctx, t)
			if err != nil {
				return err
			}
			w.tellTask(t, reason)
			if w.doc.Task == "" {
				w.note(t, id, reason)
			}
		}
		if w.doc.Task == id {
			if err := w.tailOf(ctx, t, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// listed are the service's tasks of a status, the oldest first.
func (w *watch) listed(ctx context.Context, wanted types.DesiredStatus) ([]types.Task, error) {
	all, err := tasks.Of(ctx, w.ECS, w.Cluster, w.Service, wanted)
	slices.SortStableFunc(all, func(x, y types.Task) int { return aws.ToTime(x.CreatedAt).Compare(aws.ToTime(y.CreatedAt)) })
	return all, err
}

// reasonOf is why a task ended. Of a failed check of the load balancer only an event of
// the service says what the answer was.
func (w *watch) reasonOf(ctx context.Context, t types.Task) (string, error) {
	end := tasks.Ended(t, w.Name)
	if !strings.Contains(end.Reason, "failed ELB health checks") {
		return end.Reason, nil
	}
	svc, err := w.reads.service(ctx, w.Service, w.Clock.Now())
	if err != nil || svc == nil {
		return end.Reason, err
	}
	return end.WithCheck(*svc).Reason, nil
}

// note puts a task into the document.
func (w *watch) note(t types.Task, id, reason string) {
	end := tasks.Ended(t, w.Name)
	w.doc.Task, w.doc.StoppedReason = id, reason
	cpu, _ := strconv.Atoi(aws.ToString(t.Cpu))
	memory, _ := strconv.Atoi(aws.ToString(t.Memory))
	c := tasks.Explained(w.Name, reason).WithMemory(agents.NextFargateMemory(cpu, memory))
	if c.Kind != tasks.KindUnknown {
		w.doc.Cause = c.Why
	}
	if w.doc.Fix = c.Fix(); c.Again {
		w.doc.Fix += ", then the same deploy again"
	}
	w.doc.ExitCode = nil
	if c := end.ExitCode; c != nil && t.StopCode == types.TaskStopCodeEssentialContainerExited {
		w.doc.ExitCode = aws.Int(int(*c))
	}
}

func (w *watch) tellTask(t types.Task, reason string) {
	text := fmt.Sprintf("task %s (rev %d) ", tasks.Short(aws.ToString(t.TaskArn)), tasks.Revision(aws.ToString(t.TaskDefinitionArn)))
	end := tasks.Ended(t, w.Name)
	c := end.ExitCode
	switch {
	case t.StartedAt == nil:
		text += "did not start"
	case c != nil && t.StopCode == types.TaskStopCodeEssentialContainerExited && t.StoppingAt != nil:
		text += fmt.Sprintf("exited %d after %ds", *c, int(t.StoppingAt.Sub(*t.StartedAt).Seconds()))
	case t.StoppingAt != nil:
		text += fmt.Sprintf("was stopped after %ds", int(t.StoppingAt.Sub(*t.StartedAt).Seconds()))
	}
	w.say("task", text+": "+reason)
}

// tailOf reads the last lines that the task wrote, again each time something
// fails: a log may be a few seconds late. A task that did not start has none.
func (w *watch) tailOf(ctx context.Context, t types.Task, id string) error {
	container := cmp.Or(tasks.Ended(t, w.Name).Container, w.Name)
	if t.StartedAt == nil && container == w.Name || w.Logs == nil {
		return nil
	}
	stream := w.Name + "/" + container + "/" + id
	out, err := w.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &w.LogGroup, LogStreamName: &stream, Limit: aws.Int32(logLines), StartFromHead: aws.Bool(false)})
	if err != nil {
		return cloud.IgnoreNotFound(err)
	}
	known := len(w.doc.Log)
	w.doc.Log = w.doc.Log[:0]
	for i, e := range out.Events {
		line := strings.TrimRight(aws.ToString(e.Message), "\n")
		w.doc.Log = append(w.doc.Log, line)
		if i >= known {
			w.say("log", line)
		}
	}
	return nil
}

// explain says what changed between the two revisions, what the log names first.
func (w *watch) explain(ctx context.Context) error {
	if w.previous == "" {
		return nil
	}
	now, err := w.revision(ctx, w.taskDefinition)
	if err != nil {
		return err
	}
	was, err := w.revision(ctx, w.previous)
	if err != nil {
		return err
	}
	w.doc.Changes = Compare(w.Name, was, now)
	log := strings.Join(w.doc.Log, "\n")
	slices.SortStableFunc(w.doc.Changes, func(a, b string) int { return named(b, log) - named(a, log) })
	return nil
}

// named is 1 for a change of something that the log talks of.
func named(change, log string) int {
	fields := strings.Fields(change)
	if len(fields) > 2 && (fields[0] == "env" || fields[0] == "secret") && strings.Contains(log, fields[2]) {
		return 1
	}
	return 0
}

func (a *Agent) revision(ctx context.Context, arn string) (*types.TaskDefinition, error) {
	out, err := a.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	if err != nil {
		return nil, err
	}
	return out.TaskDefinition, nil
}

// Compare lists what differs between two revisions: names of variables and
// secrets, and never their values.
func Compare(agent string, was, now *types.TaskDefinition) []string {
	var out []string
	x, y := container(agent, was), container(agent, now)
	if a, b := aws.ToString(x.Image), aws.ToString(y.Image); a != b {
		out = append(out, fmt.Sprintf("image %s → %s", agents.ShortImage(a), agents.ShortImage(b)))
	}
	env := func(c types.ContainerDefinition) map[string]string {
		m := map[string]string{}
		for _, kv := range c.Environment {
			m[aws.ToString(kv.Name)] = aws.ToString(kv.Value)
		}
		return m
	}
	secrets := func(c types.ContainerDefinition) map[string]string {
		m := map[string]string{}
		for _, s := range c.Secrets {
			m[aws.ToString(s.Name)] = aws.ToString(s.ValueFrom)
		}
		return m
	}
	out = append(out, compareContainers(agent, was, now)...)
	out = append(out, keys("env", env(x), env(y))...)
	out = append(out, keys("secret", secrets(x), secrets(y))...)
	if !slices.Equal(x.Command, y.Command) {
		out = append(out, "command changed")
	}
	for _, f := range []struct{ what, was, now string }{
		{"cpu", aws.ToString(was.Cpu), aws.ToString(now.Cpu)},
		{"memory", aws.ToString(was.Memory), aws.ToString(now.Memory)},
		{"task role", aws.ToString(was.TaskRoleArn), aws.ToString(now.TaskRoleArn)},
	} {
		if f.was != f.now {
			out = append(out, fmt.Sprintf("%s %s → %s", f.what, f.was, f.now))
		}
	}
	return out
}

// compareContainers lists the sidecars and init containers that came (+), went (-) or have
// another image.
func compareContainers(agent string, was, now *types.TaskDefinition) []string {
	images := func(d *types.TaskDefinition) map[string]string {
		m := map[string]string{}
		for _, c := range d.ContainerDefinitions {
			if name := aws.ToString(c.Name); name != agent {
				m[name] = aws.ToString(c.Image)
			}
		}
		return m
	}
	return keys("container", images(was), images(now))
}

func container(name string, d *types.TaskDefinition) types.ContainerDefinition {
	for _, c := range d.ContainerDefinitions {
		if aws.ToString(c.Name) == name {
			return c
		}
	}
	return types.ContainerDefinition{}
}

// keys tells which names came (+), went (-) or have another value (~).
func keys(what string, was, now map[string]string) []string {
	var out []string
	all := maps.Clone(was)
	maps.Copy(all, now)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		a, had := was[k]
		b, has := now[k]
		switch {
		case !had:
			out = append(out, what+" + "+k)
		case !has:
			out = append(out, what+" - "+k)
		case a != b:
			out = append(out, what+" ~ "+k)
		}
	}
	return out
}

package tasks

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func container(name string, code int32, reason string) types.Container {
	c := types.Container{Name: &name}
	if code >= 0 {
		c.ExitCode = &code
	}
	if reason != "" {
		c.Reason = &reason
	}
	return c
}

func stopped(code types.TaskStopCode, reason string, all ...types.Container) types.Task {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return types.Task{StopCode: code, StoppedReason: &reason, Containers: all, StoppingAt: &at, Group: aws.String("service:web")}
}

func TestHowATaskEnded(t *testing.T) {
	exited, scheduler := types.TaskStopCodeEssentialContainerExited, types.TaskStopCodeServiceSchedulerInitiated
	for _, c := range []struct {
		name string
		task types.Task
		want string
		stop bool
	}{
		{"the program ends", stopped(exited, "Essential container in task exited", container("ecs-service-connect-x1", 0, ""), container("web", 1, "")), "Essential container in task exited (exit code 1)", false},
		{"it is killed", stopped(exited, "Essential container in task exited", container("web", 137, "OutOfMemoryError: Container killed due to memory usage")), "Essential container in task exited: OutOfMemoryError: Container killed due to memory usage (exit code 137)", false},
		{"it never starts", stopped(types.TaskStopCodeTaskFailedToStart, "CannotPullContainerError: not found", container("web", -1, "CannotPullContainerError: not found")), "CannotPullContainerError: not found", false},
		{"another container ends", stopped(exited, "Essential container in task exited", container("web", 143, ""), container("tracing", 2, "")), "Essential container in task exited: container tracing (exit code 2)", false},
		{"a container of init fails", stopped(exited, "Essential container in task exited", container("web", 143, "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [restore] for target [web] as dependency did not exit successfully."), container("restore", 3, ""), container("tracing", 0, "")), "Essential container in task exited: init container restore (exit code 3)", false},
		{"it ends, and ECS kills the other", stopped(exited, "Essential container in task exited", container("web", 0, ""), container("tracing", 137, "")), "Essential container in task exited (exit code 0)", false},
		{"the other has no memory left", stopped(exited, "Essential container in task exited", container("web", 0, ""), container("tracing", 137, "OutOfMemoryError: Container killed due to memory usage")), "Essential container in task exited: container tracing: OutOfMemoryError: Container killed due to memory usage (exit code 137)", false},
		{"the other is killed", stopped(exited, "Essential container in task exited", container("web", 143, ""), container("tracing", 137, "")), "Essential container in task exited: container tracing (exit code 137)", false},
		{"a proxy of AWS's ends", stopped(exited, "Essential container in task exited", container("aws-guardduty-agent-a", 1, ""), container("web", 0, "")), "Essential container in task exited (exit code 0)", false},
		{"a deployment replaces it", stopped(scheduler, "Scaling activity initiated by (deployment ecs-svc/1)", container("web", 143, "")), "Scaling activity initiated by (deployment ecs-svc/1) (exit code 143)", true},
		{"it fails its check", stopped(scheduler, "Task failed ELB health checks in (target-group arn:x)", container("web", 143, "")), "Task failed ELB health checks in (target-group arn:x) (exit code 143)", false},
		{"a person stops it", stopped(types.TaskStopCodeUserInitiated, "Task stopped by user"), "Task stopped by user", true},
		{"AWS takes Spot back", stopped(types.TaskStopCodeSpotInterruption, "Your Spot Task was interrupted."), "Your Spot Task was interrupted.", true},
	} {
		e := Ended(c.task, "web")
		if e.String() != c.want || e.Stopped != c.stop {
			t.Errorf("%s: %q, stopped %t", c.name, e, e.Stopped)
		}
		if named := strings.Contains(c.want, "container "+e.Container+" (") || strings.Contains(c.want, "container "+e.Container+": "); named != (e.Container != "") {
			t.Errorf("%s: the container is %q", c.name, e.Container)
		}
	}
}

func TestTheLastEndIsAFaultOfTheTaskItself(t *testing.T) {
	first := stopped(types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", container("web", 1, ""))
	later := first
	later.StoppingAt = aws.Time(first.StoppingAt.Add(time.Minute))
	later.TaskDefinitionArn = aws.String("arn:aws:ecs:us-east-1:1:task-definition/web:2")
	replaced := stopped(types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment ecs-svc/1)")
	replaced.StoppingAt = aws.Time(first.StoppingAt.Add(time.Hour))
	all := []types.Task{first, later, replaced, {Group: aws.String("service:web")}}
	if last := LastEnd(all, "web", ""); last != &all[1] {
		t.Errorf("it takes %+v", last)
	}
	if last := LastEnd(all, "web", "arn:aws:ecs:us-east-1:1:task-definition/web:3"); last != nil {
		t.Errorf("of another revision: %+v", last)
	}
	if last := LastEnd(all, "other", ""); last != nil {
		t.Errorf("of another agent: %+v", last)
	}
}

func TestWhatAnARNNames(t *testing.T) {
	task := "arn:aws:ecs:us-east-1:123456789012:task/demo/0123456789abcdef0123456789abcdef"
	if ID(task) != "0123456789abcdef0123456789abcdef" || Short(task) != "01234567" || Short("0123") != "0123" {
		t.Errorf("%s %s", ID(task), Short(task))
	}
	if n := Revision("arn:aws:ecs:us-east-1:123456789012:task-definition/demo-web:17"); n != 17 || Revision("") != 0 {
		t.Errorf("revision %d", n)
	}
	for from, want := range map[string]string{
		"/demo/key": "/demo/key", "arn:aws:ssm:us-east-1:123456789012:parameter/demo/key": "/demo/key",
		"demo/key": "", "arn:aws:secretsmanager:us-east-1:123456789012:secret:demo-abcdef": "",
	} {
		if path, is := Parameter(from); path != want || is != (want != "") {
			t.Errorf("%s is the parameter %q, %t", from, path, is)
		}
	}
}

func event(message string) types.ServiceEvent { return types.ServiceEvent{Message: &message} }

func TestWhyECSStartsNothing(t *testing.T) {
	full := "(service web) was unable to place a task. Reason: Capacity is unavailable at this time."
	for _, c := range []struct {
		want   string
		events []types.ServiceEvent
	}{
		{full, []types.ServiceEvent{event("(service web) has started 1 tasks: (task 1)."), event(full)}},
		{"", []types.ServiceEvent{event("(service web) has reached a steady state."), event(full)}},
		{"", nil},
	} {
		if got := NotStarted(types.Service{Events: c.events}); got != c.want {
			t.Errorf("%q", got)
		}
	}
}

func TestAnEventIsShortened(t *testing.T) {
	got := PlainEvent("(service web) (task 0123456789abcdef0123456789abcdef) (port 9001) is unhealthy in (target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/demo-web/0123456789abcdef) due to (reason Health checks failed with these codes: [404])")
	if got != "(task 01234567) (port 9001) is unhealthy in (target-group demo-web) due to (reason Health checks failed with these codes: [404])" {
		t.Error(got)
	}
}

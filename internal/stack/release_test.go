package stack

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/provision"
)

const releasing = `project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none}
secrets: {nested: ""}
agents:
  scout:
    image: "public.ecr.aws/docker/library/python:3.13-slim"
    release: [sh, -c, sleep 60]
`

// releases are the statuses of the tasks that ran a release.
func (b *stackBench) releases() []string {
	var out []string
	b.edit(func(w *awssim.World) {
		for _, t := range w.Tasks {
			if t.Tags[provision.TagRelease] != "" {
				out = append(out, t.Status)
			}
		}
	})
	return out
}

// TestAReleaseThatAKillLeftIsFollowedByTheNextUp: the process dies while the release runs,
// and the release is not run a second time for the same revision.
func TestAReleaseThatAKillLeftIsFollowedByTheNextUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, releasing))
		started := false
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			started = started || c.Name() == "ECS.RunTask"
			return awssim.Fault{Kill: started && c.Name() == "ECS.DescribeTasks"}
		})
		if err := b.run(stage{yaml: releasing}); err == nil || !b.sim.Dead() {
			t.Fatalf("the process did not die: %v", err)
		}
		b.sim.Inject(nil)
		if got := b.releases(); len(got) != 1 {
			t.Fatalf("after the kill there are the release tasks %q", got)
		}
		if err := b.run(stage{yaml: releasing}); err != nil {
			t.Fatal(err)
		}
		if got := b.releases(); strings.Join(got, " ") != "STOPPED" {
			t.Errorf("after the next up there are the release tasks %q", got)
		}
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(again))
		}
	})
}

// TestAReleaseWhoseReadFailsIsStopped: no task is left running that no one waits for.
func TestAReleaseWhoseReadFailsIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, releasing))
		started := false
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			started = started || c.Name() == "ECS.RunTask"
			if started && c.Name() == "ECS.DescribeTasks" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		if err := b.run(stage{yaml: releasing}); err == nil {
			t.Fatal("up says nothing")
		}
		if got := b.releases(); len(got) != 1 || got[0] != "STOPPED" {
			t.Errorf("there are the release tasks %q", got)
		}
	})
}

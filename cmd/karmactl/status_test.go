package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func TestAScheduleThatAgentsShareIsToldOnce(t *testing.T) {
	on := func(name, schedule string) fleet.AgentStatus {
		return fleet.AgentStatus{Name: name, Schedule: schedule}
	}
	for _, c := range []struct {
		name   string
		agents []fleet.AgentStatus
		want   []string
	}{
		{"none", []fleet.AgentStatus{on("a", ""), on("b", "")}, nil},
		{"all", []fleet.AgentStatus{on("a", "0 at night"), on("b", "0 at night")}, []string{"schedule of all agents: 0 at night"}},
		{"some", []fleet.AgentStatus{on("a", "0 at night"), on("b", ""), on("c", "0 at night")}, []string{"schedule of a, c: 0 at night"}},
		{"two", []fleet.AgentStatus{on("a", "0 at noon"), on("b", "0 at night")}, []string{"schedule of a: 0 at noon", "schedule of b: 0 at night"}},
		{"the only agent", []fleet.AgentStatus{on("a", "0 at night")}, []string{"schedule of a: 0 at night"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, scheduleLines(c.agents)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What AWS reads back in words of its own is no drift, and is not forgotten either.
func TestDriftNamesWhatAWSReadsBackOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.sim.ReadOtherwise(func(w *awssim.World) {
			for _, g := range w.LogGroups {
				g.RetentionDays = 30
			}
		})
		o.must("", "up", "--yes")
		code, said := o.run("", "status", "--drift")
		if want := "log-group/validator: retention_days was set to 7, and AWS reads it back as 30"; code != 0 || !strings.Contains(said, want) || !strings.Contains(said, "drift: none") {
			t.Errorf("exit %d, want %q in:\n%s", code, want, said)
		}
	})
}

func TestAnAgentThatIsStartingHasTheMarkOfUpsRows(t *testing.T) {
	for name, c := range map[string]struct {
		agent fleet.AgentStatus
		want  ui.Sign
	}{
		"runs":            {fleet.AgentStatus{Revision: 1, Desired: 1, Running: 1, Rollout: "completed"}, ui.Well},
		"a task starts":   {fleet.AgentStatus{Revision: 1, Desired: 1, Pending: 1, Rollout: "completed"}, ui.Busy},
		"is still to":     {fleet.AgentStatus{Revision: 1, Desired: 2, Running: 1, Rollout: "completed"}, ui.Busy},
		"is deployed":     {fleet.AgentStatus{Revision: 2, Desired: 1, Running: 1, Rollout: "in_progress"}, ui.Busy},
		"is to have none": {fleet.AgentStatus{Revision: 1, Rollout: "completed"}, ui.Resting},
		"has no service":  {fleet.AgentStatus{}, ui.Well},
	} {
		if got := signOfTasks(c.agent); got != c.want {
			t.Errorf("%s: sign %d, want %d", name, got, c.want)
		}
	}
}

// The number of tasks is no one's in agents.yaml: a service that has more costs more, and the plan does nothing about it.
func TestAPlanWithoutChangesTellsNoDifferenceInCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		if err := o.sim.Edit(func(w *awssim.World) {
			for _, s := range w.Services {
				s.Desired = 3
			}
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		code, said := o.run("", "plan")
		if code != 0 || !strings.Contains(said, "No changes") || strings.Contains(said, "by this plan") {
			t.Errorf("exit %d:\n%s", code, said)
		}
	})
}

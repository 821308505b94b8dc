package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/fleet"
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

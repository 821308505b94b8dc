package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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

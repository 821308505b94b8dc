package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Deploy makes the stack want images, by agent and by digest, in those agents'
// task definitions, and not wait for their tasks. There is no second diff: a
// walk over the stack decides what that changes.
func (s *Stack) Deploy(images map[string]string) {
	s.Run(images)
	for _, n := range s.resources {
		if r, ok := n.(*provision.Service); ok {
			_, r.NoWait = images[r.Agent.Name]
		}
	}
}

// Run makes the stack want images as Deploy does, and wait for their tasks.
func (s *Stack) Run(images map[string]string) {
	for _, n := range s.resources {
		if r, ok := n.(*provision.TaskDefinition); ok {
			r.ImageOverride = images[r.Agent.Name]
		}
	}
}

// Ready refuses to deploy into a stack that is not there: what the agents refer
// to and a deploy does not make.
func (s *Stack) Ready(names []string, res *engine.Result) error {
	chosen := s.OnlyOf(names)
	var missing []string
	for _, n := range s.resources {
		if !chosen(n.Key()) {
			continue
		}
		for _, need := range n.Needs() {
			o, ok := res.Get(need.Key())
			if !chosen(need.Key()) && ok && o.Err == nil && o.ID == "" && !slices.Contains(missing, string(need.Key())) {
				missing = append(missing, string(need.Key()))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the stack is not up: %s is not there: run karmactl up first", strings.Join(missing, ", "))
}

// ImageOf is the image of the revision of an agent that a walk over the stack found last, or made.
func (s *Stack) ImageOf(agent string) string {
	td, ok := s.byKey[engine.Key("task-definition/"+agent)].(*provision.TaskDefinition)
	if !ok {
		return ""
	}
	return td.Image()
}

package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Deploy makes the stack want images, by agent and by digest, in those agents'
// task definitions, with the tags that people gave them, and not wait for their tasks. There is no second diff: a
// walk over the stack decides what that changes.
func (s *Stack) Deploy(images, tags map[string]string) {
	s.Run(images, tags)
	for _, n := range s.resources {
		if r, ok := n.(*provision.Service); ok {
			_, r.NoWait = images[r.Agent.Name]
		}
	}
}

// Look makes the services tell of a deployment that fails, and not fail for it: for a command that only looks.
func (s *Stack) Look() {
	for _, n := range s.resources {
		if r, ok := n.(*provision.Service); ok {
			r.Looks = true
		}
	}
}

// Run makes the stack want images as Deploy does, and wait for their tasks.
func (s *Stack) Run(images, tags map[string]string) {
	for _, n := range s.resources {
		if r, ok := n.(*provision.TaskDefinition); ok {
			r.ImageOverride, r.OverrideTag = images[r.Agent.Name], tags[r.Agent.Name]
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
	return &NotUp{missing}
}

// ImageOf is the image that a walk over the stack found right for an agent's revision, and its tag.
func (s *Stack) ImageOf(agent string) (image, tag string) {
	td, ok := s.byKey[engine.Key("task-definition/"+agent)].(*provision.TaskDefinition)
	if !ok {
		return "", ""
	}
	return td.Image()
}

// NotUp is a stack that lacks what agents need.
type NotUp struct{ Missing []string }

func (e *NotUp) Error() string {
	if n := len(e.Missing); n > 3 {
		return fmt.Sprintf("the stack is not up: %s, %s and %d more that agents need are not there", e.Missing[0], e.Missing[1], n-2)
	}
	return fmt.Sprintf("the stack is not up: agents need %s, which is not there", strings.Join(e.Missing, ", "))
}

// Try is what to do about it.
func (e *NotUp) Try() string { return "karmactl up" }

package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// An up that is killed right after it registered a revision, and a down at once: no listing has the
// revision yet, and it goes with the others all the same.
func TestARevisionThatAKilledUpMadeGoesWithADownThatFollowsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, circleOfTwo))
		if err := b.run(stage{yaml: circleOfTwo}); err != nil {
			t.Fatal(err)
		}
		edited := strings.Replace(circleOfTwo, "front: {", "front: {env: {MORE: '1'}, ", 1)
		b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Operation == "RegisterTaskDefinition"} })
		if err := b.run(stage{yaml: edited}); err == nil || !b.sim.Dead() {
			t.Fatalf("no revision was registered: %v", err)
		}
		b.sim.Inject(nil)
		if err := b.run(stage{yaml: edited, down: true}); err != nil {
			t.Fatal(err)
		}
		b.settled()
		if left := slices.DeleteFunc(b.inventory(), func(s string) bool { return !strings.HasPrefix(s, "task-definition ") }); len(left) > 0 {
			t.Errorf("down leaves %q", left)
		}
	})
}

package ui

import (
	"fmt"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// event is something that happened: a line of progress in JSON.
type event struct {
	At     time.Time
	Key    string
	Phase  engine.EventPhase
	Verb   string
	Detail string
	Took   time.Duration
	// Push is set while an image is pushed, Rollout while a deployment is followed.
	Push    *Push
	Rollout *Rollout
}

// tell prints an event, with how far it is as fields of its own. An unwritable
// standard output shows in the command's own result.
func (t *Terminal) tell(e event) {
	_ = t.Line(struct {
		Schema string            `json:"schema"`
		Kind   string            `json:"kind"`
		At     string            `json:"at"`
		Key    string            `json:"key"`
		Phase  engine.EventPhase `json:"phase"`
		Verb   string            `json:"verb"`
		Detail string            `json:"detail,omitempty"`
		TookMS int64             `json:"took_ms"`
		*Push
		*Rollout
	}{Schema, "Event", e.At.UTC().Format(time.RFC3339Nano), e.Key, e.Phase, e.Verb, e.Detail, e.Took.Milliseconds(), e.Push, e.Rollout})
}

// Say tells what happens in an agent's deployment, a line at a time; in JSON with
// how far it is, where that is known.
func (t *Terminal) Say(at time.Time, agent, about, text string, r *Rollout) {
	if t.JSON {
		t.tell(event{At: at, Key: "deployment/" + agent, Phase: engine.EventWaiting, Verb: about, Detail: text, Rollout: r})
		return
	}
	t.Note(fmt.Sprintf("  %-16s %-8s ", agent, about), text)
}

package ui

import (
	"fmt"
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
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
	Push    *document.Push
	Rollout *document.Rollout
}

// tell prints an event, with how far it is as fields of its own. An unwritable
// standard output shows in the command's own result.
func (t *Terminal) tell(e event) {
	_ = t.Line(&document.Event{
		Head: document.Of("Event"), At: e.At.UTC().Format(time.RFC3339Nano), Key: e.Key, Phase: string(e.Phase), Verb: e.Verb, Detail: e.Detail,
		TookMS: e.Took.Milliseconds(), Push: e.Push, Rollout: e.Rollout,
	})
}

// Say tells what happens in an agent's deployment, a line at a time; in JSON with
// how far it is, where that is known.
func (t *Terminal) Say(at time.Time, agent, about, text string, r *document.Rollout) {
	if t.JSON {
		t.tell(event{At: at, Key: "deployment/" + agent, Phase: engine.EventWaiting, Verb: about, Detail: text, Rollout: r})
		return
	}
	t.Note(fmt.Sprintf("  %-16s %-8s ", agent, about), text)
}

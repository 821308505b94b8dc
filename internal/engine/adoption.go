package engine

import "fmt"

// Adoption is how far karmactl has taken over a resource that another program made.
// The empty one is of what karmactl made itself.
type Adoption string

const (
	// AdoptionBegun is a takeover that has not ended: nothing is done to the resource.
	AdoptionBegun Adoption = "begun"
	// AdoptionShared is taken over, and the other program has it still: what karmactl
	// deleted or replaced, that one would make again.
	AdoptionShared Adoption = "shared"
	// AdoptionWhole is taken over, and the other program has let go.
	AdoptionWhole Adoption = "whole"
)

// Adopted is the refusal to do something to a resource that was taken over, as long as
// another program has it too.
type Adopted struct {
	Key Key
	ID  string
	// Verb is what was refused; None where the takeover has not ended.
	Verb Verb
}

func (e *Adopted) Error() string {
	switch e.Verb {
	case None:
		return fmt.Sprintf("%s (%s) is being taken over, and that has not ended", e.Key, e.ID)
	case Create:
		return fmt.Sprintf("%s (%s) was taken over and is not to be found: it is gone, or it has lost its tags", e.Key, e.ID)
	}
	return fmt.Sprintf("%s (%s) was taken over from a program that has not let go of it: karmactl would %s it", e.Key, e.ID, e.Verb)
}

// Try is the way on.
func (e *Adopted) Try() string {
	switch e.Verb {
	case None:
		return "karmactl adopt ends it, karmactl adopt --undo gives everything back"
	case Create:
		return "karmactl adopt puts the tags on again; karmactl state rm forgets what is gone"
	}
	return "karmactl adopt --release, once the other program has let go"
}

// guarded is the refusal of a verb for what was taken over; nil allows it.
func (t *visit) guarded(v Verb) error {
	switch t.entry.Adopted {
	case AdoptionBegun:
		return &Adopted{Key: t.key, ID: t.entry.ID, Verb: None}
	case AdoptionShared:
		if v == Create || v == Replace || v == Delete {
			return &Adopted{Key: t.key, ID: t.entry.ID, Verb: v}
		}
	}
	return nil
}

// all are the changes that an update makes: beside what it is made for it sets what was
// left as the other program had it, so a plan shows both.
func (t *visit) all(todo []Change, found any) []Change {
	if t.entry.Adopted == "" || len(todo) == 0 || t.Return {
		return todo
	}
	var out []Change
	for _, c := range t.node.Diff(found, t.want) {
		if !c.Replace || !t.remembered(c) {
			out = append(out, c)
		}
	}
	return out
}

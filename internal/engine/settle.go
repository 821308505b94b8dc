package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// settle is the one road up: admit, want, decide, say so; and below the line that
// asks for Apply: check that it was agreed, write, converge. Nothing above that
// line writes, nothing below it decides.
func (n *node) settle(ctx context.Context, r *run, v *vertex) Outcome {
	t := n.visit(r, v)
	o := t.settle(ctx)
	t.leavePeers(o)
	return o
}

func (t *visit) settle(ctx context.Context) Outcome {
	if stop := t.admit(ctx); stop != nil {
		return *stop
	}
	if err := t.meetPeers(ctx); err != nil {
		return t.failed(err)
	}
	t.ask()
	if err := t.decide(); err != nil {
		return t.failed(err)
	}
	t.emit(EventPlanned, t.o)
	if !t.Apply {
		return t.planned()
	}

	if err := t.checkAgreed(t.o); err != nil {
		t.halt()
		return t.failed(err)
	}
	id, err := t.write(ctx)
	if err != nil {
		return t.failed(err)
	}
	return t.converge(ctx, id)
}

// admit reads the node and waits for its needs. It returns an outcome when the
// road ends here: something failed, the node is not chosen, the user has to do
// something first, or there is nothing to hold.
func (t *visit) admit(ctx context.Context) *Outcome {
	var err error
	early := t.onlyRead() // such reads overlap; those of what may be changed are as fresh as can be
	if early {
		err = t.read(ctx)
	}
	if bad := t.v.await(ctx, t.Clock); bad != nil {
		// What has a name of ours and is another owner's is told at once: the user would
		// otherwise hear of it only when all that it needs has been dealt with.
		if foreign := new(NotManaged); errors.As(err, &foreign) {
			t.failed(err)
			return &t.o
		}
		bad.Key, bad.Verb, bad.Have = t.key, None, t.o.Have
		if bad.Status == Blocked && !t.Apply {
			bad.Verb = Create
		}
		t.observe(t.entry.ID, nil)
		return bad
	}
	if t.Apply && t.stopping() {
		t.o.Status = Interrupted
		return &t.o
	}
	if !early {
		err = t.read(ctx)
	}
	if err != nil {
		t.failed(err)
		return &t.o
	}
	if !t.chosen(t.key) {
		t.o.Verb, t.o.ID, t.o.Outputs = None, t.found.ID, t.found.Outputs
		t.observe(t.found.ID, t.found.Outputs)
		return &t.o
	}
	if stop := t.checkPrerequisite(ctx); stop != nil {
		return stop
	}
	if stop := t.checkWanted(ctx); stop != nil {
		return stop
	}
	t.announce()
	return nil
}

func (t *visit) announce() {
	if n, ok := t.node.as().(Announcer); ok {
		t.o.Notes = n.Notes()
	}
}

func (t *visit) checkPrerequisite(ctx context.Context) *Outcome {
	p, ok := t.node.as().(Prerequisite)
	if !ok {
		return nil
	}
	missing, err := p.Missing(ctx)
	switch {
	case err != nil:
		t.failed(err)
	case missing != nil:
		t.observe(t.found.ID, t.found.Outputs)
		t.o.Status, t.o.Missing, t.o.Reason = AwaitingUser, missing, missing.Reason
	default:
		return nil
	}
	return &t.o
}

func (t *visit) checkWanted(ctx context.Context) *Outcome {
	opt, ok := t.node.as().(Optional)
	if !ok || (t.found.Phase != Absent && t.found.Phase != Leaving) {
		return nil
	}
	wanted, why, err := opt.Wanted(ctx)
	switch {
	case err != nil:
		t.failed(err)
	case !wanted:
		if t.Apply && t.recorded {
			t.Record.Forget(t.key)
		}
		t.node.SetObserved("", nil)
		t.o.Verb, t.o.Reason = None, why
	default:
		return nil
	}
	return &t.o
}

// decide names the verb, and the ids to delete once nothing uses them. It is the
// only place on the way up that does.
func (t *visit) decide() error {
	t.o.Verb = None
	err := t.chooseVerb()
	ids := append(slices.Clone(t.entry.Deposed), t.found.Duplicates...)
	if t.o.Verb == Replace && !t.found.Discard {
		ids = append(ids, t.found.ID)
	} else {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == t.found.ID })
	}
	slices.Sort(ids)
	t.o.toDelete = slices.Compact(ids)
	return err
}

func (t *visit) chooseVerb() error {
	switch {
	case t.unread != nil:
		return t.unread
	case t.Return && (t.found.Phase == Absent || t.found.Phase == Leaving):
		return &Adopted{Key: t.key, ID: t.entry.ID, Verb: Create}
	case t.found.Phase == Absent || t.found.Phase == Leaving:
		t.o.Verb = Create
		return t.guarded(Create)
	case t.found.Phase == Broken && t.found.Discard:
		t.o.Verb, t.o.Reason = Replace, t.found.Why
		return t.guarded(Replace)
	}
	t.o.Changes, t.o.Differs = t.diff(t.found.Spec)
	t.o.Changes = t.all(t.o.Changes, t.found.Spec)
	if t.Compare && t.entry.Adopted != "" { // what AWS could not change is a difference, too
		return nil
	}
	if err := t.guarded(t.o.Verb); err != nil {
		return err
	}
	if len(t.o.Changes) == 0 {
		if t.found.Phase == Broken {
			return t.found.failure()
		}
		return nil
	}
	t.o.Verb = Update
	for _, c := range t.o.Changes {
		if !c.Replace {
			continue
		}
		if _, ok := t.node.as().(Disposable); !ok {
			return &Irreplaceable{Key: t.key, Change: c}
		}
		t.o.Verb, t.o.Reason = Replace, fmt.Sprintf("%s cannot change in place", c.Field)
	}
	return t.guarded(t.o.Verb)
}

// planned ends the road of a plan: dependents see what they would see in an up.
func (t *visit) planned() Outcome {
	if t.o.Verb == Create {
		t.found.ID, t.found.Outputs = "", nil
	}
	t.o.ID, t.o.Outputs = t.found.ID, t.found.Outputs
	id := t.found.ID
	if t.o.Verb == Replace || (t.o.Verb == Update && t.node.revises()) {
		id = "" // the replacement or the revision to come has an id of its own
	}
	t.observe(id, t.found.Outputs)
	return t.o
}

// checkAgreed refuses what the plan did not show. What it showed as a create may
// turn out to be half done already.
func (r *run) checkAgreed(o Outcome) error {
	if r.Shown == nil || o.Verb == None {
		return nil
	}
	shown, _ := r.Shown.Get(o.Key)
	if shown.Verb == Create && (o.Verb == Update || o.Verb == Create) {
		return nil
	}
	if shown.Verb != o.Verb {
		want := shown.Verb
		if want == "" {
			want = None
		}
		return &PlanStale{Key: o.Key, Verb: o.Verb, Want: want}
	}
	for _, c := range o.Changes {
		same := func(s Change) bool { return s.Field == c.Field }
		if !slices.ContainsFunc(shown.Changes, same) {
			return &PlanStale{Key: o.Key, Verb: o.Verb, Want: shown.Verb, Field: c.Field}
		}
	}
	return nil
}

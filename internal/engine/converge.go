package engine

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// converge polls until the resource is Ready and as wanted. What a create could
// not set at once is updated here. A difference that stays after the update keeps
// no resource waiting, unless it is in an essential field: see Change.Essential.
func (t *visit) converge(ctx context.Context, id string) Outcome {
	if t.o.Verb == None && t.found.Phase == Ready {
		t.leave(t.o.Differs)
		return t.arrived(id, t.found)
	}
	p := t.poll(t.node.patience())
	updated := t.o.Verb == Update || t.node.revises() // a revision is whole when it is made
	wrote := t.Clock.Now()
	differs, late := time.Time{}, false
	for {
		found, why, err := t.readMaking(ctx, id, wrote)
		if err != nil {
			return t.failed(err)
		}
		if why == "" {
			t.arrive()
			if err := t.awaitPeers(ctx); err != nil {
				return t.failed(err)
			}
			todo, left := t.diff(found.Spec)
			if len(todo) == 0 && found.Phase == Ready {
				t.leave(left)
				if late {
					t.announce()
				}
				return t.arrived(id, found)
			}
			if slices.ContainsFunc(todo, func(c Change) bool { return c.Late || !updated && (!c.Replace || c.Essential) }) {
				updated = true
				late = t.sayLate(todo) || late
				if id, err = t.update(ctx, id, found.Spec); err != nil {
					return t.failed(err)
				}
				wrote = t.Clock.Now()
				continue
			}
			var there bool
			if why, there, err = t.readBack(id, found, todo, left, &differs); err != nil {
				return t.failed(err)
			}
			if there {
				return t.arrived(id, found)
			}
		}
		if err := p.wait(ctx, why); err != nil {
			return t.failed(err)
		}
	}
}

// readBack is a resource of which AWS has taken the changes and still reads todo otherwise, since the time in
// since. It tells what is waited for, and whether the resource is there all the same.
func (t *visit) readBack(id string, found Found[any], todo []Change, left []Difference, since *time.Time) (why string, there bool, err error) {
	if !isEssential(todo) {
		t.observe(id, found.Outputs)
		t.v.release()
	}
	if len(todo) == 0 {
		return found.Why, false, nil
	}
	if since.IsZero() {
		*since = t.Clock.Now()
	}
	why = "reading back " + describe(todo)
	switch {
	case t.Clock.Now().Sub(*since) <= visibleWithin:
		return why, false, nil
	case isEssential(todo):
		return "", false, fmt.Errorf("AWS took the change, but still reads %s", describe(todo))
	}
	t.leave(append(left, Differences(todo)...))
	*since = time.Time{}
	return why, found.Phase == Ready, nil
}

// sayLate tells of changes that were decided while the resource is waited for.
func (t *visit) sayLate(todo []Change) (late bool) {
	for _, c := range todo {
		if c.Late {
			o := t.o
			o.Reason, late = c.Now, true
			t.emit(EventWaiting, o)
		}
	}
	return late
}

// readMaking reads what has been made, and says what it waits for before it may be used: see stillMaking.
func (t *visit) readMaking(ctx context.Context, id string, wrote time.Time) (found Found[any], why string, err error) {
	if found, err = t.readOnce(ctx, Look{ID: id, NotOlder: later(wrote, t.fresh())}); err == nil {
		why, err = t.stillMaking(found, id)
	}
	return found, why, err
}

// stillMaking says what a resource that may not be used yet waits for; "" is that
// it may. The error is that it will not get there.
func (t *visit) stillMaking(found Found[any], id string) (why string, err error) {
	switch {
	case found.Phase == Absent, t.o.Verb == Replace && found.ID != id: // that is still the one it replaces, which has the same tags
		return "not visible yet", nil
	case found.Phase == Broken:
		return "", found.failure()
	case found.Phase == Leaving:
		return "", fmt.Errorf("it is being deleted: %s", found.Why)
	case found.Phase == Pending && !found.Usable:
		if found.Why == "" {
			return "pending", nil
		}
		return found.Why, nil
	}
	return "", nil
}

// arrived is the outcome of a resource that is Ready and as wanted.
func (t *visit) arrived(id string, found Found[any]) Outcome {
	t.remember(found)
	t.observe(id, found.Outputs)
	t.o.ID, t.o.Outputs = id, found.Outputs
	return t.o
}

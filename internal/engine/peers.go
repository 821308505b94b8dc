package engine

import (
	"context"
	"sync"
)

// gate is opened once, and never closed again.
type gate struct {
	once sync.Once
	open chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) release() { g.once.Do(func() { close(g.open) }) }

// peers are the keys of what a step knows and is known by; see Mutual.
func (n *node) peers() []Key {
	m, ok := n.as().(Mutual)
	if !ok {
		return nil
	}
	var out []Key
	for _, p := range m.Peers() {
		out = append(out, p.Key())
	}
	return out
}

// meetPeers tells the peers that this node is there or will be, and waits until the same
// is known of each of them: until then its Want would be a guess. One that is in AWS
// waits on, until they are there, so that one update is enough.
func (t *visit) meetPeers(ctx context.Context) error {
	id := t.found.ID
	if t.found.Phase == Absent || t.found.Phase == Leaving {
		id = ""
	}
	if len(t.v.peers) > 0 {
		t.observe(id, t.found.Outputs)
	}
	t.v.expected.release()
	for _, p := range t.v.peers {
		if err := t.awaitGate(ctx, p.expected); err != nil {
			return err
		}
	}
	if id == "" || !t.Apply {
		return nil
	}
	t.arrive()
	return t.awaitPeers(ctx)
}

// awaitPeers waits until every peer is there, or is known not to get there. What is
// wanted is then asked again: it has nothing to do with a peer that failed.
func (t *visit) awaitPeers(ctx context.Context) error {
	if t.met || len(t.v.peers) == 0 {
		return nil
	}
	for _, p := range t.v.peers {
		if err := t.awaitGate(ctx, p.there); err != nil {
			return err
		}
	}
	t.met = true
	t.ask()
	return nil
}

// ask has the resource say what is wanted, with the ids that are known by now.
func (t *visit) ask() {
	t.want = t.node.Want()
	if t.Return {
		t.want, t.unread = t.node.taken(t.entry.Taken, t.found.Spec)
	}
	t.o.Want = t.want
}

func (t *visit) awaitGate(ctx context.Context, g *gate) error {
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ErrInterrupted
	case <-t.stopped:
		return ErrInterrupted
	case <-t.Stop:
		return ErrInterrupted
	}
}

// arrive tells the peers that this node is there.
func (t *visit) arrive() {
	t.isThere = true
	t.v.there.release()
}

// leavePeers lets peers continue, whatever became of this node. They see no id of one that
// is not there.
func (t *visit) leavePeers(o Outcome) {
	absent := t.entry.ID == ""
	if t.looked {
		absent = t.found.Phase == Absent || t.found.Phase == Leaving
	}
	if len(t.v.peers) > 0 && (o.Status != "" || !t.chosen(t.key)) && absent && !t.isThere {
		t.node.SetObserved("", nil)
	}
	t.v.expected.release()
	t.v.there.release()
}

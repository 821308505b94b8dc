package engine

import (
	"fmt"
	"slices"
	"strings"
)

// direction builds the vertices of a walk.
type direction func([]Step) []*vertex

// ups makes a node wait for its needs and for what it comes after. Needs that
// are not among the steps are taken to be there.
func ups(steps []Step) []*vertex {
	vs, byKey := vertices(steps)
	for _, v := range vs {
		needs, after := v.step.edges()
		for _, k := range append(needs, after...) {
			if n := byKey[k]; n != nil && n != v {
				v.needs = append(v.needs, n)
			}
		}
		for _, k := range v.step.peers() {
			if n := byKey[k]; n != nil && n != v {
				v.peers = append(v.peers, n)
			}
		}
	}
	return vs
}

// downs makes a node wait for the nodes that need it. What is owned goes after its
// owner, with which AWS deletes it; so the owner waits for what needs what it owns.
func downs(steps []Step) []*vertex {
	vs, byKey := vertices(steps)
	for _, v := range vs {
		if v.owner = byKey[v.step.ownedBy()]; v.owner != nil {
			v.looked = make(chan struct{})
			v.owner.owned = append(v.owner.owned, v)
		}
	}
	for _, v := range vs {
		needs, _ := v.step.edges()
		for _, k := range needs {
			for n := byKey[k]; n != nil && !v.within(n); n = n.owner {
				n.needs = append(n.needs, v)
			}
		}
		if v.owner != nil {
			v.needs = append(v.needs, v.owner)
		}
	}
	return vs
}

// within tells whether a vertex is another one or goes along with it.
func (v *vertex) within(n *vertex) bool {
	for w := v; w != nil; w = w.owner {
		if w == n {
			return true
		}
	}
	return false
}

// rank gives every vertex the length of the longest chain that waits for it. An
// owner on the way down waits until what it owns was read.
func rank(vs []*vertex) {
	waiting := map[*vertex][]*vertex{}
	for _, v := range vs {
		for _, n := range v.needs {
			waiting[n] = append(waiting[n], v)
		}
	}
	var of func(v *vertex) int
	of = func(v *vertex) int {
		if v.rank == 0 {
			v.rank = 1
			for _, d := range waiting[v] {
				v.rank = max(v.rank, 1+of(d))
			}
		}
		return v.rank
	}
	for _, v := range vs {
		of(v)
	}
	for _, v := range vs {
		for above, o := 1, v.owner; o != nil; above, o = above+1, o.owner {
			v.rank = max(v.rank, o.rank+above)
		}
	}
}

func vertices(steps []Step) ([]*vertex, map[Key]*vertex) {
	vs := make([]*vertex, len(steps))
	byKey := make(map[Key]*vertex, len(steps))
	kinds := map[string]bool{}
	for i, s := range steps {
		kind := s.Key().Kind()
		vs[i] = &vertex{step: s, usable: make(chan struct{}), expected: newGate(), there: newGate(), first: !kinds[kind]}
		byKey[s.Key()], kinds[kind] = vs[i], true
	}
	return vs, byKey
}

// check finds keys used twice, needs that no node manages, and cycles, before
// anything runs.
func check(steps []Step) error {
	byKey := map[Key]Step{}
	for _, s := range steps {
		if byKey[s.Key()] != nil {
			return fmt.Errorf("the stack has %s twice", s.Key())
		}
		byKey[s.Key()] = s
	}
	const visiting, visited = 1, 2
	mark := map[Key]int{}
	var path []string
	var visit func(s Step) error
	visit = func(s Step) error {
		path = append(path, string(s.Key()))
		defer func() { path = path[:len(path)-1] }()
		switch mark[s.Key()] {
		case visited:
			return nil
		case visiting:
			return fmt.Errorf("the stack has a cycle: %s", strings.Join(path, " -> "))
		}
		mark[s.Key()] = visiting
		needs, after := s.edges()
		for _, k := range append(needs, after...) {
			n := byKey[k]
			if n == nil {
				return fmt.Errorf("%s needs %s, which is not in the stack", s.Key(), k)
			}
			if err := visit(n); err != nil {
				return err
			}
		}
		if owner := s.ownedBy(); owner != "" && !slices.Contains(needs, owner) {
			return fmt.Errorf("%s is owned by %s, which it does not need", s.Key(), owner)
		}
		mark[s.Key()] = visited
		return nil
	}
	for _, s := range steps {
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}

// Dependents are the chosen steps and all that need one of them, directly or not.
func Dependents(steps []Step, chosen func(Key) bool) map[Key]bool {
	needing := map[Key][]Key{}
	for _, s := range steps {
		needs, _ := s.edges()
		for _, k := range needs {
			needing[k] = append(needing[k], s.Key())
		}
	}
	out := map[Key]bool{}
	var take func(k Key)
	take = func(k Key) {
		if out[k] {
			return
		}
		out[k] = true
		for _, d := range needing[k] {
			take(d)
		}
	}
	for _, s := range steps {
		if chosen(s.Key()) {
			take(s.Key())
		}
	}
	return out
}

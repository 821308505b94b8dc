package agents

import "slices"

// Names are the names of the agents, in the file's order.
func (c *Config) Names() []string {
	names := make([]string, len(c.Agents))
	for i, a := range c.Agents {
		names[i] = a.Name
	}
	return names
}

// CallGroups are the agents in groups, each after the groups that it calls. Agents that
// call each other in a circle are one group, in the file's order; most agents are a
// group of their own.
func (c *Config) CallGroups() [][]Agent {
	g := callGraph{at: map[string]int{}, order: make([]int, len(c.Agents)), low: make([]int, len(c.Agents)), cfg: c}
	for i, a := range c.Agents {
		g.at[a.Name] = i
	}
	for i := range c.Agents {
		if g.order[i] == 0 {
			g.visit(i)
		}
	}
	return g.groups
}

// callGraph finds circles as Tarjan does: a group is complete once nothing in it leads
// back to an agent that was visited before it.
type callGraph struct {
	cfg        *Config
	at         map[string]int // place in the file
	order, low []int          // when an agent was visited, from 1, and the first one that it leads back to
	visited    int
	open       []int // visited, and in no group yet
	groups     [][]Agent
}

func (g *callGraph) visit(i int) {
	g.visited++
	g.order[i], g.low[i] = g.visited, g.visited
	g.open = append(g.open, i)
	for _, name := range g.cfg.Agents[i].Calls {
		k, known := g.at[name]
		switch {
		case !known:
		case g.order[k] == 0:
			g.visit(k)
			g.low[i] = min(g.low[i], g.low[k])
		case slices.Contains(g.open, k):
			g.low[i] = min(g.low[i], g.order[k])
		}
	}
	if g.low[i] < g.order[i] {
		return
	}
	from := slices.Index(g.open, i)
	members := slices.Sorted(slices.Values(g.open[from:]))
	g.open = g.open[:from]
	var group []Agent
	for _, k := range members {
		group = append(group, g.cfg.Agents[k])
	}
	g.groups = append(g.groups, group)
}

// CallLevels orders the chosen agents so that each comes after those it calls, in
// levels whose agents may go side by side. A circle has no such order: half of it goes
// first, so that what is wrong does not reach all of it, and the new tasks of all need
// not be there at once.
func (c *Config) CallLevels(chosen []string) [][]string {
	level := map[string]int{} // the first level after an agent
	var out [][]string
	put := func(at int, names []string) int {
		if len(names) == 0 {
			return at
		}
		for len(out) <= at {
			out = append(out, nil)
		}
		out[at] = append(out[at], names...)
		return at + 1
	}
	for _, group := range c.CallGroups() {
		n := 0
		var here []string
		for _, a := range group {
			for _, callee := range a.Calls {
				n = max(n, level[callee])
			}
			if slices.Contains(chosen, a.Name) {
				here = append(here, a.Name)
			}
		}
		n = put(put(n, here[:len(here)/2]), here[len(here)/2:])
		for _, a := range group {
			level[a.Name] = n
		}
	}
	return slices.DeleteFunc(out, func(l []string) bool { return len(l) == 0 })
}

// Connected tells whether an agent calls others or is called: only these have a name, and
// a proxy, of Service Connect.
func (c *Config) Connected(a Agent) bool {
	for i := range c.Agents {
		if slices.Contains(c.Agents[i].Calls, a.Name) {
			return true
		}
	}
	return len(a.Calls) > 0
}

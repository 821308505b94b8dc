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

// InCallOrder are the agents, each after those it calls. Load has refused circles.
func (c *Config) InCallOrder() []Agent {
	byName := map[string]Agent{}
	for _, a := range c.Agents {
		byName[a.Name] = a
	}
	var out []Agent
	seen := map[string]bool{}
	var visit func(Agent)
	visit = func(a Agent) {
		if seen[a.Name] {
			return
		}
		seen[a.Name] = true
		for _, callee := range a.Calls {
			visit(byName[callee])
		}
		out = append(out, a)
	}
	for _, a := range c.Agents {
		visit(a)
	}
	return out
}

// CallLevels orders the chosen agents so that each comes after those it calls, in
// levels whose agents may go side by side.
func (c *Config) CallLevels(chosen []string) [][]string {
	level := map[string]int{}
	var out [][]string
	for _, a := range c.InCallOrder() {
		n := 0
		for _, callee := range a.Calls {
			n = max(n, level[callee])
		}
		level[a.Name] = n
		if !slices.Contains(chosen, a.Name) {
			continue
		}
		level[a.Name]++
		for len(out) <= n {
			out = append(out, nil)
		}
		out[n] = append(out[n], a.Name)
	}
	return slices.DeleteFunc(out, func(l []string) bool { return len(l) == 0 })
}

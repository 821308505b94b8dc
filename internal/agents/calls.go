package agents

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// callsValue is a list of agents, or all.
func callsValue() value[Agent] {
	const allowed = "a list of names of agents such as [validator], or all"
	names := list("names of agents", 0, text(agentNameRule))
	return value[Agent]{
		read: func(r *reader, n *yaml.Node, into *Agent) {
			switch n = resolve(n); {
			case n.Kind == yaml.SequenceNode:
				into.CallsAll, into.Calls = false, nil
				names.read(r, n, &into.Calls)
			case n.Kind == yaml.ScalarNode && n.Value == "all":
				into.CallsAll, into.Calls = true, nil
			default:
				r.cannotBe(n, allowed)
			}
		},
		describe: func(d *definitions, _ *Agent) schema {
			return schema{"anyOf": []schema{{"const": "all"}, names.describe(d, nil)}}
		},
	}
}

// fillInCallsAll makes all the names of all other agents that can be called.
func fillInCallsAll(c *Config, a *Agent) {
	if !a.CallsAll {
		return
	}
	for i := range c.Agents {
		if other := &c.Agents[i]; other.Port > 0 && other != a {
			a.Calls = append(a.Calls, other.Name)
		}
	}
}

// checkCalls: an agent calls other agents of the file that have a port.
func checkCalls(r *reader, c *Config) {
	names := c.Names()
	places := c.places()
	for i := range c.Agents {
		a := &c.Agents[i]
		if a.CallsAll { // made of agents that there are, and that have a port
			continue
		}
		for k, callee := range a.Calls {
			at := func() *yaml.Node { return r.at("agents", a.Name, "calls", fmt.Sprint(k)) }
			to, known := places[callee]
			switch {
			case callee == "", slices.Index(a.Calls, callee) < k: // said already
			case !known:
				r.problem(at(), fmt.Sprintf("there is no agent %q", shorten(callee)), suggestOther(callee, a.Name, names))
			case callee == a.Name:
				r.problem(at(), a.Name+" calls itself", "the names of other agents")
			case c.Agents[to].Port == 0 && r.sound(join("agents", callee, "port")):
				r.problem(at(), fmt.Sprintf("%s has no port to be called at", callee), "agents with a port; with public: false it is for other agents only")
			}
		}
	}
}

// places are the agents' places in the file, by name.
func (c *Config) places() map[string]int {
	out := make(map[string]int, len(c.Agents))
	for i := range c.Agents {
		out[c.Agents[i].Name] = i
	}
	return out
}

// suggestOther says which agent was probably meant, and whom an agent may call.
func suggestOther(callee, self string, names []string) string {
	others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == self })
	if len(others) == 0 {
		return "the names of other agents, of which there are none"
	}
	return suggest(callee, others)
}

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
	for _, other := range c.Agents {
		if other.Port > 0 && other.Name != a.Name {
			a.Calls = append(a.Calls, other.Name)
		}
	}
}

// checkCalls: an agent calls other agents of the file that have a port.
func checkCalls(r *reader, c *Config) {
	names := c.Names()
	for _, a := range c.Agents {
		for k, callee := range a.Calls {
			at := func() *yaml.Node { return r.at("agents", a.Name, "calls", fmt.Sprint(k)) }
			to, known := c.Agent(callee)
			switch {
			case callee == "", slices.Index(a.Calls, callee) < k: // said already
			case !known:
				r.problem(at(), fmt.Sprintf("there is no agent %q", shorten(callee)), suggestOther(callee, a.Name, names))
			case callee == a.Name:
				r.problem(at(), a.Name+" calls itself", "the names of other agents")
			case to.Port == 0 && r.sound(join("agents", callee, "port")):
				r.problem(at(), fmt.Sprintf("%s has no port to be called at", callee), "agents with a port; with public: false it is for other agents only")
			}
		}
	}
}

// suggestOther says which agent was probably meant, and whom an agent may call.
func suggestOther(callee, self string, names []string) string {
	others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == self })
	if len(others) == 0 {
		return "the names of other agents, of which there are none"
	}
	return suggest(callee, others)
}

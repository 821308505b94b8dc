package agents

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkCalls: an agent calls other agents of the file, and never in a circle,
// since karmactl starts callees before callers.
func checkCalls(r *reader, c *Config) {
	names := c.Names()
	known := make(map[string]int, len(names))
	for i, n := range names {
		known[n] = i
	}
	next := make([][]call, len(c.Agents))
	for i, a := range c.Agents {
		for k, callee := range a.Calls {
			where := call{from: i, item: k}
			to, ok := known[callee]
			switch {
			case callee == "", slices.Index(a.Calls, callee) < k: // said already
			case !ok:
				r.problem(where.node(r, c), fmt.Sprintf("there is no agent %q", shorten(callee)), suggestOther(callee, a.Name, names))
			case to == i:
				r.problem(where.node(r, c), a.Name+" calls itself", "the names of other agents")
			case c.Agents[to].Port == 0 && r.sound(join("agents", callee, "port")):
				r.problem(where.node(r, c), fmt.Sprintf("%s has no port to be called at", callee), "agents with a port; with public: false it is for other agents only")
			default:
				where.to = to
				next[i] = append(next[i], where)
			}
		}
	}
	reportCycles(r, c, next)
}

// suggestOther says which agent was probably meant, and whom an agent may call.
func suggestOther(callee, self string, names []string) string {
	others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == self })
	if len(others) == 0 {
		return "the names of other agents, of which there are none"
	}
	return suggest(callee, others)
}

// call is one entry of calls: agents[from] calls agents[to].
type call struct{ from, to, item int }

func (e call) node(r *reader, c *Config) *yaml.Node {
	return r.at("agents", c.Agents[e.from].Name, "calls", fmt.Sprint(e.item))
}

// reportCycles walks depth first and reports each call that leads back.
func reportCycles(r *reader, c *Config, next [][]call) {
	const open, closed = 1, 2
	state := make([]int, len(next))
	var trail []int
	var visit func(i int)
	visit = func(i int) {
		state[i] = open
		trail = append(trail, i)
		for _, e := range next[i] {
			switch state[e.to] {
			case open:
				var circle []string
				for _, j := range trail[slices.Index(trail, e.to):] {
					circle = append(circle, c.Agents[j].Name)
				}
				circle = append(circle, c.Agents[e.to].Name)
				r.problem(e.node(r, c), "calls go in a circle: "+strings.Join(circle, " -> "), "remove one of them: agents start after those they call")
			case 0:
				visit(e.to)
			}
		}
		trail = trail[:len(trail)-1]
		state[i] = closed
	}
	for i := range next {
		if state[i] == 0 {
			visit(i)
		}
	}
}

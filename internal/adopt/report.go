// Package adopt judges whether a fleet that another program made could become a stack of
// karmactl's as it is: which live resource has which key, what of each differs from what
// karmactl would make, what has no counterpart, and what is in the way. It reads nothing
// itself and changes nothing: internal/live reads, and a report is all that comes of it.
package adopt

import (
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

// Counterpart is a live resource that has a key of the stack.
type Counterpart struct {
	Key engine.Key
	// ID is AWS's id or ARN, Name what people call it; Name is "" where the id is the name.
	ID, Name string
	// Differs says what is another than in a resource that karmactl makes.
	Differs []string
}

// Rest is a live resource of the fleet that has no counterpart.
type Rest struct {
	// Kind is AWS's word for it: "security group".
	Kind, ID, Name string
	// Why says why it has none.
	Why string
}

// Obstacle is a reason why the fleet cannot become a stack as it is.
type Obstacle struct {
	// What names the resource or the agent.
	What string
	Why  string
	// Instead is what a user can do about it.
	Instead string
}

// Report is what became of each live resource.
type Report struct {
	Counterparts []Counterpart
	Rest         []Rest
	Obstacles    []Obstacle
	// New are the stack's keys that have no live counterpart: up would make them.
	New []engine.Key
}

// Plan is the stack that the fleet would become.
type Plan struct {
	Config  *agents.Config
	Account cloud.Account
	// ServiceOf are the names of the live services, by agent.
	ServiceOf map[string]string
	// Wanted are the resources of the stack.
	Wanted []engine.Node
	// Skip are the keys that are left out, with the ids of what would have had them.
	Skip map[engine.Key]string
}

// Zones are the availability zones that the fleet's subnets are in, in order.
func Zones(f *live.Fleet) []string {
	var out []string
	for _, s := range f.Subnets {
		if s.AvailabilityZone != nil && !slices.Contains(out, *s.AvailabilityZone) {
			out = append(out, *s.AvailabilityZone)
		}
	}
	slices.Sort(out)
	return out
}

// Judge compares a fleet with the stack that it would become.
func Judge(f *live.Fleet, p Plan) *Report {
	j := &judge{Fleet: f, Plan: p, out: &Report{}, wanted: map[engine.Key]engine.Node{}, taken: map[engine.Key]string{}}
	for _, n := range p.Wanted {
		j.wanted[n.Key()] = n
	}
	j.cluster()
	j.network()
	j.edge()
	j.domain()
	j.secrets()
	for _, a := range p.Config.Agents {
		j.agent(a)
	}
	j.others()
	j.foreign()
	for _, n := range p.Wanted {
		if j.taken[n.Key()] == "" && !j.byItself(n.Key()) {
			j.out.New = append(j.out.New, n.Key())
		}
	}
	return j.out
}

// byItself tells whether an up makes nothing of a key without a counterpart: AWS makes it for
// the account, it proves the certificate that is taken over, or it is a role of an agent that
// stays at the revision that it runs.
func (j *judge) byItself(k engine.Key) bool {
	switch {
	case k.Kind() == "slr":
		return true
	case k == "record/validation", k == "certificate-validation":
		return j.taken["certificate"] != ""
	case k.Kind() == "role":
		_, agent, _ := strings.Cut(k.Name(), "/")
		return j.taken[engine.Key("task-definition/"+agent)] != ""
	}
	return false
}

// judge is a comparison under way.
type judge struct {
	*live.Fleet
	Plan
	out    *Report
	wanted map[engine.Key]engine.Node
	// taken are the ids of the counterparts.
	taken map[engine.Key]string
	// mine are the ids and ARNs that have a place in the report.
	mine []string
}

// take gives a live resource its key, unless the stack does not have it or it is taken.
func (j *judge) take(key engine.Key, kind, id, name string, tags cloud.Tags, differs ...string) bool {
	if stack := tags[cloud.TagStack]; stack != "" && stack != j.Config.Stack() {
		j.obstacle(kind+" "+orID(name, id), "it is a resource of karmactl's stack "+stack, "work on that stack, with its own agents.yaml")
		return false
	}
	if j.Skip[key] == id && id != "" {
		j.rest(kind, id, name, skipped(key))
		return false
	}
	if _, ok := j.wanted[key]; !ok {
		j.rest(kind, id, name, "agents.yaml has nothing that it would be")
		return false
	}
	if other := j.taken[key]; other != "" {
		j.rest(kind, id, name, "a stack has one "+string(key)+", and that is "+other)
		return false
	}
	differs = slices.DeleteFunc(differs, func(s string) bool { return s == "" })
	j.taken[key] = id
	j.mine = append(j.mine, id)
	j.out.Counterparts = append(j.out.Counterparts, Counterpart{Key: key, ID: id, Name: name, Differs: differs})
	return true
}

func (j *judge) rest(kind, id, name, why string) {
	j.mine = append(j.mine, id)
	j.out.Rest = append(j.out.Rest, Rest{Kind: kind, ID: id, Name: name, Why: why})
}

func (j *judge) obstacle(what, why, instead string) {
	j.out.Obstacles = append(j.out.Obstacles, Obstacle{What: what, Why: why, Instead: instead})
}

// differ says that something is not as karmactl makes it; "" when it is.
func differ(what, have, own string) string {
	switch have {
	case own:
		return ""
	case "":
		have = "nothing"
	}
	if own == "" {
		own = "nothing"
	}
	return what + " " + have + ", karmactl's own is " + own
}

func orID(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

// lastOf is the part of an ARN or id behind the last slash.
func lastOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

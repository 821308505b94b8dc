package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// doc is a plan for people and scripts.
func (p *plan) doc() *document.Plan {
	doc := &document.Plan{
		Stack: p.cfg.Stack(), Region: p.account.Region, Account: p.account.ID, File: p.cfg.File,
		Changes: []document.Change{}, Waiting: waiting(p.res), Warnings: slices.Concat(document.Warn(p.stack.Warnings()...), p.notesOf(p.res), p.warnings),
	}
	if changed(p.res) || p.bucket != nil {
		doc.Hooks = p.hooks
	}
	total := map[string]int{}
	outcomes := p.res.Outcomes
	if p.bucket != nil {
		outcomes = append([]engine.Outcome{*p.bucket}, outcomes...)
	}
	for _, o := range outcomes {
		if agent := p.stack.AgentOf(o.Key); o.Verb == engine.None && agent != "" && len(p.only) > 0 && !slices.Contains(p.only, agent) {
			continue // it was not compared
		}
		group := p.stack.Group(o.Key)
		if o.Verb != engine.Delete {
			total[group]++
		}
		doc.Summary = count(doc.Summary, o.Verb)
		if o.Verb == engine.None {
			continue
		}
		doc.Changes = append(doc.Changes, changeDoc(o, group, p.stack.AgentOf(o.Key)))
	}
	for _, g := range stack.Groups() {
		doc.Groups = append(doc.Groups, document.Group{Name: g, About: p.stack.About(g, p.only), Total: total[g]})
	}
	return doc
}

// changeDoc is what is done to a resource, of a group and an agent.
func changeDoc(o engine.Outcome, group, agent string) document.Change {
	ch := document.Change{Key: string(o.Key), Kind: o.Key.Kind(), Group: group, Agent: agent, Verb: string(o.Verb), Fields: []document.Field{}, Reason: o.Reason}
	for _, c := range o.Changes {
		ch.Fields = append(ch.Fields, document.Field{Field: c.Field, Was: c.Was, Now: c.Now})
	}
	return ch
}

func count(s document.Summary, v engine.Verb) document.Summary {
	switch v {
	case engine.Create:
		s.Create++
	case engine.Update:
		s.Update++
	case engine.Replace:
		s.Replace++
	case engine.Delete:
		s.Delete++
	default:
		s.Unchanged++
	}
	return s
}

// waiting lists each agent that waits once.
func waiting(res *engine.Result) []document.Waiting {
	out := []document.Waiting{}
	seen := map[engine.MissingInput]bool{}
	for _, o := range res.With(engine.AwaitingUser) {
		if o.Missing == nil || seen[*o.Missing] {
			continue
		}
		seen[*o.Missing] = true
		out = append(out, document.Waiting{Agent: o.Missing.Agent, Reason: o.Missing.Reason, Command: o.Missing.Command})
	}
	return out
}

// notesOf are what resources have to say, each once, and what it costs while an agent is on demand.
func (s *session) notesOf(res *engine.Result) []document.Warning {
	out := ruledNotes(ruledOf(res))
	var restored []string
	for _, o := range res.Outcomes {
		for _, n := range o.Notes {
			if have, is := o.Have.(provision.ServiceSpec); is {
				if turn, on := have.OnDemand(); on && n == turn.Note(o.Key.Name()) {
					n = s.withOnDemandPrice(o.Key.Name(), n)
				}
			}
			if key, is := strings.CutPrefix(n, provision.Restored); is {
				restored = append(restored, key)
			} else if w := (document.Warning{Text: n}); !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	if len(restored) > 0 {
		out = append(out, document.Warning{Text: provision.Restored + strings.Join(restored, ", ") + " (deletion was only scheduled)"})
	}
	return out
}

func ruledNotes(all []provision.Ruled) []document.Warning {
	var out []document.Warning
	for _, n := range provision.NotesOfRuled(all) {
		out = append(out, document.Warning(n))
	}
	return out
}

// ruledOf are the agents whose number of tasks is not agents.yaml's to set, as a walk found them.
func ruledOf(res *engine.Result) []provision.Ruled {
	var out []provision.Ruled
	for _, o := range res.Outcomes {
		if have, is := o.Have.(provision.ScalableTargetSpec); is && have.Elsewhere != nil && o.Verb != engine.Delete {
			out = append(out, *have.Elsewhere)
		}
	}
	return out
}

// kept says what stays, once for each reason.
func kept(res *engine.Result) []string {
	return keptBecause(res, func(o engine.Outcome) string { return o.Reason })
}

// kept says what stays, and what the agents' data costs as long as it does.
func (p *plan) kept(res *engine.Result) []string {
	return keptBecause(res, func(o engine.Outcome) string {
		if o.Key == fileSystemKey {
			return o.Reason + p.keepingFiles()
		}
		return o.Reason
	})
}

func keptBecause(res *engine.Result, why func(engine.Outcome) string) []string {
	keys := map[string][]string{}
	var order []string
	for _, o := range res.Outcomes {
		if o.Verb != engine.None || o.Reason == "" {
			continue
		}
		because := why(o)
		if keys[because] == nil {
			order = append(order, because)
		}
		keys[because] = append(keys[because], string(o.Key))
	}
	out := []string{}
	for _, because := range order {
		out = append(out, fmt.Sprintf("kept: %s (%s)", strings.Join(keys[because], ", "), because))
	}
	return out
}

// fileSystemKey is the stack's own file system.
const fileSystemKey = engine.Key("file-system")

// keepingFiles is what the data costs, after the reason why it stays; "" without prices.
func (p *plan) keepingFiles() string {
	book, err := p.app.book(p.cfg)
	if err != nil {
		return ""
	}
	return "; " + cost.KeepingFiles(p.stack.Stored(), book)
}

// keptFiles are the words of kept on data whose volumes the file has no more: its costs
// continue, and are in no estimate.
func (p *plan) keptFiles() []string {
	if o, there := p.res.Get(fileSystemKey); there && o.Verb == engine.None && o.Reason != "" {
		return []string{fmt.Sprintf("kept: %s (%s%s)", o.Key, o.Reason, p.keepingFiles())}
	}
	var volumes []string
	for _, o := range p.res.Outcomes {
		if o.Verb == engine.Delete && o.Key.Kind() == "access-point" && o.Key == o.Key.Base() { // not one that was made twice
			volumes = append(volumes, o.Key.Name())
		}
	}
	if len(volumes) == 0 {
		return nil
	}
	return []string{"kept: the files of " + strings.Join(volumes, ", ") + ", in that directory of the file system: a volume of that agent and name has them again, one of another name begins empty"}
}

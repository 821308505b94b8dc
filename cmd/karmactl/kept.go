package main

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
)

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
	return nil
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/adopt"
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
)

// leaveOut compares as judge does, without the resources of these keys. What the keys mean
// is decided by the whole fleet, so that a run that wrote the file and died is continued by
// the same command.
func (t *takeover) leaveOut(cfg *agents.Config, o importer.Options, skip []string) error {
	if err := t.judge(nil, t.fleet, o); err != nil {
		return err
	}
	whole, wanted := t.report, t.wanted
	if cfg != nil {
		t.text, t.notes = "", nil
		if err := t.judge(cfg, t.fleet, o); err != nil {
			return err
		}
	}
	keys := engineKeys(skip)
	t.skip = map[engine.Key]string{}
	var left []string
	for _, key := range keys {
		i := slices.IndexFunc(whole.Counterparts, func(c adopt.Counterpart) bool { return c.Key == key })
		if i < 0 {
			return noSuchKey(key, whole)
		}
		if err := whole.CheckSkip(key, keys, wanted); err != nil {
			return &usageError{err}
		}
		if cfg != nil && key.Kind() != "rule" && slices.ContainsFunc(t.wanted, func(n engine.Node) bool { return n.Key() == key }) {
			return &usageError{fmt.Errorf("%s asks for %s, and --skip leaves it out: take it out of the file first", cfg.File, key)}
		}
		t.skip[key] = whole.Counterparts[i].ID
		left = append(left, fmt.Sprintf("%s (%s)", key, named(whole.Counterparts[i])))
	}
	return t.judge(cfg, whole.Without(t.fleet, keys), o, "left out by --skip, with who made it: "+strings.Join(left, ", "))
}

func engineKeys(texts []string) []engine.Key {
	var out []engine.Key
	for _, s := range texts {
		if key := engine.Key(s); !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

func named(c adopt.Counterpart) string { return cmp.Or(c.Name, c.ID) }

// noSuchKey says that nothing of the fleet would have the key, and which is near.
func noSuchKey(key engine.Key, r *adopt.Report) error {
	var all []string
	for _, c := range r.Counterparts {
		all = append(all, string(c.Key))
	}
	hint := "karmactl adopt --dry-run lists the keys"
	if near := agents.Nearest(string(key), all); near != "" {
		hint = "did you mean " + near + "?"
	}
	return &usageError{fmt.Errorf("--skip %s: nothing of the fleet would have this key: %s", key, hint)}
}

// fleetWithin is how long a completion may read a fleet: that of a few agents is some sixty calls.
const fleetWithin = 4 * time.Second

// completeSkip offers the keys that may be left out, with the names of what has them.
func (a *app) completeSkip(o *adoptOptions) complete {
	return a.completeWithin(fleetWithin, func(ctx context.Context, _ []string) ([]string, error) {
		_, clusters, err := readTerraform(o.from)
		if err == nil {
			err = o.chooseCluster(clusters)
		}
		if err != nil {
			return nil, err
		}
		t, err := a.readTakeover(ctx, adoptOptions{cluster: o.cluster})
		if err != nil {
			return nil, err
		}
		defer func() { _ = t.close() }() // nothing was written
		return mayBeLeftOut(t.report, o.skip), nil
	})
}

// mayBeLeftOut are the keys of a report that may be, and are not yet, each with the name of
// what has it behind a tab.
func mayBeLeftOut(r *adopt.Report, given []string) []string {
	var words []string
	for _, c := range r.Counterparts {
		if adopt.CanSkip(c.Key) && !slices.Contains(given, string(c.Key)) {
			words = append(words, string(c.Key)+"\t"+named(c))
		}
	}
	slices.Sort(words)
	return words
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/planfile"
	"github.com/karmacadabra/karmactl/internal/state"
)

// digest is that of a configuration: two files that mean the same have the same.
func digest(cfg *agents.Config) (string, error) {
	c := *cfg
	c.File = ""
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("the configuration has no digest: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func (p *plan) save(path string, store *state.Store) error {
	config, err := digest(p.cfg)
	if err != nil {
		return err
	}
	st := store.Snapshot()
	f := planfile.File{
		Version: planfile.Version, Stack: p.cfg.Stack(), Account: p.account.ID, Region: p.account.Region, Config: config,
		Lineage: lineage(st), Serial: st.Serial, Made: p.clock.Now().UTC(), Refresh: p.refresh,
	}
	for _, o := range p.res.Outcomes {
		n := planfile.Step{Key: o.Key, Verb: o.Verb}
		for _, c := range o.Changes {
			n.Fields = append(n.Fields, planfile.Field{Field: c.Field, Was: c.Was})
		}
		f.Steps = append(f.Steps, n)
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("the plan cannot be kept: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("the plan cannot be kept: %w", err)
	}
	return nil
}

// lineage of a state; one that was never written has none yet.
func lineage(st *state.State) string {
	if st.Serial == 0 {
		return ""
	}
	return st.Lineage
}

// shownBy turns a kept plan into what the walk compares with, after checking that
// nothing has moved since it was made; fresh is what a plan finds now.
func shownBy(s *session, f *planfile.File, path string, store *state.Store, fresh *engine.Result) (*engine.Result, error) {
	config, err := digest(s.cfg)
	if err != nil {
		return nil, err
	}
	st := store.Snapshot()
	why := ""
	switch {
	case f.Stack != s.cfg.Stack() || f.Account != s.account.ID || f.Region != s.account.Region:
		why = fmt.Sprintf("it is of %s in account %s, %s", f.Stack, f.Account, f.Region)
	case f.Config != config:
		why = "agents.yaml has changed since"
	case f.Lineage != lineage(st) || f.Serial != st.Serial:
		why = fmt.Sprintf("something was changed since: the state is at %d, the plan was made at %d", st.Serial, f.Serial)
	default:
		why = moved(f, fresh)
	}
	if why != "" {
		return nil, engine.Advise(fmt.Errorf("%s is stale: %s", path, why), "karmactl plan --out "+path)
	}
	res := &engine.Result{}
	for _, n := range f.Steps {
		o := engine.Outcome{Key: n.Key, Verb: n.Verb, Status: engine.Done}
		for _, x := range n.Fields {
			o.Changes = append(o.Changes, engine.Change{Field: x.Field, Was: x.Was})
		}
		res.Outcomes = append(res.Outcomes, o)
	}
	return res, nil
}

// moved says which field of a kept plan is no longer what it was then: someone else has changed
// it, and what was agreed to would undo that. "" when none is.
func moved(f *planfile.File, fresh *engine.Result) string {
	for _, step := range f.Steps {
		now, _ := fresh.Get(step.Key)
		for _, c := range now.Changes {
			i := slices.IndexFunc(step.Fields, func(x planfile.Field) bool { return x.Field == c.Field })
			if i >= 0 && step.Fields[i].Was != c.Was {
				return fmt.Sprintf("%s was changed since: %s is %s, and was %s when the plan was made", step.Key, c.Field, c.Was, step.Fields[i].Was)
			}
		}
	}
	return ""
}

// planKept reads the plan that a file keeps, for a walk to be held to, and whether it was
// made with --refresh.
func planKept(s *session, path string, store *state.Store, fresh *engine.Result) (res *engine.Result, refresh bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		try := "karmactl plan --out " + path + " makes one"
		if _, ok := s.cfg.Agent(path); ok {
			try = "karmactl up --only " + path
		}
		return nil, false, engine.Advise(&usageError{fmt.Errorf("there is no plan in a file %s", path)}, try)
	}
	if err != nil {
		return nil, false, fmt.Errorf("the plan cannot be read: %w", err)
	}
	f, err := planfile.Parse(path, b)
	if err != nil {
		return nil, false, err
	}
	res, err = shownBy(s, f, path, store, fresh)
	return res, f.Refresh, err
}

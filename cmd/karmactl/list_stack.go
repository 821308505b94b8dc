package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// stacksOf are the stacks of the session's region, and what could not be read.
func stacksOf(ctx context.Context, s *session) ([]document.Stack, []error, error) {
	clients := cloud.NewClients(cloud.WithOptions(s.aws, cloud.ReadOnly))
	kept, notes := keptStates(ctx, s, clients)
	tagged, err := fleet.TaggedStacks(ctx, clients.Tagging, s.account.Region)
	if err != nil {
		notes = append(notes, err)
		tagged = map[string]fleet.Tagged{}
	}
	for name, k := range kept {
		if tagged[name] == nil && hasOwn(k.State) {
			tagged[name] = fleet.Tagged{}
		}
	}
	var out []document.Stack
	for _, name := range slices.Sorted(maps.Keys(tagged)) {
		one, unread, err := stackOf(ctx, s, clients, name, tagged[name], kept[name])
		if err != nil {
			return nil, nil, err
		}
		out, notes = append(out, one), append(notes, unread...)
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return out, notes, nil
}

// hasOwn tells whether something of a stack is left: after a down its state still has the
// roles that belong to the account.
func hasOwn(st *state.State) bool {
	for k := range st.Resources {
		if k.Kind() != "slr" {
			return true
		}
	}
	return false
}

// keptStates are the states of the region's stacks: in the account's bucket, and where agents.yaml or --state says.
func keptStates(ctx context.Context, s *session, clients *cloud.Clients) (map[string]state.Kept, []error) {
	var all []state.Kept
	var notes []error
	add := func(some []state.Kept, failed []error) { all, notes = append(all, some...), append(notes, failed...) }
	bucket := provision.StateBucketName(s.account)
	at := state.S3Options{Bucket: bucket, Owner: s.account.ID, Clock: s.clock}
	loc, err := state.ParseLocation(s.cfg.State)
	switch {
	case err != nil && s.sim != nil:
		add(state.KeptInFiles(ctx, s.app.world()+".state"))
	case err != nil:
		add(state.KeptInBucket(ctx, clients.S3, at))
	case loc.Bucket == "":
		add(state.KeptInFiles(ctx, loc.Path))
		add(state.KeptInBucket(ctx, clients.S3, at))
	default:
		if loc.Bucket != bucket {
			add(state.KeptInBucket(ctx, clients.S3, at))
			at.Prefix = loc.Prefix
		}
		at.Bucket = loc.Bucket
		add(state.KeptInBucket(ctx, clients.S3, at))
	}
	kept := map[string]state.Kept{}
	for _, k := range all {
		if k.State.Account == s.account.ID && k.State.Region == s.account.Region && !k.Changed.Before(kept[k.State.Stack].Changed) {
			kept[k.State.Stack] = k
		}
	}
	return kept, notes
}

// stackOf is one stack: its resources by the state, which knows them all, else by the tags.
func stackOf(ctx context.Context, s *session, clients *cloud.Clients, name string, tagged fleet.Tagged, kept state.Kept) (document.Stack, []error, error) {
	out := document.Stack{Stack: name, Project: kept.Project, Environment: kept.Environment, Region: s.account.Region, State: kept.URI}
	ids := tagged
	if st := kept.State; st != nil {
		ids = fleet.Tagged{}
		for k, e := range st.Resources {
			ids[k] = e.ID
		}
		if h := st.Hibernation; h != nil {
			out.Hibernates, out.Since = true, new(h.Since)
		}
		if st.By != nil {
			out.Who, out.Command = st.By.Who, st.By.Command
		}
		out.Changed = new(kept.Changed)
	}
	keys := slices.Sorted(maps.Keys(ids))
	out.Resources = len(keys)
	var services []string
	for _, k := range keys {
		if k.Kind() == "service" {
			services = append(services, ids[k])
		}
	}
	running, err := fleet.RunningOf(ctx, clients.ECS, services)
	if err != nil {
		return out, []error{err}, nil
	}
	out.Agents, out.Desired, out.Running = running.Agents, running.Desired, running.Tasks
	out.Monthly, out.Missing, err = monthOf(s, keys, running)
	return out, nil, err
}

// monthOf prices what is there; "" where a price is missing.
func monthOf(s *session, keys []engine.Key, running fleet.Running) (string, []string, error) {
	book, err := s.app.book(s.cfg)
	if err != nil {
		return "", nil, err
	}
	var tasks []cost.Task
	for _, t := range running.Sizes {
		tasks = append(tasks, cost.Task(t))
	}
	r, err := cost.Found(keys, tasks, running.Addresses, book)
	if err != nil || len(r.Lacks) > 0 {
		return "", itemNames(r.Lacks), err
	}
	return cost.USD(r.Month), nil, nil
}

// sumOf adds the months; "" where one of them is not known.
func sumOf(all []document.Stack) string {
	sum := decimal.Zero
	for _, s := range all {
		d, err := decimal.NewFromString(s.Monthly)
		if err != nil {
			return ""
		}
		sum = sum.Add(d)
	}
	return cost.USD(sum)
}

func (a *app) showStacks(d *document.Stacks) {
	where := strings.Join(d.Regions, ", ")
	if len(d.Regions) > 1 {
		where = fmt.Sprintf("the account's %d regions", len(d.Regions))
	}
	if len(d.Stacks) == 0 {
		a.term.Printf("Account %s has no stack in %s.\n", d.Account, where)
		return
	}
	table := ui.Table{Columns: []string{"stack", "region", "tasks", "resources", "$ a month", "is", "changed", "by"}, Spare: []int{7, 3, 6, 5}}
	for _, x := range d.Stacks {
		month, changed, by := cmp.Or(x.Monthly, "?"), "–", "–"
		if x.Changed != nil {
			changed = x.Changed.Local().Format("2006-01-02 15:04")
		}
		if x.Who != "" {
			by = x.Who + " " + x.Command
		}
		table.Rows = append(table.Rows, []string{x.Stack, x.Region, fmt.Sprintf("%d/%d", x.Running, x.Desired), fmt.Sprint(x.Resources), month, isOf(x), changed, by})
	}
	a.term.Table(table)
	month := "what they cost is not known: a price is missing (karmactl cost refresh fetches it)"
	if d.Monthly != "" {
		month = "$" + d.Monthly + " a month as it is now, without traffic, logs, images and free tiers"
	}
	a.term.Printf("\n")
	a.term.Para("", fmt.Sprintf("%s of account %s in %s: %s", cloud.Count(len(d.Stacks), "stack"), d.Account, where, month))
	for _, n := range d.Notes {
		a.term.Note("not read  ", n)
	}
}

// isOf says how a stack is, in two or three words.
func isOf(x document.Stack) string {
	switch {
	case x.Hibernates:
		return "asleep since " + atUTC(*x.Since)
	case x.Agents == 0:
		return "without agents"
	case x.Running < x.Desired:
		return fmt.Sprintf("%s, %d of their tasks down", cloud.Count(x.Agents, "agent"), x.Desired-x.Running)
	default:
		return cloud.Count(x.Agents, "agent") + " up"
	}
}

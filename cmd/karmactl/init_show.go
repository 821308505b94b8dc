package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/importer"
)

// showImport tells what was written, what was not, what it costs and what is next.
func (a *app) showImport(ctx context.Context, o initOptions, file string, res *importer.Result) error {
	d := document.Import{
		Head: document.Of("Import"), File: file, Source: res.Source, Stack: res.Config.Stack(), Region: res.Config.Region,
		Account: res.Account, Notes: res.Notes, NotRead: res.Beside, SecretsToDo: secretsToSet(res), Next: nextSteps(o, res),
	}
	if o.dry {
		d.DryRun, d.Text = true, res.Text
	}
	for _, ag := range res.Config.Agents {
		d.Agents = append(d.Agents, ag.Name)
	}
	if e, _, err := a.estimateOf(res.Config); err == nil && len(e.Missing) == 0 { // a region without prices has no price here
		d.MonthlyUSD = e.Total().Expected.StringFixed(2)
	}
	if a.term.JSON {
		return a.term.Document(&d)
	}
	a.printImport(&d, res)
	return a.offerRehearsal(ctx, o)
}

func (a *app) printImport(d *document.Import, res *importer.Result) {
	did := "wrote"
	if d.DryRun {
		did = "would write"
	}
	a.term.Printf("%s %s: %s in %s, %s\n", did, d.File, d.Stack, d.Region, cloud.Count(len(d.Agents), "agent"))
	if res.Source != "" {
		a.term.Para("  from      ", res.Source)
	}
	a.term.Para("  agents    ", strings.Join(d.Agents, ", "))
	if d.MonthlyUSD != "" {
		a.term.Printf("  price     $%s a month; karmactl cost says of what\n", d.MonthlyUSD)
	} else {
		a.term.Printf("  price     not known for %s here: karmactl cost refresh fetches it\n", d.Region)
	}
	if n := importer.Values(res.Account.Carried) + importer.Values(res.Account.Own) + importer.Values(res.Account.Left); n > 0 {
		a.term.Printf("  values    %d carried over, %d that karmactl does by itself, %d not carried over\n",
			importer.Values(res.Account.Carried), importer.Values(res.Account.Own), importer.Values(res.Account.Left))
	}
	for _, n := range res.Notes {
		a.term.Para("  note      ", n)
	}
	for _, b := range res.Beside {
		a.term.Para("  not read  ", b+": karmactl init --from "+strings.Fields(b)[0]+" --force reads it instead")
	}
	if len(res.Account.Left) > 0 {
		a.term.Printf("\nNot carried over, and what to do instead:\n")
		for _, x := range importer.Fold(res.Account.Left) {
			a.term.Para("  ", fmt.Sprintf("%s  %s: %s", x.Place, x.Name, x.Instead))
		}
	}
	if len(d.SecretsToDo) > 0 {
		a.term.Printf("\nSecrets whose values were not copied; give them once the stack is up:\n")
		for _, c := range d.SecretsToDo {
			a.term.Printf("  %s\n", c)
		}
	}
	if d.DryRun {
		a.term.Printf("\n# %s\n%s", d.File, d.Text)
		return
	}
	a.term.Notef("Next: %s", strings.Join(d.Next, " · "))
}

// secretsToSet are the commands that give the agents' own secrets their values.
func secretsToSet(res *importer.Result) []string {
	out := []string{}
	if len(res.Account.Carried) == 0 { // an example's are optional
		return out
	}
	for _, ag := range res.Config.Agents {
		for _, key := range ag.OwnKeys() {
			out = append(out, fmt.Sprintf("karmactl secrets set %s %s", ag.Name, key))
		}
	}
	return out
}

func nextSteps(o initOptions, res *importer.Result) []string {
	var out []string
	if filepath.Clean(o.dir) != "." {
		out = append(out, "cd "+o.dir)
	}
	out = append(out, "karmactl validate", "karmactl plan --offline", "karmactl up --simulate world")
	for _, ag := range res.Config.Agents {
		if ag.Build != nil && ag.Image == "" {
			return append(out, "karmactl up --build")
		}
	}
	return out
}

// offerRehearsal asks whether to try the file at once, where there is a terminal to
// ask on and the file is in this folder.
func (a *app) offerRehearsal(ctx context.Context, o initOptions) error {
	if bool(o.dry) || !a.term.Ask || a.term.Quiet || a.opts.yes || filepath.Clean(o.dir) != "." {
		return nil
	}
	yes, err := a.term.Confirm(ctx, "Rehearse it now, on a simulated AWS kept in the folder world? Only yes is yes:", "yes")
	if err != nil || !yes {
		return err
	}
	a.opts.simulate, a.opts.file, a.opts.yes = "world", "", true
	return a.rehearseUp(ctx)
}

func (a *app) rehearseUp(ctx context.Context) error {
	s, err := a.open(ctx, identified, func(*agents.Config) error { return nil })
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	return runUp(ctx, s, upOptions{})
}

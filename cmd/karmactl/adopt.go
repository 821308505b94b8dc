package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/adopt"
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
	"github.com/karmacadabra/karmactl/internal/live"
	"github.com/karmacadabra/karmactl/internal/stack"
)

type adoptOptions struct {
	cluster, from         string
	dryRun, undo, release bool
	skip                  []string
}

func (o *adoptOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.cluster, "from-ecs", "", "the ECS `CLUSTER` of the fleet")
	f.StringVar(&o.from, "from", "", "the Terraform state that made it, in `FILE`: its cluster is read, and its addresses are named")
	f.BoolVar(&o.dryRun, "dry-run", false, "compare and change nothing")
	f.StringArrayVar(&o.skip, "skip", nil, "leave the resource with this `KEY` to who made it, such as service/chat; give it again for more")
	f.BoolVar(&o.undo, "undo", false, "give everything back: take the tags and the state's records away again")
	f.BoolVar(&o.release, "release", false, "the other program has let go: from now on karmactl may delete and replace")
}

func newAdoptCmd(a *app) *cobra.Command {
	var o adoptOptions
	cmd := &cobra.Command{
		Use: "adopt --from-ecs CLUSTER", Short: "Take over a fleet that runs, as it is", Args: cobra.NoArgs,
		Long: `Reads an ECS cluster that another program made (Terraform, the console) and all that
its services use, and compares it with the stack of an agents.yaml: the one that is
there, or else the one that it writes. It names

- what is in the way: a launch type, a deployment controller or a volume that agents.yaml
  cannot say, containers that wait in another order, a deployment under way, an image
  that is gone;
- the live resource behind each key, and what of it karmactl makes otherwise;
- what has no counterpart, such as shared roles, and what others have in the network;
- what is not there, so that up would make it.

With --dry-run that is all. Without, and with nothing in the way, it takes the fleet over:
agents.yaml where there is none, the state, and two tags on each resource are all that it
writes. What differs stays as it is, each agent's revision too, and what the fleet does
not have is turned off in the file: karmactl plan then has next to nothing to show.
karmactl deploy AGENT tries karmactl's own revision with one agent, and the image that runs.

--skip KEY leaves a resource out of it: service/AGENT with all of the agent's own, an alarm,
a rule, a record, an endpoint, a scaling policy. It stays with who made it, and agents.yaml
is written so that karmactl does not want it; only of a rule up makes its own. What others
of the fleet need cannot be left out.

The other program still has the fleet. Until it has let go of it (terraform state rm),
and adopt --release has said so, karmactl neither deletes nor replaces what it took over:
down and hibernate are refused. adopt --undo gives all of it back: what karmactl has
changed since is set back, services to the revision that ran then, in a deployment each;
what it has made is deleted. It shows both before it asks.

--from FILE takes the cluster from a Terraform state ("terraform state pull",
"terraform show -json"), names Terraform's addresses, and prints the commands and the
removed blocks with which Terraform lets go; with --undo it prints import blocks. Exit
code 1 when something is in the way.`,
		Example: `  karmactl adopt --from-ecs acme-prod --region us-east-1 --dry-run
  karmactl adopt --from-ecs acme-prod --skip service/chat
  karmactl adopt --from terraform.tfstate
  karmactl adopt --release --from terraform.tfstate
  karmactl adopt --undo`,
		RunE: func(c *cobra.Command, _ []string) error {
			if len(o.skip) > 0 && (o.undo || o.release) {
				return &usageError{errors.New("--skip is of a takeover: --undo and --release are of all that was taken over")}
			}
			return a.inTime(c.Context(), func(ctx context.Context) error {
				switch {
				case o.undo:
					return runAdoptUndo(ctx, a, o)
				case o.release:
					return runAdoptRelease(ctx, a, o)
				}
				return runAdopt(ctx, a, o)
			})
		},
	}
	o.addFlags(cmd.Flags())
	cmd.MarkFlagsMutuallyExclusive("dry-run", "undo", "release")
	completeFlag(cmd, "skip", a.completeSkip(&o))
	return cmd
}

func runAdopt(ctx context.Context, a *app, o adoptOptions) error {
	terraform, clusters, err := readTerraform(o.from)
	if err != nil {
		return err
	}
	if err := o.chooseCluster(clusters); err != nil {
		return err
	}
	t, err := a.readTakeover(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = t.close() }() // all that matters is written by then
	t.terraform = terraform
	if o.dryRun || len(t.report.Obstacles) > 0 {
		return a.showAdoption(o, t)
	}
	return t.takeOver(ctx)
}

// chooseCluster has the cluster be the state's where none is named.
func (o *adoptOptions) chooseCluster(clusters []string) error {
	switch {
	case o.cluster != "":
	case o.from == "":
		return usage("karmactl adopt --from-ecs CLUSTER", "name the cluster, or a Terraform state with --from")
	case len(clusters) != 1:
		return engine.Advise(fmt.Errorf("%s has %s of ECS", o.from, cloud.Count(len(clusters), "cluster")), "karmactl adopt --from "+o.from+" --from-ecs CLUSTER")
	default:
		o.cluster = clusters[0]
	}
	return nil
}

// takeover is a fleet that runs and the stack that it is to be.
type takeover struct {
	*session
	fleet  *live.Fleet
	report *adopt.Report
	// wanted are the resources of the stack, skip the ids of what is left out of it, by key.
	wanted []engine.Node
	skip   map[engine.Key]string
	// text is the agents.yaml to write; "" where there is one.
	text, file string
	notes      []string
	terraform  *terraformState
}

// readTakeover reads both and compares them.
func (a *app) readTakeover(ctx context.Context, o adoptOptions) (*takeover, error) {
	cfg, err := a.config()
	if none := (*agents.NotFoundError)(nil); err != nil && !errors.As(err, &none) {
		return nil, err
	}
	t := &takeover{file: a.opts.file}
	region := a.opts.region
	switch {
	case cfg != nil:
		region = cfg.Region
	case region == "":
		region = awsRegion()
	}
	t.session, err = a.connect(ctx, &agents.Config{Region: region})
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*takeover, error) { return nil, errors.Join(err, t.close()) }
	if t.account, err = cloud.Whoami(ctx, t.aws, t.account); err != nil {
		return fail(err)
	}
	a.account = t.account
	clients := cloud.NewClients(cloud.WithOptions(t.aws, cloud.ReadOnly))
	if t.fleet, err = live.Read(ctx, clients, o.cluster); err != nil {
		return fail(err)
	}
	if err := t.fleet.ReadResourcePolicies(ctx, clients); err != nil {
		return fail(fmt.Errorf("the policies that name the fleet's roles cannot be read: %w", err))
	}
	options := importer.Options{Environment: a.opts.env, Region: region, Services: true}
	if len(o.skip) > 0 {
		err = t.leaveOut(cfg, options, o.skip)
	} else {
		err = t.judge(cfg, t.fleet, options)
	}
	if err != nil {
		return fail(err)
	}
	return t, nil
}

// judge compares the fleet with the stack of the file, or, where there is none, of the file
// that is written from what is to be taken of the fleet.
func (t *takeover) judge(cfg *agents.Config, of *live.Fleet, o importer.Options, notes ...string) error {
	if cfg == nil {
		res, err := importer.OfFleet(of, o, notes...)
		if err != nil {
			return noAgentsIn(err)
		}
		cfg, t.text, t.notes = res.Config, res.Text, res.Notes
		cfg.State = t.app.opts.state
	}
	t.cfg = cfg
	facts := stack.GuessLookup(cfg)
	if zones := adopt.Zones(t.fleet); len(zones) > 0 {
		facts.Zones = zones
	}
	t.wanted = stack.New(cfg, t.env(true), facts).Resources()
	t.report = adopt.Judge(t.fleet, adopt.Plan{Config: cfg, Account: t.account, ServiceOf: cfg.ServiceNames(), Wanted: t.wanted, Skip: t.skip})
	return nil
}

// showAdoption prints the comparison. What is in the way is the exit code.
func (a *app) showAdoption(o adoptOptions, t *takeover) error {
	r := t.report
	d := &document.Adoption{
		Cluster: o.cluster, Stack: t.cfg.Stack(), Account: t.account.ID, Region: t.account.Region, Notes: append([]string{}, t.notes...),
		Agents: []document.AdoptedAgent{}, Counterparts: []document.Counterpart{}, Others: []document.OtherResource{}, Obstacles: []document.Obstacle{}, New: keyTexts(slices.Sorted(slices.Values(r.New))),
		Next: []string{"karmactl adopt --from-ecs " + o.cluster},
	}
	d.NewWhy = map[string]string{}
	for _, key := range r.New {
		d.NewWhy[string(key)] = adopt.WhatFor(key)
	}
	for _, ag := range t.cfg.Agents {
		d.Agents = append(d.Agents, document.AdoptedAgent{Name: ag.Name, Service: ag.ServiceName()})
	}
	for _, x := range r.Counterparts {
		d.Counterparts = append(d.Counterparts, document.Counterpart{Key: string(x.Key), ID: x.ID, Name: x.Name, Address: t.terraform.of(x.Key, x.ID), Differs: x.Differs})
	}
	for _, x := range r.Rest {
		d.Others = append(d.Others, document.OtherResource{ResourceKind: x.Kind, ID: x.ID, Name: x.Name, Address: t.terraform.byID[x.ID], Why: x.Why})
	}
	for _, x := range r.Obstacles {
		d.Obstacles = append(d.Obstacles, document.Obstacle(x))
	}
	if err := a.term.Adoption(d); err != nil {
		return err
	}
	if len(d.Obstacles) > 0 {
		return &exit{code: exitError}
	}
	return nil
}

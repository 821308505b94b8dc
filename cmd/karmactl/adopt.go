package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	cluster, from string
	dryRun        bool
}

func (o *adoptOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.cluster, "from-ecs", "", "the ECS `CLUSTER` of the fleet")
	f.StringVar(&o.from, "from", "", "the Terraform state that made it, in `FILE`: its cluster is read, and its addresses are named")
	f.BoolVar(&o.dryRun, "dry-run", false, "compare and change nothing: required, because adopt only compares")
}

func newAdoptCmd(a *app) *cobra.Command {
	var o adoptOptions
	cmd := &cobra.Command{
		Use: "adopt --dry-run --from-ecs CLUSTER", Short: "Compare a fleet that runs with the stack that it would be", Args: cobra.NoArgs,
		Long: `Reads an ECS cluster that another program made (Terraform, the console) and all that
its services use, and compares it with the stack of the agents.yaml that init
--from-ecs writes of it. It names

- what is in the way: a launch type or deployment controller that agents.yaml cannot
  say, several essential containers, a deployment under way, an image that is gone;
- the live resource behind each key, and what of it karmactl makes otherwise;
- what has no counterpart, such as shared roles, and what others have in the network;
- what is not there, so that up would make it.

It compares and takes nothing over: nothing is written in AWS, and no file. That is why
--dry-run is required. Exit code 1 when something is in the way. --from FILE takes the cluster from a Terraform state
("terraform state pull", "terraform show -json") and names Terraform's addresses.`,
		Example: `  karmactl adopt --dry-run --from-ecs acme-prod --region us-east-1
  karmactl adopt --dry-run --from terraform.tfstate -o json`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return runAdopt(ctx, a, o)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runAdopt(ctx context.Context, a *app, o adoptOptions) error {
	if !o.dryRun {
		return &usageError{errors.New("adopt only compares and takes nothing over: add --dry-run")}
	}
	var addresses []importer.Address
	if o.from != "" {
		all, clusters, err := importer.StateAddresses(o.from)
		switch {
		case err != nil:
			return err
		case o.cluster == "" && len(clusters) != 1:
			return &advice{fmt.Errorf("%s has %s of ECS", o.from, counted(len(clusters), "cluster")), "karmactl adopt --dry-run --from " + o.from + " --from-ecs CLUSTER"}
		case o.cluster == "":
			o.cluster = clusters[0]
		}
		addresses = all
	}
	if o.cluster == "" {
		return &usageError{errors.New("name the cluster: karmactl adopt --dry-run --from-ecs CLUSTER, or --from a Terraform state")}
	}
	region := a.opts.region
	if region == "" {
		region = awsRegion()
	}
	s, err := a.connect(ctx, &agents.Config{Region: region})
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // it only reads
	if s.account, err = cloud.Whoami(ctx, s.aws, s.account); err != nil {
		return err
	}
	a.account = s.account
	fleet, err := live.Read(ctx, cloud.NewClients(cloud.WithOptions(s.aws, cloud.ReadOnly)), o.cluster)
	if err != nil {
		return err
	}
	res, err := importer.OfFleet(fleet, importer.Options{Environment: a.opts.env, Region: region})
	if err != nil {
		return noAgentsIn(err)
	}
	s.cfg = res.Config
	facts := stack.GuessLookup(res.Config)
	if zones := adopt.Zones(fleet); len(zones) > 0 {
		facts.Zones = zones
	}
	report := adopt.Judge(fleet, adopt.Plan{
		Config: res.Config, Account: s.account, ServiceOf: res.Services, Wanted: stack.New(res.Config, s.env(true), facts).Resources(),
	})
	return a.showAdoption(o, res, s.account, report, addresses)
}

// showAdoption prints the comparison. What is in the way is the exit code.
func (a *app) showAdoption(o adoptOptions, res *importer.Result, account cloud.Account, r *adopt.Report, addresses []importer.Address) error {
	at := addressesOf(addresses)
	d := &document.Adoption{
		Cluster: o.cluster, Stack: res.Config.Stack(), Account: account.ID, Region: account.Region, Notes: append([]string{}, res.Notes...),
		Agents: []document.AdoptedAgent{}, Counterparts: []document.Counterpart{}, Others: []document.OtherResource{}, Obstacles: []document.Obstacle{}, New: texts(r.New),
		Next: []string{"karmactl init --from-ecs " + o.cluster},
	}
	for _, ag := range res.Config.Agents {
		d.Agents = append(d.Agents, document.AdoptedAgent{Name: ag.Name, Service: res.Services[ag.Name]})
	}
	for _, x := range r.Counterparts {
		d.Counterparts = append(d.Counterparts, document.Counterpart{Key: string(x.Key), ID: x.ID, Name: x.Name, Address: at[x.ID], Differs: x.Differs})
	}
	for _, x := range r.Rest {
		d.Others = append(d.Others, document.OtherResource{ResourceKind: x.Kind, ID: x.ID, Name: x.Name, Address: at[x.ID], Why: x.Why})
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

// addressesOf are Terraform's addresses by AWS's ids.
func addressesOf(all []importer.Address) map[string]string {
	at := map[string]string{}
	for _, x := range all {
		if strings.HasSuffix(x.Type, "_association") || strings.HasSuffix(x.Type, "_attachment") {
			continue // their ids are those of what they tie
		}
		for _, id := range x.IDs {
			if at[id] == "" {
				at[id] = x.Address
			}
		}
	}
	return at
}

func texts(keys []engine.Key) []string {
	out := []string{}
	for _, k := range keys {
		out = append(out, string(k))
	}
	slices.Sort(out)
	return out
}

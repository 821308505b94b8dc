package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
)

type listOptions struct{ allRegions bool }

func (o *listOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.allRegions, "all-regions", false, "look in every region that the account has enabled")
}

func newListCmd(a *app) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use: "list", Short: "All stacks of the account, and what they cost", Args: cobra.NoArgs,
		Long: `Lists the stacks of the account: how many tasks of their agents run, whether they
hibernate, what a month of what is there now costs, and who changed them last. They are
found by their tags and by the states in the account's bucket, and where --state is.
No agents.yaml is needed: without one, the region is --region or AWS_REGION.

The cost is of what bills by time: tasks, NAT gateways, load balancers, endpoints,
addresses, alarms and secrets. Traffic, logs and images come on top, and free tiers, which
an account has once, are not taken off; karmactl cost tells of both.`,
		Example: `  karmactl list
  karmactl list --all-regions
  karmactl list --region eu-west-1 -o json`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.inTime(c.Context(), func(ctx context.Context) error { return runList(ctx, a, o) })
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runList(ctx context.Context, a *app, o listOptions) error {
	s, err := a.openAccount(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // a list writes nothing
	regions := []string{s.account.Region}
	if o.allRegions {
		if regions, err = enabledRegions(ctx, s); err != nil {
			return err
		}
	}
	found, notes, err := stacksIn(ctx, s, regions)
	if err != nil {
		return err
	}
	if len(found) == 0 && len(notes) > 0 { // then there may be some
		return errors.Join(notes...)
	}
	doc := document.Stacks{Head: document.Of("Stacks"), Account: s.account.ID, Regions: regions, Stacks: found, Monthly: sumOf(found), Notes: append([]string{}, s.texts(notes)...)}
	if a.term.JSON {
		return a.term.Document(&doc)
	}
	a.showStacks(&doc)
	return nil
}

// openAccount connects to the account, with agents.yaml where there is one.
func (a *app) openAccount(ctx context.Context) (*session, error) {
	cfg, err := a.config()
	if none := (*agents.NotFoundError)(nil); errors.As(err, &none) && a.opts.file == "" {
		cfg, err = &agents.Config{Region: cmp.Or(a.opts.region, awsRegion()), State: a.opts.state}, nil
	}
	if err != nil {
		return nil, err
	}
	return a.connectAs(ctx, identified, cfg)
}

func enabledRegions(ctx context.Context, s *session) ([]string, error) {
	out, err := s.env(true).Clients.EC2.DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, fmt.Errorf("list the regions: %w", err)
	}
	var names []string
	for _, r := range out.Regions {
		names = append(names, aws.ToString(r.RegionName))
	}
	slices.Sort(names)
	return names, nil
}

// inRegion is the session in another region of the account.
func (s *session) inRegion(ctx context.Context, region string) (*session, error) {
	cfg := *s.cfg
	cfg.Region = region
	if s.sim != nil && region != s.account.Region {
		other, err := s.app.connect(ctx, &cfg)
		if err == nil {
			other.account.ID, other.account.Partition = s.account.ID, s.account.Partition
		}
		return other, err
	}
	other := *s
	other.cfg, other.aws, other.account.Region = &cfg, s.aws.Copy(), region
	other.aws.Region = region
	return &other, nil
}

// stacksIn are the stacks of the regions, and what could not be read.
func stacksIn(ctx context.Context, s *session, regions []string) ([]document.Stack, []error, error) {
	const atOnce = 6
	found, notes := make([][]document.Stack, len(regions)), make([][]error, len(regions))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, region := range regions {
		g.Go(func() error {
			there, err := s.inRegion(gctx, region)
			if err != nil {
				return err
			}
			found[i], notes[i], err = stacksOf(gctx, there)
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(found...), slices.Concat(notes...), err
}

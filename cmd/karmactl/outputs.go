package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type outputsOptions struct{ all bool }

func (o *outputsOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.all, "all", false, "ids and ARNs of everything, too")
}

func newOutputsCmd(a *app) *cobra.Command {
	var o outputsOptions
	cmd := &cobra.Command{
		Use: "outputs [NAME]", Short: "The agents' URLs and the dashboard", Args: cobra.MaximumNArgs(1),
		Long: `Prints each public agent's URL and the dashboard's; with --all the ids and ARNs of everything
that is there too. With a name it prints that value alone, for scripts: URL.AGENT (or just
AGENT), dashboard, a key of --all for its id, or KEY.OUTPUT. JSON always has everything.`,
		Example: "  karmactl outputs\n  curl \"$(karmactl outputs URL.validator)/health\"\n  karmactl outputs alb.dns_name",
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return runOutputs(ctx, s, args, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runOutputs(ctx context.Context, s *session, args []string, o outputsOptions) error {
	d, err := readOutputs(ctx, s)
	if err != nil {
		return err
	}
	term := s.app.term
	if len(args) == 1 {
		if _, is := s.cfg.Agent(strings.TrimPrefix(args[0], "URL.")); is && len(d.URLs) == 0 {
			return noURLs(s.cfg)
		}
		value, err := outputNamed(d, args[0])
		if err != nil {
			return err
		}
		if !term.JSON {
			term.Printf("%s\n", value)
			return nil
		}
	}
	if term.JSON {
		return term.Document(d)
	}
	var pairs []ui.Pair
	for _, ag := range slices.Sorted(maps.Keys(d.URLs)) {
		pairs = append(pairs, ui.Pair{Name: "url/" + ag, Value: d.URLs[ag]})
	}
	if len(d.URLs) == 0 {
		none := orAsleep(ctx, s, noURLs(s.cfg))
		term.Notef("%s", strings.TrimSuffix(none.Error()+": "+engine.AdviceOf(none), ": "))
	}
	if d.ConnectTo != "" {
		term.Notef("%s", beside(d.ConnectTo))
	}
	if d.Dashboard != "" {
		pairs = append(pairs, ui.Pair{Name: "dashboard", Value: d.Dashboard})
	}
	term.Pairs(pairs)
	if !o.all {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(d.Resources)) {
		term.Printf("%-42s %s\n", k, d.Resources[k].ID)
		for _, name := range slices.Sorted(maps.Keys(d.Resources[k].Outputs)) {
			term.Printf("  %-40s %s\n", name, d.Resources[k].Outputs[name])
		}
	}
	return nil
}

// readOutputs plans, since what is there is found on the way.
func readOutputs(ctx context.Context, s *session) (*document.Outputs, error) {
	store, err := s.readState(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.planUp(ctx, store, scope{asleep: store.Hibernation(), looks: true})
	if err != nil {
		return nil, err
	}
	if err := p.res.Err(); err != nil {
		return nil, err
	}
	d := &document.Outputs{
		Head: document.Of("Outputs"), Stack: s.cfg.Stack(), Region: s.account.Region, Account: s.account.ID,
		URLs: p.stack.URLs(), ConnectTo: p.stack.ConnectTo(), Resources: map[string]document.Output{},
	}
	for _, o := range p.res.Outcomes {
		if o.ID != "" {
			d.Resources[string(o.Key)] = document.Output{ID: o.ID, Outputs: o.Outputs}
		}
		if o.Key.Kind() == "dashboard" && o.ID != "" {
			d.Dashboard = provision.DashboardURL(s.account, s.cfg.Stack())
		}
	}
	return d, nil
}

func outputNamed(d *document.Outputs, name string) (string, error) {
	if url, ok := d.URLs[strings.TrimPrefix(name, "URL.")]; ok {
		return url, nil
	}
	if name == "dashboard" && d.Dashboard != "" {
		return d.Dashboard, nil
	}
	if r, ok := d.Resources[name]; ok {
		return r.ID, nil
	}
	var names []string
	for agent := range d.URLs {
		names = append(names, "URL."+agent)
	}
	for k, r := range d.Resources {
		names = append(names, k)
		for output, value := range r.Outputs {
			full := k + "." + output
			if full == name {
				return value, nil
			}
			names = append(names, full)
		}
	}
	slices.Sort(names)
	try := "karmactl outputs --all lists the names"
	if near := agents.Nearest(name, names); near != "" {
		try = "karmactl outputs " + near
	}
	return "", engine.Advise(&usageError{fmt.Errorf("there is no output %q", name)}, try)
}

// beside says how to ask a fleet to which its names do not lead yet. curl then sends the
// name of the URL, for which the certificate is, to the load balancer.
func beside(balancer string) string {
	return "load_balancer.records is false, so these names may lead elsewhere; to ask this fleet: curl --connect-to ::" + balancer + ": URL"
}

// noURLs is why no agent has a URL, and what gives them some.
func noURLs(cfg *agents.Config) error {
	if len(cfg.Public()) == 0 {
		return errors.New("no agent is public, so none has a URL")
	}
	return engine.Advise(errors.New("nothing is up, so no agent has a URL"), "karmactl up")
}

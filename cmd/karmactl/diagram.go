package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type diagramOptions struct{ svg bool }

func (o *diagramOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.svg, "svg", false, "as a picture in SVG, instead of Mermaid")
}

func newDiagramCmd(a *app) *cobra.Command {
	var o diagramOptions
	cmd := &cobra.Command{
		Use: "diagram", Short: "The stack as a picture with its prices: Mermaid, or SVG", Args: cobra.NoArgs,
		Long: `Draws what agents.yaml makes: who reaches which agent, who calls whom, how agents
reach the internet, and what each part costs a month. Nothing is asked of AWS. GitHub
and GitLab show Mermaid in a README, between three backticks and the word mermaid.`,
		Example: "  karmactl diagram\n  karmactl diagram --svg > stack.svg",
		RunE:    func(*cobra.Command, []string) error { return runDiagram(a, o) },
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runDiagram(a *app, o diagramOptions) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	e, _, err := a.estimateOf(cfg)
	if err != nil {
		return err
	}
	picture := drawn(cfg, e)
	format, text := "mermaid", picture.Mermaid()
	if o.svg {
		format, text = "svg", picture.SVG()
	}
	if a.term.JSON {
		return a.term.Document(&document.Diagram{Head: document.Of("Diagram"), Stack: cfg.Stack(), Region: cfg.Region, Format: format, Text: text})
	}
	a.term.Printf("%s", text)
	return nil
}

// priceOf is what the chosen part of an estimate costs; "?" where a price of it is not known.
func priceOf(e *cost.Estimate, choose func(cost.Component) bool) string {
	if len(e.Lacks(choose)) > 0 {
		return "?"
	}
	return "$" + cost.USD(e.Sum(choose).Expected)
}

// ofNouns chooses the resources of some nouns.
func ofNouns(nouns ...string) func(cost.Component) bool {
	return func(c cost.Component) bool { return slices.Contains(nouns, c.Noun) }
}

// isOwn chooses what is an agent's own. Alarms and metrics have a free tier that all share, so they are not.
func isOwn(c cost.Component) bool { return c.Noun == "service" || c.Agent != "" && c.Noun == "secret" }

// wayOut is how the agents reach the internet.
func wayOut(cfg *agents.Config, e *cost.Estimate) ui.PictureNode {
	n := ui.PictureNode{ID: "nat", Label: "NAT gateway", Detail: string(cfg.Network.NAT), Price: priceOf(e, ofNouns("nat_gateway", "elastic_ip")), Column: 3}
	switch cfg.Network.NAT {
	case agents.NATInstance:
		n.Label, n.Detail, n.Price = "NAT instance", cfg.Network.InstanceType, priceOf(e, ofNouns("auto_scaling_group", "elastic_ip"))
	case agents.NATNone:
		n.Label, n.Detail, n.Price = "Internet gateway", "tasks have addresses", "$0.00"
	}
	return n
}

// drawn is the picture of a stack: from the internet on the left to the internet on the right.
func drawn(cfg *agents.Config, e *cost.Estimate) ui.Picture {
	scheme := "http"
	if cfg.LoadBalancer.HTTPS() {
		scheme = strings.TrimSuffix("https · "+cfg.LoadBalancer.Domain, " · ")
	}
	p := ui.Picture{
		Title: fmt.Sprintf("%s · %s · %s a month", cfg.Stack(), cfg.Region, priceOf(e, func(cost.Component) bool { return true })),
	}
	if len(cfg.Public()) > 0 {
		p.Nodes = append(p.Nodes,
			ui.PictureNode{ID: "users", Label: "Internet", Detail: "who asks", Column: 0},
			ui.PictureNode{ID: "alb", Label: "Load balancer", Detail: scheme, Price: priceOf(e, ofNouns("load_balancer")), Column: 1})
		p.Edges = append(p.Edges, ui.PictureEdge{From: "users", To: "alb"})
	}
	for _, a := range cfg.Agents {
		p.Nodes = append(p.Nodes, ui.PictureNode{
			ID: "agent/" + a.Name, Label: a.Name, Detail: sizeOf(a), Column: 2,
			Price: priceOf(e, func(c cost.Component) bool { return c.Agent == a.Name && isOwn(c) }),
		})
		if a.Public {
			p.Edges = append(p.Edges, ui.PictureEdge{From: "alb", To: "agent/" + a.Name, Label: strings.TrimSuffix(a.Where(), "/")})
		}
		for _, other := range a.Calls {
			p.Edges = append(p.Edges, ui.PictureEdge{From: "agent/" + a.Name, To: "agent/" + other})
		}
	}
	drawnElsewhere := ofNouns("load_balancer", "nat_gateway", "auto_scaling_group", "elastic_ip")
	p.Nodes = append(p.Nodes, wayOut(cfg, e),
		ui.PictureNode{ID: "shared", Label: "Logs, alarms, images", Detail: "dashboard, state", Price: priceOf(e, func(c cost.Component) bool {
			return !isOwn(c) && !drawnElsewhere(c)
		}), Column: 3},
		ui.PictureNode{ID: "world", Label: "Internet", Detail: "models, AWS, images", Column: 4})
	for _, a := range cfg.Agents {
		p.Edges = append(p.Edges, ui.PictureEdge{From: "agent/" + a.Name, To: "nat"})
	}
	p.Edges = append(p.Edges, ui.PictureEdge{From: "nat", To: "world"})
	if len(cfg.Public()) == 0 { // the agents are the first column
		for i := range p.Nodes {
			p.Nodes[i].Column -= 2
		}
	}
	return p
}

// sizeOf is an agent's size in a few words: 1–3 × 0.25 vCPU, 0.5 GB, Spot.
func sizeOf(a agents.Agent) string {
	tasks := fmt.Sprint(a.Scale.Min)
	if a.Scale.Max > a.Scale.Min {
		tasks = fmt.Sprintf("%d–%d", a.Scale.Min, a.Scale.Max)
	}
	on := map[bool]string{true: " Spot"}[a.Spot.Enabled]
	arch := map[bool]string{true: " ARM64"}[a.Arch == agents.ArchARM]
	return fmt.Sprintf("%s × %g vCPU %g GB%s%s", tasks, float64(a.CPU)/1024, float64(a.Memory)/1024, on, arch)
}

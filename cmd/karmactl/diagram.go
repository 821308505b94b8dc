package main

import (
	"fmt"
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
	prices, err := a.book(cfg)
	if err != nil {
		return err
	}
	e, err := cost.EstimateConfig(cfg, prices)
	if err != nil {
		return err
	}
	picture := drawn(cfg, e)
	format, text := "mermaid", picture.Mermaid()
	if o.svg {
		format, text = "svg", picture.SVG()
	}
	if a.term.JSON {
		return a.term.Document(&document.Diagram{Head: document.Of("Diagram"), Stack: cfg.Project + "/" + cfg.Environment, Region: cfg.Region, Format: format, Text: text})
	}
	a.term.Printf("%s", text)
	return nil
}

// drawn is the picture of a stack: from the internet on the left to the internet on the right.
func drawn(cfg *agents.Config, e *cost.Estimate) ui.Picture {
	price := func(choose func(cost.Component) bool) string {
		r := e.Sum(choose)
		if len(e.Lacks(choose)) > 0 {
			return "?"
		}
		return "$" + cost.USD(r.Expected)
	}
	of := func(nouns ...string) string {
		return price(func(c cost.Component) bool {
			for _, n := range nouns {
				if c.Noun == n {
					return true
				}
			}
			return false
		})
	}
	// Alarms and metrics have a free tier that all share, so they are no agent's own.
	own := func(c cost.Component) bool { return c.Noun == "service" || c.Agent != "" && c.Noun == "secret" }
	scheme := "http"
	if cfg.LoadBalancer.HTTPS() {
		scheme = strings.TrimSuffix("https · "+cfg.LoadBalancer.Domain, " · ")
	}
	p := ui.Picture{
		Title: fmt.Sprintf("%s/%s · %s · %s a month", cfg.Project, cfg.Environment, cfg.Region, price(func(cost.Component) bool { return true })),
	}
	if len(cfg.Public()) > 0 {
		p.Nodes = append(p.Nodes,
			ui.PictureNode{ID: "users", Label: "Internet", Detail: "who asks", Column: 0},
			ui.PictureNode{ID: "alb", Label: "Load balancer", Detail: scheme, Price: of("load_balancer"), Column: 1})
		p.Edges = append(p.Edges, ui.PictureEdge{From: "users", To: "alb"})
	}
	for _, a := range cfg.Agents {
		p.Nodes = append(p.Nodes, ui.PictureNode{
			ID: "agent/" + a.Name, Label: a.Name, Detail: sizeOf(a), Column: 2,
			Price: price(func(c cost.Component) bool { return c.Agent == a.Name && own(c) }),
		})
		if a.Public {
			p.Edges = append(p.Edges, ui.PictureEdge{From: "alb", To: "agent/" + a.Name, Label: strings.TrimSuffix(a.Where(), "/")})
		}
		for _, other := range a.Calls {
			p.Edges = append(p.Edges, ui.PictureEdge{From: "agent/" + a.Name, To: "agent/" + other})
		}
	}
	out := ui.PictureNode{ID: "nat", Label: "NAT gateway", Detail: string(cfg.Network.NAT), Price: of("nat_gateway", "elastic_ip"), Column: 3}
	switch cfg.Network.NAT {
	case agents.NATInstance:
		out.Label, out.Detail, out.Price = "NAT instance", cfg.Network.InstanceType, of("auto_scaling_group", "elastic_ip")
	case agents.NATNone:
		out = ui.PictureNode{ID: "nat", Label: "Internet gateway", Detail: "tasks have addresses", Price: "$0.00", Column: 3}
	}
	p.Nodes = append(p.Nodes, out,
		ui.PictureNode{ID: "shared", Label: "Logs, alarms, images", Detail: "dashboard, state", Price: price(func(c cost.Component) bool {
			return !own(c) && c.Noun != "load_balancer" && c.Noun != "nat_gateway" && c.Noun != "auto_scaling_group" && c.Noun != "elastic_ip"
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

package importer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// StandIn is the public image that agents without one of their own run at first.
const StandIn = "public.ecr.aws/docker/library/python:3.13-slim"

// Blank writes the agents.yaml of agents that there is no description of: names,
// each with a port after a colon where it is not 8080. They run a public stand-in
// image, so that the file comes up as it is.
func Blank(names []string, o Options) (*Result, error) {
	r := &reading{opts: o}
	for _, said := range names {
		name, port, given := strings.Cut(strings.TrimSpace(said), ":")
		if name == "" {
			continue
		}
		a := r.fleet.addAgent(name, Place{})
		a.port = 8080
		if n, err := strconv.Atoi(port); err == nil && n > 0 && n < 65536 {
			a.port = n
		} else if given {
			return nil, fmt.Errorf("%q is no port: write agents as NAME or NAME:PORT", port)
		}
		a.image = StandIn
		a.command = []string{"python", "-m", "http.server", strconv.Itoa(a.port), "--directory", "/tmp"}
		a.health.path = "/"
		a.stopTimeout = 5
		a.comments = nil
		if a.name != name {
			a.comments = []string{fmt.Sprintf("%q is no name for an agent: this is the nearest one that is allowed.", shorten(name))}
		}
	}
	if len(r.fleet.agents) == 0 {
		return nil, fmt.Errorf("no agents are named: write them as NAME or NAME:PORT, with commas between")
	}
	r.nameStack()
	p := r.fleet.write([]string{
		"`karmactl validate` checks this file, `karmactl plan` shows what it would make and what that costs a month, `karmactl up` makes it so.",
		"image and command are a stand-in that answers. In their place write `build: {context: .}`, then `karmactl deploy --all --build`.",
		"agents.schema.json has every key with its meaning; editors show it.",
	}, nil, nil)
	text := strings.Join(p.lines, "\n") + "\n"
	cfg, err := agents.Parse("agents.yaml", []byte(text), "")
	if err != nil {
		return nil, fmt.Errorf("this cannot be written: %w", err)
	}
	return &Result{Source: "what was asked for", Text: text, Config: cfg, Notes: r.notes}, nil
}

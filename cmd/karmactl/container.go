package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// containersOf are the names of the containers of some agents, of all without a name. An
// agent's own container has its name.
func containersOf(cfg *agents.Config, names []string) []string {
	var out []string
	for _, a := range chosen(cfg, names) {
		out = append(out, a.Name)
		for _, c := range a.Containers() {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isContainer refuses a name that no container of these agents has; "" is all of them.
func isContainer(cfg *agents.Config, names []string, container string) error {
	known := containersOf(cfg, names)
	if container == "" || slices.Contains(known, container) {
		return nil
	}
	who := "no agent has a container"
	if len(names) == 1 {
		who = names[0] + " has no container"
	}
	return &usageError{fmt.Errorf("%s %q: %sthere is %s", who, container, didYouMean(container, known), strings.Join(known, ", "))}
}

// completeContainers offers the containers of the agents that were named.
func (a *app) completeContainers() complete {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, err := a.completionConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return containersOf(cfg, args), cobra.ShellCompDirectiveNoFileComp
	}
}

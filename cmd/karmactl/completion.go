package main

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// complete is what cobra asks for the words that may follow.
type complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeAgents offers the agents of agents.yaml that are not given yet. Nothing
// is asked of AWS, and a file that does not load offers nothing.
func (a *app) completeAgents(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.names(given, ""), cobra.ShellCompDirectiveNoFileComp
}

// completeOneAgent offers agents for the first word only.
func (a *app) completeOneAgent() complete {
	return func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.names(nil, ""), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeOneAgentOrJob is the same with the jobs.
func (a *app) completeOneAgentOrJob() complete {
	return func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, err := a.completionConfig()
		if err != nil || len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return cfg.LogNames(), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeLogs offers agents, and jobs.
func (a *app) completeLogs(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.notGiven(given, func(cfg *agents.Config) []string { return cfg.LogNames() })
}

// completeOwners offers agents, and jobs with images of their own.
func (a *app) completeOwners(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.notGiven(given, (*agents.Config).OwnerNames)
}

// notGiven offers those names of agents.yaml that are not given yet.
func (a *app) notGiven(given []string, names func(*agents.Config) []string) ([]string, cobra.ShellCompDirective) {
	cfg, err := a.completionConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(names(cfg), func(n string) bool { return slices.Contains(given, n) }), cobra.ShellCompDirectiveNoFileComp
}

// completeOwnKeys offers an agent, then a key of its own secret.
func (a *app) completeOwnKeys() complete {
	return func(c *cobra.Command, given []string, word string) ([]string, cobra.ShellCompDirective) {
		switch len(given) {
		case 0:
			return a.completeOwners(c, nil, word)
		case 1:
			if cfg, err := a.completionConfig(); err == nil {
				ag, _ := cfg.Owner(given[0])
				return ag.OwnKeys(), cobra.ShellCompDirectiveNoFileComp
			}
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeScaling offers agents as scale takes them: validator=.
func (a *app) completeScaling() complete {
	return func(_ *cobra.Command, given []string, word string) ([]string, cobra.ShellCompDirective) {
		if name, _, ok := strings.Cut(word, "="); ok {
			return []string{name + "=auto", name + "=0", name + "=1"}, cobra.ShellCompDirectiveNoFileComp
		}
		for i, g := range given {
			given[i], _, _ = strings.Cut(g, "=")
		}
		return a.names(given, "="), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSchedules offers the schedules of agents.yaml, and off.
func (a *app) completeSchedules() complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		cfg, err := a.completionConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return append(slices.Sorted(maps.Keys(cfg.Schedules)), scheduleOff), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeRegions offers AWS's regions.
func (a *app) completeRegions() complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return agents.Regions(), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeEnvironments offers the environments of agents.yaml.
func (a *app) completeEnvironments() complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		file := a.opts.file
		if file == "" {
			file = os.Getenv("KARMACTL_FILE")
		}
		if file == "" {
			file, _ = findFile()
		}
		names, directive := agents.Environments(file), cobra.ShellCompDirectiveNoFileComp
		for i, name := range names {
			if agents.IsPattern(name) { // what comes after it is the user's
				names[i], directive = strings.TrimSuffix(name, "*"), directive|cobra.ShellCompDirectiveNoSpace
			}
		}
		return names, directive
	}
}

// completeProfiles offers the profiles of AWS's shared configuration.
func completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return cloud.Profiles(), cobra.ShellCompDirectiveNoFileComp
}

// completionConfig is agents.yaml as the command to come will read it: cobra does
// not settle the variables before it asks for completions.
func (a *app) completionConfig() (*agents.Config, error) {
	if a.opts.file == "" {
		a.opts.file = os.Getenv("KARMACTL_FILE")
	}
	return a.config()
}

func (a *app) names(given []string, suffix string) []string {
	cfg, err := a.completionConfig()
	if err != nil {
		return nil
	}
	var out []string
	for _, ag := range cfg.Agents {
		if !slices.Contains(given, ag.Name) {
			out = append(out, ag.Name+suffix)
		}
	}
	return out
}

// completeFlag has a flag complete; a flag that is not there is a mistake in this
// program, which the tests of completion find.
func completeFlag(c *cobra.Command, flag string, f complete) {
	_ = c.RegisterFlagCompletionFunc(flag, f) // see above
}

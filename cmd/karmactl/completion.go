package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// complete is what cobra asks for the words that may follow.
type complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// fromFile offers what words finds in agents.yaml. Nothing is asked of AWS, and a file that does not load offers nothing.
func (a *app) fromFile(words func(cfg *agents.Config, given []string) []string) complete {
	return func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, err := a.completionConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words(cfg, given), cobra.ShellCompDirectiveNoFileComp
	}
}

// notGiven offers those names of agents.yaml that are not given yet.
func (a *app) notGiven(names func(*agents.Config) []string) complete {
	return a.fromFile(func(cfg *agents.Config, given []string) []string {
		return slices.DeleteFunc(names(cfg), func(n string) bool { return slices.Contains(given, n) })
	})
}

func (a *app) completeOneAgent() complete { return forOneArgument(a.notGiven((*agents.Config).Names)) }

// completeOwnKeys offers an agent, then a key of its own secret.
func (a *app) completeOwnKeys() complete {
	return a.fromFile(func(cfg *agents.Config, given []string) []string {
		switch len(given) {
		case 0:
			return cfg.OwnerNames()
		case 1:
			ag, _ := cfg.Owner(given[0])
			return ag.OwnKeys()
		}
		return nil
	})
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

func (a *app) completeSchedules() complete {
	return a.fromFile(func(cfg *agents.Config, _ []string) []string {
		return append(slices.Sorted(maps.Keys(cfg.Schedules)), scheduleOff)
	})
}

// fixed offers the same words always.
func fixed(words ...string) complete {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

func (a *app) completeEnvironments() complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		file := cmp.Or(a.opts.file, os.Getenv("KARMACTL_FILE"))
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

// completionConfig is agents.yaml as the command to come will read it: cobra does
// not settle the variables before it asks for completions.
func (a *app) completionConfig() (*agents.Config, error) {
	a.opts.file = cmp.Or(a.opts.file, os.Getenv("KARMACTL_FILE"))
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

// shells have a completion each; keep is the line that has it in every new session.
var shells = []struct{ name, title, keep string }{
	{"bash", "bash", "karmactl completion bash > ~/.local/share/bash-completion/completions/karmactl"},
	{"zsh", "zsh", `karmactl completion zsh > "${fpath[1]}/_karmactl"`},
	{"fish", "fish", "karmactl completion fish > ~/.config/fish/completions/karmactl.fish"},
	{"powershell", "PowerShell", "karmactl completion powershell >> $PROFILE"},
}

// wordCompletion gives cobra's command for completions this program's words, and has it refuse a shell that it
// does not know.
func wordCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd("completion") // with a word to complete it is made whatever is called
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Short, c.Long = "The Tab key's script for a shell", "Prints a script that has the Tab key complete commands, flags, agents and values.\nIt asks this program, so it stays right when agents.yaml changes."
		c.Example = "  karmactl completion bash > ~/.local/share/bash-completion/completions/karmactl"
		c.Args = knownCommand
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		for _, sub := range c.Commands() {
			for _, sh := range shells {
				if sub.Name() == sh.name {
					sub.Short, sub.Long = "The script for "+sh.title, fmt.Sprintf("Prints the script for %s. A new session has it from then on.", sh.title)
					sub.Example = "  " + sh.keep
				}
			}
		}
	}
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

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

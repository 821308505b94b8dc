package main

import (
	"cmp"

	"github.com/spf13/cobra"
)

// newHelpCmd is cobra's help, with the topics that belong to no command, and an error for what is neither.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "Help about a command, or about exit-codes or simulate",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return append(subcommands(c.Root()), "exit-codes", "simulate"), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: runHelp,
	}
}

func runHelp(c *cobra.Command, args []string) error {
	root := c.Root()
	if len(args) == 1 && args[0] == "exit-codes" {
		_, err := root.OutOrStdout().Write([]byte(exitCodes + "\n"))
		return err
	}
	if len(args) == 1 && args[0] == "simulate" {
		_, err := root.OutOrStdout().Write([]byte(aboutSimulate))
		return err
	}
	about, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return knownCommand(root, args)
	}
	return about.Help()
}

// showHelp is cobra's help with the examples first: most people look for the line to type.
func (a *app) showHelp(c *cobra.Command, _ []string) {
	example := c.Example
	c.Example = "" // the usage would have it once more
	text := cmp.Or(c.Long, c.Short) + "\n\n" + c.UsageString()
	c.Example = example
	if example != "" {
		text = example + "\n\n" + text
	}
	c.Print(a.term.Filled(text))
}

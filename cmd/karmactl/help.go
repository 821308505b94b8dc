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

// aboutSimulate is help simulate: what a rehearsal is, and how it is made to fail.
const aboutSimulate = `A rehearsal runs every command against a simulated AWS: it needs no account,
costs nothing, and every header says SIMULATED.

  karmactl --simulate world up --yes
  karmactl --simulate world deploy validator --image public.ecr.aws/x/a:crash
  KARMACTL_SIMULATE=world karmactl status

The folder world is the account, with the images that were pushed, the state
and the locks of commands that run at once; nothing is written elsewhere.
rm -r world begins again. (An account that an earlier karmactl keeps in a file
is used as it is: --simulate FILE.)
Prices are those of AWS; what takes minutes in AWS takes seconds.

Any image is there and answers. Its tag makes it fail:

  :crash        the program exits with code 1, three seconds after it starts
  :oom          it is killed, because its memory is used up (exit code 137)
  :unhealthy    it runs, and fails the health checks of target and container
  :missing      no such image is in the registry
  :amd64-only   the image has no part for arm64 (arch: arm64)
  :arm64-only   the image has no part for x86 (arch: x86_64)

The environment variable AWSSIM_BEHAVIOUR of a container takes the same words
without the colon, and goes before the tag. karmactl try shows most of it in a
minute.
`

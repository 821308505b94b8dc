package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// app is what all commands share.
type app struct {
	term *ui.Terminal
	opts options
	// account is where the command works, as far as that is known: errors are explained with it.
	account cloud.Account
	// rehearse opens the simulated account in a file, in place of AWS.
	rehearse func(path, region string) (*awssim.Sim, engine.Clock, error)
	// frugal sets up a process that does nothing but tail, and gives what undoes it; nil where
	// the process is not the command's alone.
	frugal func(follow bool) (undo func())
	// stop is closed by the first Ctrl-C.
	stop <-chan struct{}
	// graceful: the command finishes what runs after the first Ctrl-C.
	graceful atomic.Bool
	// patience is the least time that a completion has, where it is set: the programs of the
	// tests share a machine, and are late on it.
	patience time.Duration
	// leaveSignals hands the signals over to a command that deals with them itself.
	leaveSignals func()
}

// options are the global flags. Each has a KARMACTL_… variable.
type options struct {
	file     string
	env      string
	region   string
	profile  string
	state    string
	simulate string
	output   string
	yes      bool
	parallel int
	timeout  time.Duration
	noColor  bool
	color    string // auto, always, never
	quiet    bool
	verbose  bool
}

const exitCodes = `Exit codes:
    0  ok
    1  error
    2  the plan has changes (plan --detailed-exitcode)
    3  deployment failed
    4  stopped waiting, still rolling
    5  refused by the budget
    6  the state is locked by another
    7  doctor found problems
   64  wrong usage or invalid agents.yaml
  130  interrupted, state saved`

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "karmactl",
		Short: "Run a small fleet of AI agents on AWS ECS Fargate, for under $100 a month",
		Long: `karmactl brings a fleet of AI agents up on AWS ECS Fargate from one file,
tells what it will cost before anything is made, and takes it down again.

Try it without an account, in a minute:  karmactl try`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			if yes, _ := c.Flags().GetBool("version"); yes { // the flag is a boolean of this command
				return runVersion(a, "")
			}
			return c.Help()
		},
	}
	a.addFlags(root)
	root.SetFlagErrorFunc(badFlag)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return a.prepare(c) }
	root.SetOut(a.term.Out)
	root.SetErr(a.term.Err)
	addCommands(root, a)
	root.SetHelpFunc(a.showHelp)
	root.SetHelpCommand(newHelpCmd())
	root.SetHelpCommandGroupID("other")
	root.SetCompletionCommandGroupID("other")
	wordCompletion(root)
	plainArguments(root)
	return root
}

// addFlags puts the flags on the root that every command has.
func (a *app) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&a.opts.file, "file", "f", "", "the agents.yaml to read (default config/agents.yaml, then agents.yaml)")
	f.StringVarP(&a.opts.env, "env", "e", "", "the environment, which the file has by its name or by a pattern such as pr-*")
	f.StringVar(&a.opts.region, "region", "", "the AWS region (default from the file)")
	f.StringVar(&a.opts.profile, "profile", "", "the AWS profile")
	f.StringVar(&a.opts.state, "state", "", "where the state is: s3://bucket/prefix or a local path")
	f.StringVar(&a.opts.simulate, "simulate", "", "rehearse on a simulated AWS that is kept in `FOLDER`; needs no account")
	f.StringVarP(&a.opts.output, "output", "o", "text", "text or json")
	f.BoolVarP(&a.opts.yes, "yes", "y", false, "do not ask")
	f.IntVar(&a.opts.parallel, "parallel", engine.DefaultWidth, "how many resources are worked on at once")
	f.DurationVar(&a.opts.timeout, "timeout", 0, "give up after this long (default none)")
	f.StringVar(&a.opts.color, "color", "auto", "auto, always or never (also CLICOLOR_FORCE, FORCE_COLOR, NO_COLOR)")
	f.BoolVar(&a.opts.noColor, "no-color", false, "the same as --color never")
	f.BoolVarP(&a.opts.quiet, "quiet", "q", false, "no progress and no notes")
	f.BoolVarP(&a.opts.verbose, "verbose", "v", false, "tell every AWS call and its duration")
	completeFlag(root, "region", fixed(agents.Regions()...))
	completeFlag(root, "env", a.completeEnvironments())
	completeFlag(root, "profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return cloud.Profiles(), cobra.ShellCompDirectiveNoFileComp
	})
	completeFlag(root, "color", fixed(colors...))
	completeFlag(root, "output", fixed("text", "json"))
	root.Flags().Bool("version", false, "say which karmactl this is")
}

// addCommands adds the commands, by the groups in which help lists them.
func addCommands(root *cobra.Command, a *app) {
	root.AddGroup(
		&cobra.Group{ID: "stack", Title: "The stack:"},
		&cobra.Group{ID: "fleet", Title: "The running agents:"},
		&cobra.Group{ID: "money", Title: "Money:"},
		&cobra.Group{ID: "other", Title: "And:"},
	)
	for _, g := range []struct {
		id   string
		cmds []*cobra.Command
	}{
		{"stack", []*cobra.Command{newTryCmd(a), newInitCmd(a), newAdoptCmd(a), newCutoverCmd(a), newValidateCmd(a), newPlanCmd(a), newUpCmd(a), newDownCmd(a), newOutputsCmd(a), newHistoryCmd(a), newListCmd(a), newDiagramCmd(a), newCICmd(a), newStateCmd(a)}},
		{"fleet", []*cobra.Command{newDeployCmd(a), newRollbackCmd(a), newStatusCmd(a), newDoctorCmd(a), newLogsCmd(a), newScaleCmd(a), newExecCmd(a), newPortForwardCmd(a), newCpCmd(a), newRunCmd(a), newOpenCmd(a), newSecretsCmd(a), newDashboardCmd(a)}},
		{"money", []*cobra.Command{newCostCmd(a), newHibernateCmd(a), newWakeCmd(a)}},
		{"other", []*cobra.Command{newVersionCmd(a)}},
	} {
		for _, c := range g.cmds {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
}

// prepare settles the global flags before a command runs: flag, then
// KARMACTL_… variable, then default.
func (a *app) prepare(c *cobra.Command) error {
	v := viper.New()
	v.SetEnvPrefix("karmactl")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	var err error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || c.Root().PersistentFlags().Lookup(f.Name) == nil || !v.IsSet(f.Name) {
			return
		}
		if serr := c.Flags().Set(f.Name, v.GetString(f.Name)); serr != nil && err == nil {
			err = &usageError{fmt.Errorf("KARMACTL_%s %q: allowed is %s", strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), v.GetString(f.Name), valuesOf(f))}
		}
	})
	if err != nil {
		return err
	}
	if err := checkNumbers(c); err != nil {
		return err
	}
	if a.opts.output != "raw" || c.Name() != "logs" {
		if err := oneOf("--output", a.opts.output, []string{"text", "json"}); err != nil {
			return err
		}
	}
	a.term.JSON = a.term.JSON || a.opts.output == "json"
	if a.opts.region != "" {
		if err := agents.CheckRegion(a.opts.region); err != nil {
			return &usageError{fmt.Errorf("--region %w", err)}
		}
	}
	if a.opts.parallel < 1 || a.opts.parallel > 256 {
		return &usageError{fmt.Errorf("--parallel %d: allowed are 1 to 256", a.opts.parallel)}
	}
	a.opts.simulate = rehearsalFrom(a.opts.simulate, a.opts.file)
	if err := checkRehearsal(a.opts.simulate); err != nil {
		return err
	}
	a.term.Quiet, a.term.Verbose, a.term.Simulated = a.opts.quiet, a.opts.verbose, a.opts.simulate != ""
	return a.prepareColor()
}

// colors are what --color may be.
var colors = []string{"auto", "always", "never"}

func (a *app) prepareColor() error {
	if err := oneOf("--color", a.opts.color, colors); err != nil {
		return err
	}
	switch {
	case a.opts.noColor, a.opts.color == "never":
		a.term.NoColor()
	case a.opts.color == "always":
		a.term.ForceColor()
	}
	return nil
}

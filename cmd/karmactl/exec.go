package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// sessionOptions choose the task that a session is in, and its container.
type sessionOptions struct{ task, container string }

func (o *sessionOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.task, "task", "", "the task whose `ID` begins so (default the youngest)")
	f.StringVar(&o.container, "container", "", "the `NAME` of one of the agent's sidecars (default the agent's own container)")
}

func newExecCmd(a *app) *cobra.Command {
	var o sessionOptions
	cmd := &cobra.Command{
		Use: "exec AGENT [-- CMD...]", Short: "A shell in a running task, or a command", Args: agentArgument(1, 0, "karmactl exec AGENT [-- CMD]"),
		Example: `  karmactl exec validator
  karmactl exec validator -- env`,
		ValidArgsFunction: a.notGiven((*agents.Config).Names),
		Long: `Opens a session in a running task of the agent with ECS Exec: /bin/bash, or
/bin/sh where there is none. A command after -- is run instead, and its exit code
is karmactl's. Sessions are on unless agents.yaml says exec: false. This machine needs
AWS's session-manager-plugin: without it, it says how this machine gets it, and installs
nothing by itself. When something else is missing, it says what, and what to do.`,
		RunE: func(c *cobra.Command, args []string) error {
			dash := c.ArgsLenAtDash()
			if dash < 0 && len(args) > 1 || dash > 1 || dash == 0 {
				return usage("karmactl exec AGENT -- CMD", "the command goes after --")
			}
			return a.withSession(func(cfg *agents.Config, args []string) error {
				if err := areAgents(cfg, args[:1]); err != nil {
					return err
				}
				return isContainer(cfg, args[:1], o.container)
			},
				func(ctx context.Context, s *session, args []string) error {
					return runExec(ctx, s, args[0], args[1:], o)
				})(c, args)
		},
	}
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "container", a.completeContainers())
	completeFlag(cmd, "task", a.completeTasks(false))
	return cmd
}

func runExec(ctx context.Context, s *session, agent string, command []string, o sessionOptions) error {
	e, plugin := s.execIn(cloud.NewClients(s.aws), agent, o), s.plugin()
	plugin.Command = len(command) > 0
	e.Plugin = plugin
	line := ""
	if len(command) > 0 {
		line = fleet.Wrap(command)
	}
	code, _, err := s.withPlugin(func() (int, error) { return e.Run(ctx, line) })
	if err == nil && code != 0 {
		return &exit{code: code}
	}
	return err
}

// execIn is a session in a running task of an agent, without what carries it.
func (s *session) execIn(clients *cloud.Clients, agent string, o sessionOptions) *fleet.Exec {
	return &fleet.Exec{
		ECS: clients.ECS, Roles: clients.IAM, Cluster: provision.ClusterName(s.cfg.Stack()), Agent: agent, Service: s.cfg.ServiceNames()[agent], Task: o.task, Container: o.container,
	}
}

// plugin carries a session to this terminal.
func (s *session) plugin() *fleet.SessionPlugin {
	return &fleet.SessionPlugin{
		Region: s.account.Region, Profile: s.app.opts.profile, Rehearsal: s.app.opts.simulate != "", In: s.app.term.In, Out: s.app.term.Out, Err: s.app.term.Err,
	}
}

// withoutPlugin says that this machine lacks what sessions need, where one of these agents
// takes sessions; "" where there is nothing to say. No agent is the worse for it.
func (s *session) withoutPlugin(of []agents.Agent) string {
	p := fleet.SessionPlugin{Rehearsal: s.sim != nil}
	missing := (*fleet.Missing)(nil)
	if !errors.As(p.Present(), &missing) || !slices.ContainsFunc(of, func(a agents.Agent) bool { return a.Exec }) {
		return ""
	}
	return "this machine lacks AWS's session-manager-plugin, which exec, port-forward and cp need: " + missing.Do
}

// withPlugin runs a session of the session-manager-plugin. Ctrl-C is the plugin's, which
// gets it from the terminal: interrupted says that there was one.
func (s *session) withPlugin(run func() (int, error)) (code int, interrupted bool, err error) {
	s.app.leaveSignals()
	mine := make(chan os.Signal, 1)
	signal.Notify(mine, os.Interrupt)
	defer signal.Stop(mine)
	code, err = run()
	return code, len(mine) > 0, err
}

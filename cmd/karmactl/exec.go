package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

func newExecCmd(a *app) *cobra.Command {
	var task string
	cmd := &cobra.Command{
		Use: "exec AGENT [-- CMD...]", Short: "A shell in a running task, or a command", Args: agentArgument(1, 0, "karmactl exec AGENT [-- CMD]"),
		ValidArgsFunction: a.completeAgents,
		Long: `Opens a session in a running task of the agent with ECS Exec: /bin/bash, or
/bin/sh where there is none. A command after -- is run instead, and its exit code
is karmactl's. The agent needs exec: true in agents.yaml, and this machine AWS's
session-manager-plugin. When something is missing, it says which one and what to do.`,
		RunE: func(c *cobra.Command, args []string) error {
			dash := c.ArgsLenAtDash()
			if dash < 0 && len(args) > 1 || dash > 1 || dash == 0 {
				return &usageError{errors.New("the command goes after --: karmactl exec AGENT -- CMD")}
			}
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.exec(ctx, args[0], task, args[1:])
		},
	}
	cmd.Flags().StringVar(&task, "task", "", "the task whose `ID` begins so (default the youngest)")
	return cmd
}

func (a *app) exec(ctx context.Context, agent, task string, command []string) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if _, err := agentNames(cfg, []string{agent}); err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // a session leaves nothing in the stack
	clients := cloud.NewClients(s.aws)
	e := &fleet.Exec{
		ECS: clients.ECS, Roles: clients.IAM, Cluster: provision.ClusterName(cfg.Stack()), Agent: agent, Task: task,
		Plugin: &fleet.SessionPlugin{
			Region: s.account.Region, Profile: a.opts.profile, In: a.term.In, Out: a.term.Out, Err: a.term.Err, Command: len(command) > 0,
		},
	}
	line := ""
	if len(command) > 0 {
		line = fleet.Wrap(command)
	}
	// Ctrl-C is for what runs in the task: the plugin gets it from the terminal.
	a.leaveSignals()
	mine := make(chan os.Signal, 1)
	signal.Notify(mine, os.Interrupt)
	defer signal.Stop(mine)
	code, err := e.Run(ctx, line)
	var missing *fleet.Missing
	switch {
	case errors.As(err, &missing):
		return &advice{err: err, try: missing.Do}
	case err != nil:
		return err
	case code != 0:
		return &exit{code: code}
	}
	return nil
}

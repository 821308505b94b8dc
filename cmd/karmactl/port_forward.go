package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

type portForwardOptions struct{ task string }

func (o *portForwardOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.task, "task", "", "the task whose `ID` begins so (default the youngest)")
}

func newPortForwardCmd(a *app) *cobra.Command {
	var o portForwardOptions
	cmd := &cobra.Command{
		Use: "port-forward AGENT [LOCAL:]PORT", Short: "A port of a running task, on this machine", Args: cobra.MaximumNArgs(2),
		ValidArgsFunction: a.completeOneAgent(),
		Long: `Carries localhost:PORT, or localhost:LOCAL, to a port of a running task of the agent,
its own port when none is named, over ECS Exec: no security group has to let it in.
It ends with Ctrl-C. It needs what exec needs, and says what is missing.`,
		Example: "  karmactl port-forward validator\n  karmactl port-forward validator 8080:9001",
		RunE: a.withSession(checkForward, func(ctx context.Context, s *session, args []string) error {
			return runPortForward(ctx, s, args, o)
		}),
	}
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "task", a.completeTasks(false))
	return cmd
}

func checkForward(cfg *agents.Config, args []string) error {
	if len(args) == 0 {
		return usage("karmactl port-forward AGENT [LOCAL:]PORT", "name the agent")
	}
	if err := areAgents(cfg, args[:1]); err != nil {
		return err
	}
	_, _, err := ports(cfg, args)
	return err
}

// ports are the local port and that of the task.
func ports(cfg *agents.Config, args []string) (local, remote int, err error) {
	ag, _ := cfg.Agent(args[0])
	if len(args) == 1 {
		if ag.Port == 0 {
			return 0, 0, usage("karmactl port-forward "+ag.Name+" PORT", "%s has no port of its own", ag.Name)
		}
		return ag.Port, ag.Port, nil
	}
	here, there, both := strings.Cut(args[1], ":")
	if !both {
		there = here
	}
	number := func(text string) int {
		n, nerr := strconv.ParseUint(text, 10, 16)
		if (nerr != nil || n == 0) && err == nil {
			err = usage("karmactl port-forward "+ag.Name+" [LOCAL:]PORT", "%q is no port, 1 to 65535", text)
		}
		return int(n)
	}
	return number(here), number(there), err
}

func runPortForward(ctx context.Context, s *session, args []string, o portForwardOptions) error {
	local, remote, err := ports(s.cfg, args)
	if err != nil {
		return err
	}
	clients := cloud.NewClients(s.aws)
	e, plugin := s.execIn(clients, args[0], sessionOptions{task: o.task}), s.plugin()
	plugin.Begin = func() {
		s.app.term.Notef("http://localhost:%d is port %d of a task of %s · Ctrl-C ends it", local, remote, args[0])
	}
	code, interrupted, err := s.withPlugin(func() (int, error) { return e.Forward(ctx, clients.SSM, plugin, local, remote) })
	if err == nil && code != 0 && !interrupted {
		return &exit{code: code}
	}
	return err
}

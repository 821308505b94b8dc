package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

type runOptions struct {
	cpu, memory int
	spot        bool
	detach      bool
	dryRun      bool
	attach      string
	timeout     time.Duration
	budgetOptions
}

func (o *runOptions) addFlags(f *pflag.FlagSet) {
	f.IntVar(&o.cpu, "cpu", 0, "CPU units of the task (default the agent's)")
	f.IntVar(&o.memory, "memory", 0, "memory of the task in `MIB` (default the agent's)")
	f.BoolVar(&o.spot, "spot", false, "on Spot: cheaper, and AWS may take the task away")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be started and what it costs, and stop")
	f.BoolVarP(&o.detach, "detach", "d", false, "start the task, say its id and leave")
	f.StringVar(&o.attach, "attach", "", "follow the task whose `ID` begins so, instead of starting one")
	f.DurationVar(&o.timeout, "timeout", 0, "stop the task after this long (default none)")
	o.budgetOptions.addFlags(f)
}

func newRunCmd(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run AGENT|JOB [-- CMD...]", Short: "A command once, in a task of its own", Args: agentArgument(1, 0, "karmactl run AGENT [-- CMD]"),
		ValidArgsFunction: forOneArgument(a.notGiven((*agents.Config).LogNames)),
		Long: `Starts a task of its own with the image, rights, secrets and network that the
agent runs with, and a command of yours in place of the agent's. Its log comes to
standard output as it is written and is whole at the end; the exit code is the
command's, 128 + n when signal n ended it. Ctrl-C, and --timeout, stop the task.
A job (karmactl run nightly) runs now as it does by its schedule, which stays as it is.

The task runs on demand and is billed by the second. The account's quotas and the
budget have to allow it: for a day, for its --timeout, or for all month with --detach.
A task that karmactl was not there to stop ends with its command; status names it
until then, --attach follows it, and down stops it.`,
		Example: "  karmactl run validator -- python migrate.py\n  karmactl run validator --dry-run -- python migrate.py\n  karmactl run validator --cpu 1024 --memory 4096 -- sh -c 'seq 10'\n  karmactl run validator --detach -- python backfill.py",
		RunE: func(c *cobra.Command, args []string) error {
			dash := c.ArgsLenAtDash()
			if dash < 0 && len(args) > 1 || dash > 1 || dash == 0 {
				return usage("karmactl run AGENT -- CMD", "the command goes after --")
			}
			return a.withSession(func(cfg *agents.Config, args []string) error { return o.check(cfg, args) },
				func(ctx context.Context, s *session, args []string) error {
					return runRun(ctx, s, args[0], args[1:], o)
				})(c, args)
		},
	}
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "attach", a.completeRuns())
	return cmd
}

// check looks at what needs no AWS.
func (o *runOptions) check(cfg *agents.Config, args []string) error {
	agent, known := cfg.Runs(args[0])
	if !known {
		return noAgentOrJob(cfg, args[0])
	}
	if o.attach != "" && (len(args) > 1 || o.detach || o.dryRun || o.cpu+o.memory > 0 || o.spot) {
		return &usageError{errors.New("--attach follows a task that runs: it goes with no command, --detach, --dry-run, --cpu, --memory or --spot")}
	}
	o.cpu, o.memory = cmp.Or(o.cpu, agent.CPU), cmp.Or(o.memory, agent.Memory)
	if err := agents.CheckFargateSize(o.cpu, o.memory); err != nil {
		return &usageError{fmt.Errorf("--cpu, --memory: %w", err)}
	}
	return nil
}

func runRun(ctx context.Context, s *session, name string, command []string, o runOptions) error {
	s.app.graceful.Store(true) // Ctrl-C stops the task, and its end is waited for
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("--timeout %s is over: the task is being stopped", o.timeout))
		defer cancel()
	}
	env := s.env(o.dryRun)
	runs, err := provision.Runs(ctx, env.Clients.ECS, env.ClusterName(), env.Stack)
	if err != nil {
		return err
	}
	var t ecstypes.Task
	if o.attach != "" {
		t, err = chosenRun(runs, name, o.attach)
	} else {
		sayRuns(s, runs)
		var spec provision.RunSpec
		if spec, err = prepareRun(ctx, s, env, name, command, o); err != nil || o.dryRun {
			return err
		}
		t, err = startRun(ctx, env, spec)
	}
	if err != nil {
		return err
	}
	id := tasks.Short(aws.ToString(t.TaskArn))
	if o.detach {
		s.app.term.Notef("task %s was started: karmactl run %s --attach %s follows it", id, name, id)
		s.app.term.Printf("%s\n", tasks.ID(aws.ToString(t.TaskArn)))
		return nil
	}
	return followRun(ctx, s, env, name, aws.ToString(t.TaskArn))
}

// chosenRun is the agent's run whose id begins so.
func chosenRun(runs []ecstypes.Task, agent, id string) (ecstypes.Task, error) {
	for _, t := range runs {
		if provision.RunAgent(t) == agent && strings.HasPrefix(tasks.ID(aws.ToString(t.TaskArn)), id) {
			return t, nil
		}
	}
	return ecstypes.Task{}, engine.Advise(fmt.Errorf("no run of %s has a task %s, or it has ended", agent, id), "karmactl logs "+agent+" --task "+id)
}

// sayRuns names the tasks of earlier runs that have not ended.
func sayRuns(s *session, runs []ecstypes.Task) {
	for _, t := range runs {
		x := fleet.UnfinishedRun(t, s.clock.Now())
		s.app.term.Notef("%s %s: %s", x.Agent, x.Problem, x.Command)
	}
}

// prepareRun is the task with what the agent's service, or the job's schedule, runs, and says its size and price.
// The budget and the quotas allow it.
func prepareRun(ctx context.Context, s *session, env *provision.Env, name string, command []string, o runOptions) (provision.RunSpec, error) {
	store, err := s.readState(ctx)
	if err != nil {
		return provision.RunSpec{}, err
	}
	if err := refuseWhileAsleep(store, "run"); err != nil {
		return provision.RunSpec{}, err
	}
	spec, err := runsWith(ctx, s, env, name)
	if err != nil {
		return spec, err
	}
	agent, _ := s.cfg.Runs(name)
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return spec, err
	}
	hour, known := cost.TaskHour(prices, agent.Arch, o.cpu, o.memory, agent.Container.StorageGiB, o.spot)
	if err := o.allowed(ctx, s, env, hour, known); err != nil {
		return spec, err
	}
	d := &document.TaskRun{
		Head: document.Of("TaskRun"), Stack: s.cfg.Stack(), Name: name, Revision: tasks.Revision(spec.TaskDefinition), Command: command,
		CPU: o.cpu, Memory: o.memory, Spot: o.spot,
	}
	price := ""
	if known {
		d.Hourly, price = hour.StringFixed(4), fmt.Sprintf(", $%s an hour", hour.StringFixed(4))
	}
	text := fmt.Sprintf("%s: revision %d, %d CPU units, %d MiB%s", name, d.Revision, o.cpu, o.memory, price)
	switch {
	case o.dryRun && s.app.term.JSON:
		return spec, s.app.term.Document(d)
	case o.dryRun:
		s.app.term.Printf("%s\n", text)
		return spec, nil
	case o.detach:
		s.app.term.Notef("%s", text)
	default:
		s.app.term.Notef("%s · Ctrl-C stops it", text)
	}
	spec.Container, spec.Command, spec.Spot, spec.Tags, spec.Token = name, command, o.spot, env.RunTags(name), rand.Text()
	if o.cpu != agent.CPU || o.memory != agent.Memory {
		spec.CPU, spec.Memory = o.cpu, o.memory
	}
	return spec, nil
}

// startRun is not interrupted in the middle, so that no task is started whose id is not known.
func startRun(ctx context.Context, env *provision.Env, spec provision.RunSpec) (ecstypes.Task, error) {
	starting, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return provision.RunTask(starting, env.Clients.ECS, spec)
}

// runsWith are the revision and the network that an agent's service or a job's schedule has.
func runsWith(ctx context.Context, s *session, env *provision.Env, name string) (provision.RunSpec, error) {
	r := provision.RunSpec{Cluster: env.ClusterName()}
	if j, is := s.cfg.Jobs[name]; is {
		var err error
		if r.TaskDefinition, r.Network, err = env.JobRuns(ctx, j); err == nil && r.TaskDefinition == "" {
			err = engine.Advise(fmt.Errorf("the job %s has no schedule, so there is nothing to run it with", name), "karmactl up --only "+j.Agent)
		}
		return r, err
	}
	services, err := tasks.Services(ctx, env.Clients.ECS, env.ClusterName(), []string{env.ServiceName(name)})
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return r, err
	}
	if len(services) == 0 {
		return r, engine.Advise(fmt.Errorf("%s has no service, so there is nothing to run it with", name), "karmactl up --only "+name)
	}
	r.TaskDefinition, r.Network, r.Exec = aws.ToString(services[0].TaskDefinition), services[0].NetworkConfiguration, services[0].EnableExecuteCommand
	return r, nil
}

// followRun follows the task and ends as its command did.
func followRun(ctx context.Context, s *session, env *provision.Env, name, arn string) error {
	style := logs.Style{Format: logs.Raw}
	if s.app.term.JSON {
		style.Format = logs.JSON
	}
	p := logs.NewPrinter(s.app.term.Out, style)
	run := &fleet.Run{
		ECS: env.Clients.ECS, Cluster: env.ClusterName(), Agent: name, Clock: s.clock, Stop: s.app.stop,
		Log:  &logs.StreamReader{API: env.Clients.Logs, Agent: name, Stream: logs.Stream{Group: provision.LogGroupName(s.cfg.Stack(), name), Name: fleet.LogStream(name, tasks.ID(arn))}},
		Emit: func(e logs.Event) error { return errors.Join(p.Print(e), p.Flush()) },
		Say:  func(text string) { s.app.term.Notef("%s", text) },
	}
	end, err := run.Follow(ctx, arn)
	switch {
	case err != nil:
		return err
	case end.Stopped:
		s.app.term.Notef("task %s was stopped", tasks.Short(arn))
		return &exit{code: exitInterrupted}
	case end.End.ExitCode == nil:
		why := tasks.Explained(name, end.End.Reason)
		return &exit{code: exitDeployment, err: engine.Advise(fmt.Errorf("task %s did not start: %s", tasks.Short(arn), end.End.Reason), why.Fix())}
	case end.End.TimedOut:
		s.app.term.Notef("task %s was stopped: the job's timeout of %s was over", tasks.Short(arn), s.cfg.Jobs[name].TimeoutText())
		return &exit{code: agents.TimerExitCode}
	case *end.End.ExitCode != 0:
		s.app.term.Notef("task %s ended with exit code %d: %s", tasks.Short(arn), *end.End.ExitCode, end.End.Reason)
		return &exit{code: int(*end.End.ExitCode)}
	}
	return nil
}

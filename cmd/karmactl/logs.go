package main

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// logsOptions are the flags of logs.
type logsOptions struct {
	follow, live, timestamps   bool
	since, until               string
	tail                       int
	tailGiven                  bool
	filter, level, task, query string
	container                  string
	include, exclude, fields   []string
	highlight                  []string
	zone                       string
	order                      time.Duration
}

func (o *logsOptions) addFlags(f *pflag.FlagSet, file *string) {
	// Everybody's fingers follow with -f, so here the file has its long name alone.
	f.StringVar(file, "file", "", "the agents.yaml to read (default config/agents.yaml, then agents.yaml)")
	f.BoolVarP(&o.follow, "follow", "f", false, "continue with what is written from now on")
	f.StringVarP(&o.since, "since", "s", "", "from when: 30m, 2h, 7d ago, or a time (default 1h, with --tail 1d; with --follow the last 10 lines)")
	f.StringVar(&o.until, "until", "", "up to when: as --since (default now)")
	f.IntVarP(&o.tail, "tail", "n", 0, "only the last `N` events of the past (0 is all)")
	f.StringVar(&o.filter, "filter", "", "a CloudWatch Logs filter `PATTERN`, applied by AWS")
	f.StringArrayVarP(&o.include, "include", "g", nil, "keep what matches this `REGEXP` (again for more: any of them)")
	f.StringArrayVar(&o.exclude, "exclude", nil, "drop what matches this `REGEXP` (again for more)")
	f.StringArrayVar(&o.highlight, "highlight", nil, "colour what matches this `REGEXP`, and keep all else (again for more)")
	f.StringVar(&o.level, "level", "", "this level and above: debug, info, warn, error, fatal")
	f.StringVar(&o.task, "task", "", "tasks whose `ID` begins so")
	f.StringVar(&o.container, "container", "", "only the container of this `NAME`: a sidecar, one of init, or the agent's own, which has its name")
	f.BoolVar(&o.timestamps, "timestamps", false, "with the date; in raw, with the time")
	f.StringVar(&o.zone, "timezone", "Local", "tell times in this IANA `ZONE`")
	f.DurationVar(&o.order, "order", logs.DefaultOrder, "how long an event waits for older ones of other tasks, while following")
	f.BoolVar(&o.live, "live", false, "add Live Tail: within a second; $0.01 a minute after 1,800 free minutes a month")
	f.StringSliceVar(&o.fields, "fields", nil, "of JSON lines show these `FIELDS` beside the message (a,b; none)")
	f.StringVar(&o.query, "query", "", "run a named Logs Insights `QUERY`: errors, requests, response-time, slow, or one of agents.yaml")
}

func newLogsCmd(a *app) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use: "logs [agent|job...]", Short: "One merged stream of what the agents say, which loses nothing", ValidArgsFunction: a.notGiven((*agents.Config).LogNames),
		Example: `  karmactl logs -f                                  # the last lines, then all
  karmactl logs validator --since 2h --level error  # what went wrong
  karmactl logs 'karma*' validator                  # by a pattern, in quotes
  karmactl logs --filter '"request_id" "7f3a"'      # terms, or { $.field = 1 }
  karmactl logs --since 2h --highlight 'time.?out'  # in colour, among the rest
  karmactl logs --query slow --since 1d             # Logs Insights, and its cost`,
		Long: `Reads the log groups of all agents, or of the agents and jobs that are named or that a
quoted pattern matches (* ? [a-c]), as one stream in the order of time, with what ECS did in between: tasks started, stopped and why
(left out when messages are chosen by what they say, and in raw). Following
asks again for what it has already read, because CloudWatch Logs shows events
late and out of order; so nothing is lost and nothing comes twice.

A line that is JSON is shown as its message and its fields (--fields chooses
some, "none" none). Levels, --include and --exclude look at a message without
its colours; a traceback is an error and one thing.

How soon a line comes, followed: within about a second of its task writing it,
in regions where AWS grants few calls (5 a second in some) within two or three.
--live brings it within a second everywhere, by CloudWatch Logs Live Tail:
$0.01 a minute (60 cents an hour) after 1,800 free minutes a month.

With -o json each line is a LogEvent; -o raw prints the messages alone, as they
were written. Ctrl-C (or --timeout) is the normal end of --follow, and exits 0.
Here -f is --follow; the file is --file.`,
		RunE: func(c *cobra.Command, names []string) error {
			o.tailGiven = c.Flags().Changed("tail")
			need := signedIn
			if o.live {
				need = identified // its groups go by ARN
			}
			return a.withNames(need, (*agents.Config).LogNames, o.check, func(ctx context.Context, s *session, names []string) error {
				err := runLogs(ctx, s, names, o)
				switch {
				case errors.Is(err, syscall.EPIPE):
					return nil // the reader has enough
				case err != nil && ctx.Err() != nil && o.follow:
					return nil // the end of following
				case err != nil && c.Context().Err() != nil:
					return &exit{code: exitInterrupted}
				}
				return err
			})(c, names)
		},
	}
	o.addFlags(cmd.Flags(), &a.opts.file)
	completeFlag(cmd, "level", fixed(levels...))
	completeFlag(cmd, "query", a.completeQueries())
	completeFlag(cmd, "container", a.completeContainers())
	completeFlag(cmd, "task", a.completeTasks(true))
	for _, flag := range []string{"since", "until"} {
		completeFlag(cmd, flag, fixed("15m", "1h", "6h", "1d", "7d"))
	}
	return cmd
}

// check looks at what needs no AWS.
func (f logsOptions) check(cfg *agents.Config, names []string) error {
	if _, err := logNames(cfg, names); err != nil {
		return err
	}
	if err := isContainer(cfg, names, f.container); err != nil {
		return err
	}
	if _, _, err := f.options(); err != nil {
		return &usageError{err}
	}
	if f.live && !f.follow {
		return &usageError{errors.New("--live goes with --follow: Live Tail has nothing of the past")}
	}
	return nil
}

// runLogs reads, or asks a query.
func runLogs(ctx context.Context, s *session, names []string, f logsOptions) error {
	o, style, err := f.options()
	if err != nil {
		return &usageError{err}
	}
	a := s.app
	chosen, _ := logNames(s.cfg, names) // they have been checked
	f.lastLines(a.opts.output == "text")
	o.Tail = f.tail
	if a.frugal != nil {
		defer a.frugal(f.follow)()
	}
	if err := f.times(&o, s.clock.Now()); err != nil {
		return &usageError{err}
	}
	for _, name := range chosen {
		group := provision.LogGroupName(s.cfg.Stack(), name)
		o.Groups = append(o.Groups, logs.Group{Agent: name, Name: group, ARN: s.account.ARN("logs", "log-group:"+group)})
	}
	clients := cloud.NewClients(cloud.WithOptions(s.aws, cloud.ReadOnly))
	if f.query != "" {
		return runQuery(ctx, s, clients.Logs, f.query, o)
	}
	s.fit(&style, chosen)
	if f.follow && style.Format == logs.Text {
		a.term.Notef("following %s · Ctrl-C ends", cloud.Count(len(chosen), "agent"))
	}
	o.Clock, o.Say, o.Region = s.clock, sayOnce(s), s.aws.Region
	if f.live {
		o.Live = clients.Logs
	}
	p := logs.NewPrinter(a.term.Out, style)
	o.Flush = p.Flush
	stop := weave(ctx, s, clients, chosen, &o, f.everything() && style.Format != logs.Raw)
	defer stop()
	found := false
	err = logs.Tail(ctx, clients.Logs, o, func(e logs.Event) error {
		found = true
		return p.Print(e)
	})
	if err != nil {
		return errors.Join(err, p.Flush())
	}
	if !found && !f.follow {
		a.term.Notef("nothing found since %s: --since looks further back", o.Since.Local().Format("2006-01-02 15:04"))
	}
	return nil
}

// fit makes a style fit for --output, the terminal and the agents that are shown.
func (s *session) fit(style *logs.Style, chosen []string) {
	term := s.app.term
	switch s.app.opts.output {
	case "json":
		style.Format = logs.JSON
	case "raw":
		style.Format = logs.Raw
	}
	if term.Screen {
		style.Width = term.Width()
	}
	style.Agents, style.Shown = s.cfg.LogNames(), chosen
	style.Color, style.Simulated = term.Color && style.Format != logs.JSON, term.Simulated
}

// everything tells whether no message was asked for by what it says; then what
// ECS did belongs in between.
func (f logsOptions) everything() bool {
	return f.filter == "" && f.level == "" && f.task == "" && f.container == "" && len(f.include) == 0 && len(f.exclude) == 0
}

// weave asks ECS while the logs are read: for what it says of the tasks, which goes in between when it is told to, and,
// following, for the tasks' log streams, which are then read without delay. A user who may read logs may not be allowed to
// ask ECS: then the logs come without.
func weave(ctx context.Context, s *session, clients *cloud.Clients, names []string, o *logs.Options, told bool) (stop func()) {
	events := &fleet.Events{API: clients.ECS, Cluster: provision.ClusterName(s.cfg.Stack()), Agents: names, Names: s.cfg.ServiceNames(), Clock: s.clock}
	if o.Follow {
		known := make(chan logs.Stream, 1000)
		o.Streams, o.Known = clients.Logs, known
		events.Task = func(agent, id string) {
			select {
			case known <- logs.Stream{Group: provision.LogGroupName(s.cfg.Stack(), agent), Name: fleet.LogStream(agent, id)}:
			default: // the lane is off, or there are too many: FilterLogEvents shows the stream when it speaks
			}
		}
	}
	say := func(error) {}
	if told {
		say = func(err error) { o.Say(s.explain(err).Error()) }
		var err error
		if o.Past, err = pastEvents(ctx, s, events, o); err != nil {
			o.Say("without ECS events: " + s.explain(err).Error())
			return func() {}
		}
	}
	if !o.Follow {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	var extra chan logs.Event
	if told {
		extra = make(chan logs.Event)
		o.Extra = extra
	}
	go func() {
		defer close(done)
		events.Follow(ctx, extra, say)
	}()
	return func() { cancel(); <-done }
}

// pastEvents is what ECS said in the time of the logs; nothing when there is no cluster.
func pastEvents(ctx context.Context, s *session, events *fleet.Events, o *logs.Options) ([]logs.Event, error) {
	since, until := o.Since, o.Until
	now := s.clock.Now()
	if since.IsZero() {
		since = now
		if !o.Follow {
			since = now.Add(-time.Hour)
		}
	}
	if until.IsZero() {
		until = now
	}
	past, err := events.Past(ctx, since, until)
	if cloud.Is(err, "ClusterNotFoundException") {
		return nil, nil
	}
	return past, err
}

// sayOnce tells each note once.
func sayOnce(s *session) func(string) {
	told := make(chan map[string]bool, 1)
	told <- map[string]bool{}
	return func(what string) {
		m := <-told
		if !m[what] {
			m[what] = true
			s.app.term.Notef("%s", what)
		}
		told <- m
	}
}

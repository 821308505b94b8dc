package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/tail"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// logsFlags are the flags of logs.
type logsFlags struct {
	follow, live, timestamps   bool
	since, until               string
	tail                       int
	filter, level, task, query string
	include, exclude           []string
	zone                       string
	order                      time.Duration
}

func newLogsCmd(a *app) *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use: "logs [agent...]", Short: "One merged stream of what the agents say, which loses nothing", ValidArgsFunction: a.completeAgents,
		Long: `Reads the log groups of all agents, or of some, as one stream in the order of
time, with what ECS did in between: tasks started, stopped and why (left out
when messages are chosen by what they say, and in raw). Following
asks again for what it has already read, because CloudWatch Logs shows events
late and out of order; so nothing is lost and nothing comes twice.

  karmactl logs --follow                              everything from now on
  karmactl logs validator --since 2h --level error    what went wrong
  karmactl logs --filter '"request_id" "7f3a"'        AWS filters: terms, or { $.field = value }
  karmactl logs --query slow --since 1d               a Logs Insights query, and what it cost

With -o json each line is a LogEvent; -o raw prints the messages alone. Ctrl-C
(or --timeout) is the normal end of --follow, and exits 0.`,
		RunE: func(c *cobra.Command, names []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			err := a.logs(ctx, names, f)
			switch {
			case errors.Is(err, syscall.EPIPE):
				return nil // whoever read has enough
			case err != nil && ctx.Err() != nil && f.follow:
				return nil // the end of following
			case err != nil && c.Context().Err() != nil:
				return &exit{code: exitInterrupted}
			}
			return err
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.follow, "follow", false, "go on with what is written from now on")
	fl.StringVar(&f.since, "since", "", "from when: 30m, 2h, 7d ago, or a time (default 1h; with --follow now, with --tail 1d)")
	fl.StringVar(&f.until, "until", "", "up to when: as --since (default now)")
	fl.IntVar(&f.tail, "tail", 0, "only the last `N` events of the past (0 is all)")
	fl.StringVar(&f.filter, "filter", "", "a CloudWatch Logs filter `PATTERN`, applied by AWS")
	fl.StringArrayVar(&f.include, "include", nil, "keep what matches this `REGEXP` (again for more: any of them)")
	fl.StringArrayVar(&f.exclude, "exclude", nil, "drop what matches this `REGEXP` (again for more)")
	fl.StringVar(&f.level, "level", "", "this level and above: debug, info, warn, error, fatal")
	fl.StringVar(&f.task, "task", "", "tasks whose `ID` begins so")
	fl.BoolVar(&f.timestamps, "timestamps", false, "with the date; in raw, with the time")
	fl.StringVar(&f.zone, "timezone", "Local", "tell times in this IANA `ZONE`")
	fl.DurationVar(&f.order, "order", tail.DefaultOrder, "how long an event waits for older ones of other tasks, while following")
	fl.BoolVar(&f.live, "live", false, "add Live Tail: faster; $0.01 a minute after 1,800 free minutes a month")
	fl.StringVar(&f.query, "query", "", "run a named Logs Insights `QUERY`: errors, requests, response-time, slow, or one of agents.yaml")
	return cmd
}

// logs reads, or asks a query.
func (a *app) logs(ctx context.Context, names []string, f logsFlags) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	chosen, err := agentNames(cfg, names)
	if err != nil {
		return err
	}
	o, style, err := f.options()
	if err != nil {
		return &usageError{err}
	}
	if f.live && a.opts.simulate != "" {
		return &usageError{errors.New("--live is not there with --simulate: Live Tail is a stream that AWS holds open, and the simulated AWS answers calls: leave it out, --follow loses nothing without it")}
	}
	if f.live && !f.follow {
		return &usageError{errors.New("--live goes with --follow: Live Tail has nothing of the past")}
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // nothing was written
	if err := f.times(&o, s.clock.Now()); err != nil {
		return &usageError{err}
	}
	for _, name := range chosen {
		group := provision.LogGroupName(cfg.Stack(), name)
		o.Groups = append(o.Groups, tail.Group{Agent: name, Name: group, ARN: s.account.ARN("logs", "log-group:"+group)})
	}
	clients := cloud.NewClients(s.aws)
	if f.query != "" {
		return s.query(ctx, clients.Logs, f.query, o)
	}
	switch a.opts.output {
	case "json":
		style.Format = tail.JSON
	case "raw":
		style.Format = tail.Raw
	}
	style.Agents, style.Color = chosen, a.term.Color && style.Format != tail.JSON
	o.Clock, o.Say = s.clock, s.sayOnce()
	if f.live {
		o.Live = clients.Logs
		a.term.Notef("%s", tail.LivePrice)
	}
	p := tail.NewPrinter(a.term.Out, style)
	o.Flush = p.Flush
	if f.everything() && style.Format != tail.Raw {
		stop := s.weave(ctx, clients, chosen, &o)
		defer stop()
	}
	if err := tail.Tail(ctx, clients.Logs, o, p.Print); err != nil {
		return errors.Join(cloud.Explain(err, s.account), p.Flush())
	}
	return nil
}

// everything tells whether no message was asked for by what it says; then what
// ECS did belongs in between.
func (f logsFlags) everything() bool {
	return f.filter == "" && f.level == "" && f.task == "" && len(f.include) == 0 && len(f.exclude) == 0
}

// weave adds what ECS says. Whoever may read logs may not be allowed to ask ECS:
// then the logs come without.
func (s *session) weave(ctx context.Context, clients *cloud.Clients, names []string, o *tail.Options) (stop func()) {
	events := &fleet.Events{API: clients.ECS, Cluster: provision.ClusterName(s.cfg.Stack()), Agents: names, Clock: s.clock}
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
	switch {
	case err != nil && !cloud.Is(err, "ClusterNotFoundException"):
		o.Say("without ECS events: " + cloud.Explain(err, s.account).Error())
		return func() {}
	case err == nil:
		o.Past = past
	}
	if !o.Follow {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	extra, done := make(chan tail.Event), make(chan struct{})
	o.Extra = extra
	go func() {
		defer close(done)
		events.Follow(ctx, extra, o.Say)
	}()
	return func() { cancel(); <-done }
}

// sayOnce tells each note once.
func (s *session) sayOnce() func(string) {
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

// query runs a named query.
func (s *session) query(ctx context.Context, api tail.QueryAPI, name string, o tail.Options) error {
	var own []tail.NamedQuery
	for _, n := range slices.Sorted(maps.Keys(s.cfg.Observability.Queries)) {
		own = append(own, tail.NamedQuery{Name: n, Text: s.cfg.Observability.Queries[n]})
	}
	q, err := tail.FindQuery(name, own)
	if err != nil {
		return &usageError{err}
	}
	now := s.clock.Now()
	if o.Since.IsZero() {
		o.Since = now.Add(-time.Hour)
	}
	if o.Until.IsZero() {
		o.Until = now
	}
	r, err := tail.RunQuery(ctx, api, s.clock, o.Groups, q, o.Since, o.Until)
	if err != nil {
		return cloud.Explain(err, s.account)
	}
	if s.app.term.JSON {
		return r.WriteJSON(s.app.term.Out)
	}
	return r.WriteTable(s.app.term.Out)
}

// options are the flags that need no AWS to be checked.
func (f logsFlags) options() (tail.Options, tail.Style, error) {
	o := tail.Options{Follow: f.follow, Tail: f.tail, Pattern: f.filter, Task: f.task, Order: f.order}
	style := tail.Style{Timestamps: f.timestamps, MarkLate: f.follow}
	var err error
	if style.Zone, err = time.LoadLocation(f.zone); err != nil {
		return o, style, fmt.Errorf("--timezone %q: allowed are IANA names such as America/New_York, and UTC or Local", f.zone)
	}
	if f.tail < 0 {
		return o, style, fmt.Errorf("--tail %d: allowed are 0 (all) and above", f.tail)
	}
	if f.query != "" && f.follow {
		return o, style, errors.New("--query and --follow do not go together: a query is over what was written")
	}
	if f.level != "" {
		if o.Level, err = tail.ParseLevel(f.level); err != nil {
			return o, style, fmt.Errorf("--level: %w", err)
		}
	}
	if o.Include, err = regexps("include", f.include); err != nil {
		return o, style, err
	}
	o.Exclude, err = regexps("exclude", f.exclude)
	return o, style, err
}

func regexps(flag string, all []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, s := range all {
		re, err := regexp.Compile(s)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		out = append(out, re)
	}
	return out, nil
}

// times reads --since and --until, counted from now.
func (f logsFlags) times(o *tail.Options, now time.Time) error {
	var err error
	if o.Since, err = moment("since", f.since, now); err != nil {
		return err
	}
	if o.Since.IsZero() && f.tail > 0 {
		o.Since = now.AddDate(0, 0, -1) // the last ones may be from before the last hour
	}
	o.Until, err = moment("until", f.until, now)
	switch {
	case err != nil:
		return err
	case f.follow && !o.Until.IsZero():
		return errors.New("--follow and --until do not go together: leave one out")
	case !o.Until.IsZero() && !o.Since.IsZero() && o.Until.Before(o.Since):
		return errors.New("--until is before --since")
	}
	return nil
}

// moment reads a time: so long ago, or a date. "" is the zero time.
func moment(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	ago := s
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err == nil {
			ago = fmt.Sprintf("%dh", 24*n)
		}
	}
	if d, err := time.ParseDuration(ago); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q: allowed are 30m, 2h, 7d, 2026-11-23, \"2026-11-23 14:05\" (local) and 2026-11-23T14:05:00Z", flag, s)
}

// agentNames checks names against the file; none means all.
func agentNames(cfg *agents.Config, names []string) ([]string, error) {
	var all []string
	for _, ag := range cfg.Agents {
		all = append(all, ag.Name)
	}
	if len(names) == 0 {
		return all, nil
	}
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, &usageError{fmt.Errorf("there is no agent %q in %s: it has %s", n, cfg.File, strings.Join(all, ", "))}
		}
	}
	return slices.DeleteFunc(all, func(n string) bool { return !slices.Contains(names, n) }), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cutover"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

type cutoverOptions struct {
	dryRun, back bool
	watch        time.Duration
}

func (o *cutoverOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and for how long old answers are kept, and stop")
	f.BoolVar(&o.back, "back", false, "put the records back as they were")
	f.DurationVar(&o.watch, "watch", 5*time.Minute, "watch both sides for so long after the move")
}

func newCutoverCmd(a *app) *cobra.Command {
	var o cutoverOptions
	cmd := &cobra.Command{
		Use: "cutover", Short: "Lead the names of a fleet that runs beside to this one", Args: cobra.NoArgs,
		Long: `For a fleet that was built beside another one, with load_balancer.records: false. Reads
every record of the domain, of the names below it and of the agents' hosts, shows where
each leads now and then, and moves all of them in one batch of Route 53: all or none.
It refuses while an agent is not healthy, and where records share a name (weighted, by
latency, failover).

A time to live of more than a minute is lowered first, and the old one waited for; the
command may be stopped meanwhile and run again. After the move it watches both sides:
the agents' healthy targets here, the requests at the old load balancer where that is
one of this account and region. Both fleets have to be up until those end.

The records as they were are kept in the state: cutover --back puts them back in one
batch. What it does not move and would win over the moved names is named.`,
		Example: `  karmactl cutover --dry-run
  karmactl cutover
  karmactl cutover --back`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error {
			if err := hasNames(s.cfg); err != nil {
				return err
			}
			if o.back {
				return runCutoverBack(ctx, s, o)
			}
			return runCutover(ctx, s, o)
		}),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func hasNames(cfg *agents.Config) error {
	switch {
	case cfg.LoadBalancer.Domain == "":
		return &usageError{errors.New("there are no names to move: agents.yaml has no load_balancer.domain")}
	case len(cfg.Public()) == 0:
		return &usageError{errors.New("there are no names to move: no agent is public")}
	}
	return nil
}

// movedFleet is the fleet that names are moved to: its load balancer is the one in the state.
func (s *session) movedFleet(ctx context.Context, store *state.Store, readOnly bool) (*cutover.Fleet, error) {
	env := s.env(readOnly)
	f := &cutover.Fleet{Env: env, Names: s.cfg.RecordNames(), Agents: s.cfg.NamesBelow()}
	entry, _ := store.Get("alb")
	if entry.ID == "" {
		return nil, engine.Advise(errors.New("this stack has no load balancer yet"), "karmactl up, with load_balancer: {records: false}")
	}
	balancer, err := f.BalancerOf(ctx, entry.ID)
	if err != nil {
		return nil, err
	}
	if balancer == nil {
		return nil, engine.Advise(fmt.Errorf("the load balancer %s is gone", entry.ID), "karmactl up")
	}
	f.Balancer, f.BalancerZone = balancer.DNSName, balancer.Zone
	f.Zone, err = stack.HostedZone(ctx, s.cfg, env)
	return f, err
}

// noteOfCutover is what a state remembers of a cutover; nil is nothing.
func noteOfCutover(rec engine.Recorder) *state.Cutover {
	if store, is := rec.(*state.Store); is {
		return store.Cutover()
	}
	return nil
}

// leading is one run of cutover.
type leading struct {
	*session
	fleet *cutover.Fleet
	move  *cutover.Move
	doc   *document.Cutover
}

// plan reads what is to change and what is in the way.
func (s *session) planCutover(ctx context.Context, store *state.Store, readOnly bool) (*leading, error) {
	if err := refuseWhileAsleep(store, "cut over to"); err != nil {
		return nil, err
	}
	f, err := s.movedFleet(ctx, store, readOnly)
	if err != nil {
		return nil, err
	}
	m, err := f.Plan(ctx)
	if err != nil {
		return nil, err
	}
	l := &leading{session: s, fleet: f, move: m, doc: s.cutoverDoc(f, m.Rows)}
	l.doc.Notes = append(l.doc.Notes, m.Notes...)
	if m.Changes() {
		l.doc.Notes = append(l.doc.Notes, l.twins(ctx)...)
	}
	l.doc.WaitSeconds = int(l.wait(store.Cutover()) / time.Second)
	unhealthy, err := f.Unhealthy(ctx, s.cfg.Agents)
	if err != nil {
		return nil, err
	}
	switch {
	case len(m.Obstacles) > 0:
		return l, errors.New(strings.Join(m.Obstacles, "\n"))
	case len(unhealthy) > 0:
		return l, engine.Advise(fmt.Errorf("nothing is moved while agents are not healthy: %s", strings.Join(unhealthy, ", ")), "karmactl doctor")
	}
	return l, nil
}

// twins notes which agents run in another cluster from the same image.
func (l *leading) twins(ctx context.Context) []string {
	all, err := tasks.Names(l.fleet.Services).Twins(ctx, l.fleet.Clients.ECS, provision.ClusterName(l.fleet.Stack), l.cfg.Names())
	switch {
	case err != nil:
		return l.texts([]error{fmt.Errorf("whether agents run in another cluster, too, is not known: %w", err)})
	case len(all) == 0:
		return nil
	}
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = t.String()
	}
	return []string{"these run in another cluster, too, from the same image and with the same command: " + strings.Join(texts, ", ") + ". What must not run twice (a bot, a poller, a wallet) has to be at 0 in one of them"}
}

func (s *session) cutoverDoc(f *cutover.Fleet, rows []cutover.Row) *document.Cutover {
	d := &document.Cutover{
		Stack: s.cfg.Stack(), Outcome: "planned", Zone: f.Zone, LoadBalancer: f.Balancer,
		Records: []document.MovedRecord{}, Sides: []document.OldSide{}, Notes: []string{}, Next: []string{},
	}
	for _, r := range rows {
		d.Records = append(d.Records, document.MovedRecord(r))
	}
	return d
}

// wait is how long resolvers keep an answer with the time to live from before it was lowered:
// what is to be lowered as of now, what was lowered until the moment that the state has.
func (l *leading) wait(note *state.Cutover) time.Duration {
	ttl := l.move.TTL()
	if ttl > 0 || note == nil || !note.Moved.IsZero() {
		return ttl
	}
	if note.Ready.IsZero() { // the note of when it was lowered is lost
		return cutover.Lowered(note)
	}
	return max(0, note.Ready.Sub(l.clock.Now()))
}

func runCutover(ctx context.Context, s *session, o cutoverOptions) error {
	if o.dryRun {
		return cutoverDryRun(ctx, s)
	}
	agreed := false
	for {
		var l *leading
		var wait time.Duration
		err := s.locked(ctx, "cutover", func(ctx context.Context, store *state.Store) (err error) {
			if l, err = s.planCutover(ctx, store, false); err != nil {
				return err
			}
			if !agreed {
				agreed = true
				if err := l.ask(ctx, store.Cutover()); err != nil {
					return err
				}
			}
			wait, err = l.next(ctx, store)
			return err
		})
		switch {
		case err != nil:
			return err
		case wait == 0:
			return l.follow(ctx, o)
		}
		s.app.term.Notef("resolvers keep the old answers until %s; the names are moved then. If this one is stopped, karmactl cutover continues from here", atUTC(s.clock.Now().Add(wait)))
		if err := s.clock.Wait(ctx, wait); err != nil {
			return engine.Advise(err, "karmactl cutover continues; karmactl cutover --back puts the time to live back")
		}
	}
}

func cutoverDryRun(ctx context.Context, s *session) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	l, err := s.planCutover(ctx, store, true)
	if l == nil {
		return err
	}
	s.app.term.CutoverPlan(l.doc)
	if err != nil {
		return err
	}
	l.doc.Headline = l.headline(store.Cutover())
	if l.move.Changes() {
		l.doc.Next = []string{"karmactl cutover"}
	} else {
		l.doc.Outcome = "unchanged"
	}
	return s.app.term.Cutover(l.doc)
}

func (l *leading) headline(note *state.Cutover) string {
	if !l.move.Changes() {
		return "The names lead to " + l.fleet.Balancer + " already."
	}
	text := "All names are moved in one batch."
	if wait := l.wait(note); wait > 0 {
		text = fmt.Sprintf("The time to live is lowered to a minute, and the old one waited for: %s. Then all names are moved in one batch.", wait.Round(time.Second))
	}
	return text
}

func (l *leading) ask(ctx context.Context, note *state.Cutover) error {
	l.app.term.CutoverPlan(l.doc)
	if !l.move.Changes() {
		return nil
	}
	return l.confirm(ctx, question{command: "cutover", text: l.headline(note) + " Do it? Only yes is yes:", declined: "nothing was changed"})
}

// next takes the next step: it lowers what has to be lowered and says how long to wait, or
// moves the names.
func (l *leading) next(ctx context.Context, store *state.Store) (wait time.Duration, err error) {
	was := store.Cutover()
	if !l.move.Changes() && (was == nil || !was.Moved.IsZero()) {
		l.doc.Outcome = "unchanged"
		return 0, nil
	}
	wait = l.wait(was)
	note := l.move.Note(was, l.clock.Now())
	if l.move.TTL() > 0 {
		note.Ready = time.Time{}
	}
	if err := store.NoteCutover(ctx, note); err != nil {
		return 0, err
	}
	if ttl := l.move.TTL(); ttl > 0 {
		l.app.term.Notef("lowering the time to live of the old records from %s to a minute", ttl)
		if err := l.move.Lower(ctx); err != nil {
			return 0, err
		}
	}
	if wait > 0 {
		note.Ready = l.clock.Now().Add(wait)
		return wait, store.NoteCutover(ctx, note)
	}
	l.app.term.Notef("moving the names; Route 53 says within a minute that all its servers have it")
	if err := l.move.Make(ctx); err != nil {
		return 0, err
	}
	note.Moved = l.clock.Now()
	l.doc.Outcome = "moved"
	return 0, store.NoteCutover(ctx, note)
}

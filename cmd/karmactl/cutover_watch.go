package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/cutover"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const (
	// lookEvery is how often both sides are looked at.
	lookEvery = 15 * time.Second
	// keptAddress is how long a resolver may keep an old answer after the move: a minute.
	keptAddress = time.Minute
)

// follow watches both sides after a move and says how it ended.
func (l *leading) follow(ctx context.Context, o cutoverOptions) error {
	d := l.doc
	if d.Outcome == "unchanged" {
		d.Headline = l.headline(nil)
		return l.app.term.Cutover(d)
	}
	known, err := l.fleet.Known(ctx, l.move.Old)
	if err != nil {
		return err
	}
	began := l.clock.Now()
	if err := l.stayHealthy(ctx, began.Add(o.watch)); err != nil {
		return err
	}
	for _, name := range l.move.Old {
		side, err := l.side(ctx, name, known, began)
		if err != nil {
			return err
		}
		d.Sides = append(d.Sides, side)
	}
	d.Headline = fmt.Sprintf("Moved: the names lead to %s. Leave the old fleet up until no more requests come to it.", l.fleet.Balancer)
	if !l.cfg.LoadBalancer.Records {
		d.Next = append(d.Next, "take records: false out of agents.yaml"+lineOfRecords(l.cfg.File)+", then karmactl up, which takes the records over as they are")
	}
	d.Next = append(d.Next, "karmactl cutover --back, if they are to lead to the old fleet again")
	return l.app.term.Cutover(d)
}

// stayHealthy looks at the agents until a moment. One look that finds one not healthy may have met
// a task that is being replaced.
func (l *leading) stayHealthy(ctx context.Context, end time.Time) error {
	bad := 0
	for l.clock.Now().Before(end) {
		if err := l.clock.Wait(ctx, min(lookEvery, end.Sub(l.clock.Now()))); err != nil {
			return engine.Advise(err, "the names are moved; karmactl cutover --back puts them back")
		}
		unhealthy, err := l.fleet.Unhealthy(ctx, l.cfg.Agents)
		if err != nil {
			return fmt.Errorf("the names are moved, and whether the agents stay healthy is not known: %w", err)
		}
		if bad++; len(unhealthy) == 0 {
			bad = 0
		}
		if bad == 2 {
			return engine.Advise(fmt.Errorf("the names are moved, and agents are not healthy: %s", strings.Join(unhealthy, ", ")), "karmactl cutover --back puts the names back; karmactl doctor says what is wrong")
		}
	}
	return nil
}

// side is how many requests came to what the names led to, since no resolver may keep an old
// answer any more.
func (l *leading) side(ctx context.Context, name string, known map[string]cutover.Balancer, moved time.Time) (document.OldSide, error) {
	b, ours := known[name]
	since := moved.Add(keptAddress).Truncate(time.Minute).Add(time.Minute)
	if !ours || !since.Add(time.Minute).Before(l.clock.Now()) { // no whole minute was watched
		return document.OldSide{Name: name}, nil
	}
	n, err := l.fleet.Requests(ctx, b, since)
	return document.OldSide{Name: name, Requests: &n}, err
}

// follow of a return says that it is made, and watches the requests that still come here.
func (r *returning) follow(ctx context.Context, o cutoverOptions) error {
	d := r.doc
	known, err := r.fleet.Known(ctx, []string{r.fleet.Balancer})
	if err != nil {
		return err
	}
	began := r.clock.Now()
	if err := r.clock.Wait(ctx, o.watch); err != nil {
		return engine.Advise(err, "the records are back")
	}
	if r.fleet.Balancer != "" {
		side, err := r.side(ctx, r.fleet.Balancer, known, began)
		if err != nil {
			return err
		}
		d.Sides = append(d.Sides, side)
	}
	d.Headline = "Put back: the records are as they were before the cutover."
	if r.cfg.LoadBalancer.Records {
		d.Next = append(d.Next, "write records: false below load_balancer in agents.yaml, or the next up refuses the names")
	}
	return r.app.term.Cutover(d)
}

// lineOfRecords is the line of a file that says so, as " line 12"; "" is not found.
func lineOfRecords(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if _, value, has := strings.Cut(line, "records:"); has && strings.HasPrefix(strings.TrimSpace(value), "false") {
			return fmt.Sprintf(" (%s, line %d)", file, n)
		}
	}
	return ""
}

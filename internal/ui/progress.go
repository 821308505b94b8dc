package ui

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Progress shows a walk while it runs. Close ends it and leaves the last picture.
type Progress interface {
	engine.Reporter
	Close()
}

// Shape is what a walk is about to do: the groups and how many nodes each has
// to touch.
type Shape struct {
	// Group of a key.
	Group func(engine.Key) string
	// Groups in order, with the number of nodes.
	Groups []document.Group
	Clock  engine.Clock
}

// Progress picks how to show a walk: a live table, one line per event, or JSON Lines.
func (t *Terminal) Progress(s Shape) Progress {
	switch {
	case t.JSON:
		return &jsonProgress{t: t}
	case t.Quiet:
		return quietProgress{}
	case t.Live:
		return newTable(t, s)
	default:
		return &lineProgress{t: t, began: s.Clock.Now()}
	}
}

type quietProgress struct{}

func (quietProgress) Report(engine.Event) {}
func (quietProgress) Close()              {}

// jsonProgress prints one object per event.
type jsonProgress struct{ t *Terminal }

func (p *jsonProgress) Report(e engine.Event) {
	if !silent(e) {
		p.t.tell(event{At: e.At, Key: string(e.Key), Phase: e.Phase, Verb: string(e.Verb), Detail: e.Detail, Took: e.Took})
	}
}
func (p *jsonProgress) Close() {}

// silent leaves out what a user need not read: a node that is as it should be.
func silent(e engine.Event) bool {
	return e.Phase == engine.EventPlanned || (e.Phase == engine.EventDone && e.Verb == engine.None)
}

// lineProgress prints one line per event: for pipes, CI and dumb terminals.
type lineProgress struct {
	t     *Terminal
	began time.Time
}

func (p *lineProgress) Report(e engine.Event) {
	if silent(e) || e.Phase == engine.EventStarted {
		return
	}
	p.t.Notef("%s", lineOf(e, p.began))
}
func (p *lineProgress) Close() {}

func lineOf(e engine.Event, began time.Time) string {
	at := fmt.Sprintf("%6s", Duration(e.At.Sub(began)))
	line := fmt.Sprintf("%s  %-8s %-8s %s", at, e.Phase, e.Verb, e.Key)
	if e.Phase == engine.EventDone {
		line += "  (" + Duration(e.Took) + ")"
	}
	if e.Detail != "" {
		line += "  " + strings.ReplaceAll(e.Detail, "\n", " ")
	}
	return line
}

// Duration writes a duration as people do: 41s, 1m41s, 0.4s.
func Duration(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

// table is the live table.
type table struct {
	t     *Terminal
	shape Shape
	began time.Time
	live  *live

	mu    sync.Mutex
	rows  []*row
	byKey map[string]*row
}

// row is one group.
type row struct {
	name   string
	total  int
	done   int
	failed int
	// left are the nodes that were not done and did not fail themselves.
	left    int
	began   time.Time
	ended   time.Time
	details map[engine.Key]string
	order   []engine.Key
}

func newTable(t *Terminal, s Shape) *table {
	p := &table{t: t, shape: s, began: s.Clock.Now(), byKey: map[string]*row{}}
	for _, g := range s.Groups {
		r := &row{name: g.Name, total: g.Total, details: map[engine.Key]string{}}
		p.rows = append(p.rows, r)
		p.byKey[g.Name] = r
	}
	p.live = t.goLive(p.picture)
	return p
}

func (p *table) Report(e engine.Event) {
	p.mu.Lock()
	p.take(e)
	p.mu.Unlock()
	if e.Phase == engine.EventFailed && p.byKey[p.shape.Group(e.Key)] != nil {
		p.t.Notef("%s %s: %s", p.t.paint().red("✘"), e.Key, e.Detail)
	}
}

// Close leaves the last picture.
func (p *table) Close() { p.live.close() }

func (p *table) take(e engine.Event) {
	r := p.byKey[p.shape.Group(e.Key)]
	if r == nil {
		return
	}
	if r.began.IsZero() && e.Verb != engine.None {
		r.began = e.At
	}
	note := func(s string) {
		if _, ok := r.details[e.Key]; !ok {
			r.order = append(r.order, e.Key)
		}
		r.details[e.Key] = s
	}
	switch e.Phase {
	case engine.EventStarted, engine.EventWaiting:
		note(strings.ReplaceAll(e.Detail, "\n", " "))
	case engine.EventDone, engine.EventBlocked:
		delete(r.details, e.Key)
		r.done++
		r.ended = e.At
		if e.Phase == engine.EventBlocked {
			r.done--
			r.left++
		}
	case engine.EventFailed:
		delete(r.details, e.Key)
		r.failed++
		r.ended = e.At
	}
}

// picture is a line for each group.
func (p *table) picture(width, tick int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines []string
	for _, r := range p.rows {
		if r.total > 0 {
			lines = append(lines, p.line(r, width, tick))
		}
	}
	return lines
}

// line is one group: what is done, how long it took, what is waited for.
func (p *table) line(r *row, width, tick int) string {
	c := paint(p.t.Color)
	sign := c.dim("·")
	took := ""
	switch {
	case r.failed > 0 && r.done+r.failed+r.left >= r.total:
		sign, took = c.red("✘"), Duration(r.ended.Sub(r.since(p.began)))
	case r.left > 0 && r.done+r.left >= r.total:
		sign, took = c.yellow("!"), Duration(r.ended.Sub(r.since(p.began)))
	case r.done >= r.total:
		sign = c.green("✔")
		if !r.ended.IsZero() {
			took = Duration(r.ended.Sub(r.since(p.began)))
		}
	case !r.began.IsZero():
		sign = c.blue(spinner(tick))
		took = Duration(p.shape.Clock.Now().Sub(r.since(p.began)))
	}
	head := fmt.Sprintf("  %s %s %7s  %6s", sign, pad(r.name, 10), fmt.Sprintf("%d/%d", r.done, r.total), took)
	detail := ""
	for i := len(r.order) - 1; i >= 0; i-- {
		k := r.order[i]
		if d, ok := r.details[k]; ok {
			detail = string(k)
			if d != "" {
				detail += ": " + d
			}
			break
		}
	}
	return head + "   " + c.dim(fit(detail, width-lipgloss.Width(head)-5))
}

func (r *row) since(began time.Time) time.Time {
	if r.began.IsZero() {
		return began
	}
	return r.began
}

package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// table shows a walk in a terminal: a line for each group, below them one for each agent
// whose service is being made, and how long all of it takes.
type table struct {
	t     *Terminal
	shape Shape
	began time.Time
	board *Board

	mu     sync.Mutex
	rows   []*row
	byKey  map[string]*row
	closed bool
}

// row is one group.
type row struct {
	name   string
	total  int
	done   int
	failed int
	// left are the nodes that were not done and did not fail themselves.
	left  int
	began time.Time
	ended time.Time
	waits []*wait
	// failure is what failed last; nil is nothing.
	failure *wait
}

// wait is a node that is being worked on.
type wait struct {
	key   engine.Key
	since time.Time
	said  string
}

func newTable(t *Terminal, s Shape) *table {
	p := &table{t: t, shape: s, began: s.Clock.Now(), byKey: map[string]*row{}}
	for _, g := range s.Groups {
		r := &row{name: g.Name, total: g.Total}
		p.rows = append(p.rows, r)
		p.byKey[g.Name] = r
	}
	p.board = &Board{clock: s.Clock, around: p.around, order: s.Agents}
	p.board.begin(t)
	return p
}

func (p *table) Board() *Board { return p.board }

func (p *table) Report(e engine.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.take(e)
}

// Close leaves the groups.
func (p *table) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.board.Close()
}

func (p *table) take(e engine.Event) {
	r := p.byKey[p.shape.Group(e.Key)]
	if r == nil {
		return
	}
	if r.began.IsZero() && e.Verb != engine.None {
		r.began = e.At
	}
	i := slices.IndexFunc(r.waits, func(w *wait) bool { return w.key == e.Key })
	said := strings.ReplaceAll(e.Detail, "\n", " ")
	switch e.Phase {
	case engine.EventPlanned:
		return
	case engine.EventStarted, engine.EventWaiting:
		if i < 0 {
			i, r.waits = len(r.waits), append(r.waits, &wait{key: e.Key, since: e.At})
		}
		r.waits[i].said = said
		return
	case engine.EventDone:
		r.done++
	case engine.EventBlocked:
		r.left++
	case engine.EventFailed:
		r.failed++
		r.failure = &wait{key: e.Key, said: said}
	}
	r.ended = e.At
	if i >= 0 {
		r.waits = slices.Delete(r.waits, i, i+1)
	}
}

// around are the groups, and how long all of it takes. Where there is no room for the
// agents, the groups that are done are left out.
func (p *table) around(agents []*AgentRow, width, height, tick int) (above, below []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sum := p.sum(); sum != "" {
		below = []string{"  " + p.t.paint().dim(fit(sum, width-3))}
	}
	for _, rest := range []bool{true, false} {
		above = nil
		for _, r := range p.rows {
			if r.total > 0 && (rest || r.done < r.total) {
				above = append(above, p.line(r, agents, width, tick))
			}
		}
		if len(above)+len(below)+min(len(agents), 3) <= height {
			break
		}
	}
	return above, below
}

// sum says how much is done, how long it has taken and will, and what is waited for.
func (p *table) sum() string {
	done, total := 0, 0
	for _, r := range p.rows {
		done, total = done+r.done, total+r.total
	}
	now := p.shape.Clock.Now()
	if p.closed || p.shape.Forecast == nil || done == total {
		return ""
	}
	const grain = 5 * time.Second // it would jump about by the second
	o := p.shape.Forecast.Outlook(now)
	sum := fmt.Sprintf("%d of %d done  %s", done, total, inSeconds(now.Sub(p.began)))
	if o.Late {
		return fmt.Sprintf("%s, %s usually takes %s", sum, o.Last, inSeconds(o.Usual))
	}
	if about := max(o.End.Sub(p.began).Round(grain), now.Sub(p.began)); about >= grain {
		sum += " of about " + inSeconds(about)
	}
	if o.Last != "" {
		sum += ", waits for " + string(o.Last)
	}
	return sum
}

// line is one group: what is done, how long it took, what is waited for.
func (p *table) line(r *row, agents []*AgentRow, width, tick int) string {
	c := p.t.paint()
	sign, over := c.dim("·"), true
	switch {
	case r.failed > 0 && r.done+r.failed+r.left >= r.total:
		sign = c.red("✘")
	case r.left > 0 && r.done+r.left >= r.total:
		sign = c.yellow("!")
	case r.done >= r.total:
		sign = c.green("✔")
	case !r.began.IsZero():
		sign, over = c.blue(spinner(tick)), false
	}
	took := ""
	switch {
	case !over:
		took = Duration(p.shape.Clock.Now().Sub(r.began))
	case !r.ended.IsZero():
		took = Duration(r.ended.Sub(cmp.Or(r.began, p.began)))
	}
	head := fmt.Sprintf("  %s %s %7s  %6s", sign, pad(r.name, 10), fmt.Sprintf("%d/%d", r.done, r.total), took)
	room := width - lipgloss.Width(head) - len("   ") - 1
	const least = 10 // columns that are worth a word
	switch waits := p.waitsFor(r, agents); {
	case room < least:
	case r.failure != nil && !p.closed && !hasLine(agents, r.failure.key):
		return head + "   " + c.red(fit(string(r.failure.key)+": "+r.failure.said, room))
	case waits != "" && !over:
		return head + "   " + c.dim(fit(waits, room))
	}
	return head
}

// hasLine tells whether a service is shown as its agent.
func hasLine(agents []*AgentRow, k engine.Key) bool {
	return k.Kind() == "service" && slices.ContainsFunc(agents, func(a *AgentRow) bool { return a.Agent == k.Name() })
}

// waitsFor is what a group has waited for longest, of what has no line of its own.
func (p *table) waitsFor(r *row, agents []*AgentRow) string {
	var open []*wait
	for _, w := range r.waits {
		if !hasLine(agents, w.key) {
			open = append(open, w)
		}
	}
	if len(open) == 0 {
		return ""
	}
	w := slices.MinFunc(open, func(x, y *wait) int { return x.since.Compare(y.since) })
	out := string(w.key)
	if w.said != "" {
		out += ": " + w.said
	}
	if d := p.shape.Clock.Now().Sub(w.since); d >= 10*time.Second {
		out += " for " + inSeconds(d)
	}
	if len(open) > 1 {
		out += fmt.Sprintf(", %d more", len(open)-1)
	}
	return out
}

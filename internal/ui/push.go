package ui

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// pushEvery is how often a push that takes long is told of where nothing is painted.
const pushEvery = 10 * time.Second

func layersDone(l document.PushLayers) int { return l.Uploaded + l.There + l.Mounted }

func layersSkipped(l document.PushLayers) (parts []string) {
	if l.There > 0 {
		parts = append(parts, fmt.Sprintf("%d there already", l.There))
	}
	if l.Mounted > 0 {
		parts = append(parts, fmt.Sprintf("%d mounted", l.Mounted))
	}
	return parts
}

func mb(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

// soFar is how far it is.
func soFar(x document.Push) string {
	parts := []string{fmt.Sprintf("%d/%d layers", layersDone(x.Layers), x.Layers.Total), fmt.Sprintf("%s / %s MB", mb(x.Bytes.Done), mb(x.Bytes.Total))}
	return strings.Join(append(parts, layersSkipped(x.Layers)...), ", ")
}

// pushSum is what it came to.
func pushSum(x document.Push) string {
	if x.AlreadyThere {
		return "already there"
	}
	layers := "layers"
	if x.Layers.Uploaded == 1 {
		layers = "layer"
	}
	parts := []string{fmt.Sprintf("%d %s", x.Layers.Uploaded, layers), mb(x.Bytes.Sent) + " MB sent"}
	return strings.Join(append(parts, layersSkipped(x.Layers)...), ", ")
}

// Pushes shows images that are pushed at once: a live row for each while it is on
// its way, and a line when it has ended. Without a live terminal a push that takes
// long is told of now and then; in JSON its beginning is an event, too.
type Pushes struct {
	t     *Terminal
	clock engine.Clock
	began time.Time
	live  *live
	mu    sync.Mutex
	rows  []*pushRow
}

// pushRow is one of them.
type pushRow struct {
	now   document.Push
	said  time.Time
	ended bool
}

// Pushes shows the pushes of agents; Close ends it.
func (t *Terminal) Pushes(clock engine.Clock, agents []string) *Pushes {
	p := &Pushes{t: t, clock: clock, began: clock.Now()}
	for _, a := range agents {
		p.rows = append(p.rows, &pushRow{now: document.Push{Agent: a}})
	}
	p.live = t.goLive(p.picture)
	return p
}

// Close gives the screen back.
func (p *Pushes) Close() { p.live.close() }

// Report takes how far a push is.
func (p *Pushes) Report(x document.Push) {
	now := p.clock.Now()
	p.mu.Lock()
	r := p.row(x.Agent)
	first := r.said.IsZero()
	due := first || now.Sub(r.said) >= pushEvery
	r.now = x
	if due {
		r.said = now
	}
	p.mu.Unlock()
	switch {
	case !due || p.live != nil:
	case first && p.t.JSON:
		p.say(now, x, engine.EventStarted, soFar(x))
	case !first:
		p.say(now, x, engine.EventWaiting, soFar(x))
	}
}

// End takes how a push ended.
func (p *Pushes) End(x document.Push, err error) {
	p.mu.Lock()
	p.row(x.Agent).ended = true
	p.mu.Unlock()
	if err != nil {
		p.say(p.clock.Now(), x, engine.EventFailed, fmt.Sprintf("failed at %s: %v", soFar(x), err))
		return
	}
	p.say(p.clock.Now(), x, engine.EventDone, pushSum(x))
}

func (p *Pushes) say(at time.Time, x document.Push, phase engine.EventPhase, what string) {
	took := at.Sub(p.began)
	text := fmt.Sprintf("%s  %s  %s", x.Short, what, Duration(took))
	if p.t.JSON {
		p.t.tell(event{At: at, Key: "deployment/" + x.Agent, Phase: phase, Verb: "push", Detail: text, Took: took, Push: &x})
		return
	}
	p.t.Say(at, x.Agent, "push", text, nil)
}

// row is an agent's, with the lock.
func (p *Pushes) row(agent string) *pushRow {
	for _, r := range p.rows {
		if r.now.Agent == agent {
			return r
		}
	}
	r := &pushRow{now: document.Push{Agent: agent}}
	p.rows = append(p.rows, r)
	return r
}

// picture is a line for each that is on its way.
func (p *Pushes) picture(width, tick int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	took, names := p.clock.Now().Sub(p.began), 0
	for _, r := range p.rows {
		names = max(names, len(r.now.Agent))
	}
	var lines []string
	for _, r := range p.rows {
		if !r.ended {
			lines = append(lines, p.line(r.now, names, width-1, tick, took))
		}
	}
	return lines
}

// line is one push in so many columns. What has no room is left out, what matters
// least first.
func (p *Pushes) line(x document.Push, names, width, tick int, took time.Duration) string {
	c := p.t.paint()
	const sign, gap = 4, 2
	text, at := "  "+c.blue(spinner(tick))+" "+fit(pad(x.Agent, names), max(1, width-sign)), sign+names
	if x.Layers.Total == 0 { // not weighed yet
		return strings.TrimRight(text, " ")
	}
	parts := []string{
		fmt.Sprintf("%5s layers", fmt.Sprintf("%d/%d", layersDone(x.Layers), x.Layers.Total)),
		fmt.Sprintf("%13s MB", mb(x.Bytes.Done)+" / "+mb(x.Bytes.Total)),
		bar(x.Bytes.Done, x.Bytes.Total),
	}
	parts = append(parts, layersSkipped(x.Layers)...)
	if took >= time.Second && x.Bytes.Sent > 0 {
		parts = append(parts, fmt.Sprintf("%.1f MB/s", float64(x.Bytes.Sent)/1e6/took.Seconds()))
	}
	for _, s := range parts {
		if at += gap + len([]rune(s)); at > width {
			break
		}
		text += strings.Repeat(" ", gap) + s
	}
	return strings.TrimRight(text, " ")
}

// bar is full when all is there, and not before.
func bar(done, total int64) string {
	const columns = 8
	full := columns
	if done < total {
		full = int(done * columns / total)
	}
	return strings.Repeat("█", full) + strings.Repeat("░", columns-full)
}

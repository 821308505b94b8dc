package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Progress shows a walk while it runs. Close ends it and leaves how far each group is.
type Progress interface {
	engine.Reporter
	// Board has the agents' lines below those of the groups; nil without a terminal.
	Board() *Board
	Close()
}

// Shape is what a walk is about to do: the groups and how many nodes each has
// to touch.
type Shape struct {
	// Group of a key.
	Group func(engine.Key) string
	// Groups in order, with the number of nodes.
	Groups []document.Group
	// Agents in the order of their lines.
	Agents []string
	// Forecast is asked how long it takes; nil where that is not known.
	Forecast interface {
		Outlook(now time.Time) engine.Outlook
	}
	Clock engine.Clock
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
func (quietProgress) Board() *Board       { return nil }
func (quietProgress) Close()              {}

// jsonProgress prints one object per event.
type jsonProgress struct{ t *Terminal }

func (p *jsonProgress) Report(e engine.Event) {
	if !silent(e) {
		p.t.tell(event{At: e.At, Key: string(e.Key), Phase: e.Phase, Verb: string(e.Verb), Detail: e.Detail, Took: e.Took})
	}
}
func (p *jsonProgress) Board() *Board { return nil }
func (p *jsonProgress) Close()        {}

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
func (p *lineProgress) Board() *Board { return nil }
func (p *lineProgress) Close()        {}

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

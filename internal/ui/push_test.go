package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// pushStep is a moment of three pushes at once.
type pushStep struct {
	at    float64
	agent string
	now   document.Push
	ended bool
	err   error
}

// pushRun is a recorded run: one image is there, one goes, slowly, one fails.
func pushRun() []pushStep {
	at := func(total, up, there, mounted int, mb, of, sent float64) document.Push {
		return document.Push{Layers: document.PushLayers{Total: total, Uploaded: up, There: there, Mounted: mounted}, Bytes: document.PushBytes{Done: int64(mb * 1e6), Total: int64(of * 1e6), Sent: int64(sent * 1e6)}}
	}
	whole := at(5, 0, 5, 0, 48, 48, 0)
	whole.AlreadyThere = true
	return []pushStep{
		{at: 0, agent: "karma-hello", now: whole},
		{at: 0, agent: "karma-hello", now: whole, ended: true},
		{at: 0, agent: "validator", now: at(12, 0, 0, 0, 0, 480, 0)},
		{at: 0.5, agent: "voice-extractor", now: at(3, 0, 0, 0, 0, 9, 0)},
		{at: 1, agent: "validator", now: at(12, 0, 6, 0, 300, 480, 0)},
		{at: 2, agent: "voice-extractor", now: at(3, 1, 0, 0, 4, 9, 4)},
		{at: 4, agent: "validator", now: at(12, 0, 6, 1, 320, 480, 12)},
		{at: 6, agent: "voice-extractor", now: at(3, 1, 0, 0, 5, 9, 5), ended: true, err: errors.New("pushing to r/voice-extractor: 500 Internal Server Error")},
		{at: 11, agent: "validator", now: at(12, 1, 6, 1, 350, 480, 42)},
		{at: 12, agent: "validator", now: at(12, 1, 6, 1, 360, 480, 52)},
		{at: 21.5, agent: "validator", now: at(12, 3, 6, 1, 420, 480, 112)},
		{at: 30, agent: "validator", now: at(12, 5, 6, 1, 480, 480, 172)},
		{at: 31, agent: "validator", now: at(12, 5, 6, 1, 480, 480, 172), ended: true},
	}
}

// play shows the run, up to a second of it.
func play(p *Pushes, began time.Time, from, to float64) {
	for _, s := range pushRun() {
		if s.at < from || s.at >= to {
			continue
		}
		time.Sleep(time.Until(began.Add(time.Duration(s.at * float64(time.Second)))))
		s.now.Agent, s.now.Image, s.now.Short = s.agent, "123.example/k/"+s.agent+"@sha256:"+strings.Repeat("eb22", 16), "k/"+s.agent+"@sha256:eb22eb22eb22…"
		if s.ended {
			p.End(s.now, s.err)
		} else {
			p.Report(s.now)
		}
	}
}

var pushing = []string{"karma-hello", "validator", "voice-extractor"}

func TestPushesLookRightInAPipeAndAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term, out, errw := fixed(80)
		p := term.Pushes(engine.RealClock{}, pushing)
		play(p, time.Now(), 0, 60)
		p.Close()
		golden(t, "push.lines", errw.String())
		if out.Len() > 0 {
			t.Errorf("progress went to standard output: %q", out)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		term, out, errw := fixed(80)
		term.JSON, term.Live = true, true
		p := term.Pushes(engine.RealClock{}, pushing)
		play(p, time.Now(), 0, 60)
		p.Close()
		golden(t, "push.jsonl", out.String())
		if errw.Len() > 0 {
			t.Errorf("something went to standard error: %q", errw)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		term, out, errw := fixed(80)
		term.Quiet, term.Live = true, true
		p := term.Pushes(engine.RealClock{}, pushing)
		play(p, time.Now(), 0, 60)
		p.Close()
		if out.Len()+errw.Len() > 0 {
			t.Errorf("-q says %q and %q", out, errw)
		}
	})
}

func TestPushesInATerminalHaveARowEachUntilTheyEnd(t *testing.T) {
	for _, width := range []int{100, 80, 50, 24} {
		synctest.Test(t, func(t *testing.T) {
			term, _, errw := fixed(width)
			term.Live = true
			began := time.Now()
			p := term.Pushes(engine.RealClock{}, pushing)
			shown := func() string {
				time.Sleep(150 * time.Millisecond)
				synctest.Wait()
				term.mu.Lock()
				defer term.mu.Unlock()
				return screen(errw.String())
			}
			play(p, began, 0, 5)
			pictures := shown()
			term.Notef("  a note comes in between")
			play(p, began, 5, 20)
			pictures += "---\n" + shown()
			play(p, began, 20, 60)
			p.Close()
			golden(t, fmt.Sprintf("push.%d", width), pictures+"---\n"+screen(errw.String()))
			for _, l := range strings.Split(pictures, "\n") {
				if strings.ContainsAny(l, "◐◓◑◒") && lipgloss.Width(l) >= width {
					t.Errorf("%d columns in a terminal of %d: %q", lipgloss.Width(l), width, l)
				}
			}
		})
	}
}

func TestMoreRowsThanTheTerminalHasLinesAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term, _, errw := fixed(80)
		term.Live, term.size = true, func() (int, int) { return 80, 6 }
		p := term.Pushes(engine.RealClock{}, strings.Fields("a b c d e f g h"))
		time.Sleep(time.Second)
		synctest.Wait()
		term.mu.Lock()
		got := screen(errw.String())
		term.mu.Unlock()
		if want := "  ◓ a\n  ◓ b\n  ◓ c\n  ◓ d\n  … 4 more\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		p.Close()
	})
}

func TestANoteIsBrokenBetweenWordsInATerminalAndNowhereElse(t *testing.T) {
	const note = "\nstopping: what is being made is finished and recorded; Ctrl-C again leaves at once\n  ! validator waits for its secret and its image"
	term, _, errw := fixed(40)
	term.Notef("%s", note)
	if got := errw.String(); got != note+"\n" {
		t.Errorf("a pipe reads %q", got)
	}
	errw.Reset()
	term.Live = true
	term.Notef("%s", note)
	const want = `
stopping: what is being made is finished
and recorded; Ctrl-C again leaves at
once
  ! validator waits for its secret and
    its image
`
	if got := errw.String(); got != want {
		t.Errorf("a terminal of 40 columns shows\n%s", got)
	}
}

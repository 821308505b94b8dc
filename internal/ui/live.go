package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"charm.land/lipgloss/v2"
)

// live is the part of the screen that is painted over, ten times a second at most,
// below the lines that stay. A terminal has one at a time.
type live struct {
	t *Terminal
	// picture gives the lines, the tick counting up for what turns. It is called with
	// the terminal's lock, so it must not print.
	picture func(width, tick int) []string
	tick    int
	// lines are the widths of those on the screen.
	lines []int
	done  chan struct{}
	wg    sync.WaitGroup
}

// goLive begins to paint. It is nil where nothing can be painted.
func (t *Terminal) goLive(picture func(width, tick int) []string) *live {
	if !t.Live || t.JSON || t.Quiet {
		return nil
	}
	l := &live{t: t, picture: picture, done: make(chan struct{})}
	t.mu.Lock()
	t.live = l
	t.mu.Unlock()
	l.wg.Add(1)
	go l.own()
	return l
}

// close paints the last picture, which stays, and gives the screen back.
func (l *live) close() {
	if l == nil {
		return
	}
	close(l.done)
	l.wg.Wait()
	l.t.mu.Lock()
	l.t.live = nil
	l.t.mu.Unlock()
}

// own is the goroutine that paints.
func (l *live) own() {
	defer l.wg.Done()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		ended := false
		select {
		case <-ticker.C:
		case <-l.done:
			ended = true
		}
		l.t.mu.Lock()
		l.tick++
		l.paint("")
		l.t.mu.Unlock()
		if ended {
			return
		}
	}
}

// paint paints over the picture before, below what stays from now on. It is one
// write, so that nothing flickers. A window that has become narrower has broken the lines
// that were too wide for it. Its caller holds the terminal's lock.
func (l *live) paint(stays string) {
	width, height := l.t.size()
	lines := l.picture(width, l.tick)
	if most := height - 1; len(lines) > most && most > 1 { // what has scrolled away cannot be painted over
		lines = append(lines[:most-1:most-1], fmt.Sprintf("  … %d more", len(lines)-most+1))
	}
	var b strings.Builder
	up := 0
	for _, w := range l.lines {
		up += max(1, (w+width-1)/width)
	}
	if up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", up)
	}
	b.WriteString(stays)
	l.lines = l.lines[:0]
	for _, s := range lines {
		s = fit(s, width-1)
		b.WriteString(s + "\n")
		l.lines = append(l.lines, lipgloss.Width(s))
	}
	_, _ = io.WriteString(l.t.Err, b.String()) // a screen that is gone shows at the result
}

// spinner turns while something is under way.
func spinner(tick int) string { return string([]rune("◐◓◑◒")[tick/2%4]) }

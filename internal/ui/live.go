package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// live is the part of the screen that is painted over, ten times a second at most,
// below the lines that stay. A terminal has one at a time.
type live struct {
	t *Terminal
	// picture gives the lines, the tick counting up for what turns.
	picture func(width, tick int) []string
	// text is what stands on the screen, lines how many that are.
	text  string
	lines int
	done  chan struct{}
	wg    sync.WaitGroup
}

// goLive begins to paint.
func (t *Terminal) goLive(picture func(width, tick int) []string) *live {
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
	for tick := 1; ; tick++ {
		select {
		case <-ticker.C:
			l.paint(tick)
		case <-l.done:
			l.paint(tick)
			return
		}
	}
}

func (l *live) paint(tick int) {
	width, height := l.t.size()
	lines := l.picture(width, tick)
	if most := height - 1; len(lines) > most && most > 1 { // what has scrolled away cannot be painted over
		lines = append(lines[:most-1:most-1], fmt.Sprintf("  … %d more", len(lines)-most+1))
	}
	var b strings.Builder
	for _, s := range lines {
		b.WriteString(fit(s, width-1) + "\n")
	}
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	l.over(b.String(), len(lines), "")
}

// above prints a line that stays, over the picture; whoever calls it holds the
// terminal's lock.
func (l *live) above(s string) { l.over(l.text, l.lines, s+"\n") }

// over writes a picture over the one before, below what stays. It is one write, so
// that nothing flickers.
func (l *live) over(text string, lines int, stays string) {
	up := ""
	if l.lines > 0 {
		up = fmt.Sprintf("\x1b[%dA\x1b[J", l.lines)
	}
	_, _ = io.WriteString(l.t.Err, up+stays+text) // a screen that is gone shows at the result
	l.text, l.lines = text, lines
}

// spinner turns while something is under way.
func spinner(tick int) string { return string([]rune("◐◓◑◒")[tick/2%4]) }

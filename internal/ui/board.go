package ui

import (
	"fmt"
	"slices"
	"sync"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Board shows what is under way, a line for each agent, painted over under the lines that
// stay. A nil Board shows nothing: that is what there is without a terminal.
type Board struct {
	t     *Terminal
	live  *live
	clock engine.Clock
	// around are the lines above and below those of the agents, of which there are so
	// many, in so many lines; nil is none.
	around func(rows []*AgentRow, width, height, tick int) (above, below []string)
	// order is that of the agents' lines.
	order []string
	mu    sync.Mutex
	rows  []*AgentRow
}

// Board begins one, where standard error is a terminal. The agents are shown in that order.
func (t *Terminal) Board(clock engine.Clock, agents []string) *Board {
	return (&Board{clock: clock, order: agents}).begin(t)
}

func (b *Board) begin(t *Terminal) *Board {
	b.t = t
	if b.live = t.goLive(b.picture); b.live == nil {
		return nil
	}
	return b
}

// Show puts an agent's line in the place of the one before it. It began when its first line came.
func (b *Board) Show(r AgentRow) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.rows, func(x *AgentRow) bool { return x.Agent == r.Agent })
	if i < 0 {
		r.Began = b.clock.Now()
		b.rows = append(b.rows, &r)
		slices.SortStableFunc(b.rows, func(x, y *AgentRow) int { return slices.Index(b.order, x.Agent) - slices.Index(b.order, y.Agent) })
		return
	}
	if r.Began = b.rows[i].Began; r.Done {
		r.Ended = b.clock.Now()
	}
	b.rows[i] = &r
}

// Close takes the whole board away.
func (b *Board) Close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.rows = nil
	b.mu.Unlock()
	b.live.close()
}

// picture is a line for each agent, and below one in trouble its tasks. Where the screen is too small, the
// agents that are well and done are counted, then the last of the others.
func (b *Board) picture(width, tick int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, height := b.t.size()
	return b.lines(paint(b.t.Color), width, height-1, tick)
}

func (b *Board) lines(c paint, width, height, tick int) []string {
	var above, below []string
	if b.around != nil {
		above, below = b.around(b.rows, width, height, tick)
	}
	agents := agentLines(b.rows, c, width, height-len(above)-len(below), tick, b.clock)
	return slices.Concat(above, agents, below)
}

func agentLines(rows []*AgentRow, c paint, width, height, tick int, clock engine.Clock) []string {
	now := clock.Now()
	w := widthsOf(rows, now)
	lines := func(r *AgentRow) []string {
		out := []string{r.line(c, w, width, tick, now)}
		for _, t := range r.Tasks {
			if r.Trouble {
				out = append(out, "      "+c.dim(fit(t, width-len("      ")-1)))
			}
		}
		return out
	}
	var all []string
	for _, r := range rows {
		all = append(all, lines(r)...)
	}
	if len(all) <= height || height < 2 {
		return all
	}
	// Trouble comes first, then what is under way: what is hidden last is what is done.
	sorted := slices.Clone(rows)
	rank := func(r *AgentRow) int {
		switch {
		case r.Trouble:
			return 0
		case !r.Done:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(sorted, func(x, y *AgentRow) int { return rank(x) - rank(y) })
	var some []string
	for n, r := range sorted {
		next := append(some, lines(r)...)
		if len(next) < height {
			some = next
			continue
		}
		if n > 0 {
			return append(some, c.dim("  "+more(sorted[n:])))
		}
		break
	}
	return all
}

// more says how many agents are not shown, and how they are.
func more(rows []*AgentRow) string {
	trouble, under := 0, 0
	for _, r := range rows {
		switch {
		case r.Trouble:
			trouble++
		case !r.Done:
			under++
		}
	}
	switch {
	case trouble > 0:
		return fmt.Sprintf("… %d more, %d in trouble", len(rows), trouble)
	case under > 0:
		return fmt.Sprintf("… %d more, %d under way", len(rows), under)
	}
	return fmt.Sprintf("… %d more, all well", len(rows))
}

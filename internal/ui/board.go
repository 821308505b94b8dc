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
	live  *live
	clock engine.Clock
	mu    sync.Mutex
	rows  []*AgentRow
}

// Board begins one, where standard error is a terminal.
func (t *Terminal) Board(clock engine.Clock) *Board {
	b := &Board{clock: clock}
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
		return
	}
	r.Began = b.rows[i].Began
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
	_, height := b.live.t.size()
	return agentLines(b.rows, paint(b.live.t.Color), width, height-1, tick, b.clock)
}

func agentLines(rows []*AgentRow, c paint, width, height, tick int, clock engine.Clock) []string {
	now := clock.Now()
	w := widthsOf(rows, now)
	lines := func(rows []*AgentRow) []string {
		var out []string
		for _, r := range rows {
			out = append(out, r.line(c, w, width, tick, now))
			for _, t := range r.Tasks {
				if r.Trouble {
					out = append(out, "      "+c.dim(t))
				}
			}
		}
		return out
	}
	all := lines(rows)
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
	for n := len(sorted) - 1; n > 0; n-- {
		some := lines(sorted[:n])
		if len(some) < height {
			return append(some, c.dim("  "+more(sorted[n:])))
		}
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

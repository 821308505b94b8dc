package ui

import "github.com/karmacadabra/karmactl/internal/document"

import "fmt"

// Rollout is an agent's section of the board.
func (b *Board) Rollout(agent string, r *document.Rollout) {
	if b == nil {
		return
	}
	c := b.live.t.paint()
	table := Table{Columns: []string{"rev", "state      ", "desired", "running", "healthy", "failed"}}
	for _, x := range r.Revisions {
		row := []string{fmt.Sprint(x.Revision), x.State}
		for i, n := range []int{x.Desired, x.Running, x.Healthy, x.Failed} {
			row = append(row, fmt.Sprintf("%*d", len(table.Columns[i+2]), n))
		}
		table.Rows = append(table.Rows, row)
	}
	lines := []string{"  " + c.bold(agent)}
	for i, l := range table.lines(b.live.t.Width()) {
		if i == 0 {
			l = c.dim(l)
		}
		lines = append(lines, "    "+l)
	}
	for _, t := range r.Tasks {
		lines = append(lines, "    "+c.dim(fmt.Sprintf("task %s (rev %d) %s", t.ID, t.Revision, t.Phase)))
	}
	b.Set(agent, lines...)
}

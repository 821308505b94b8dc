package ui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
)

// AgentRow is how far an agent is with what happens to it: one line, the same in every command.
type AgentRow struct {
	Agent string
	// From and To are revisions; 0 is none.
	From, To int
	// Image is what a person called the image: a tag, a commit; "" where there is no such word.
	Image string
	// Healthy of Desired tasks of the new revision are well.
	Healthy, Desired int
	// Left are the tasks that still run where Desired is 0.
	Left int
	// Share is how much is done: 0 to 1.
	Share float64
	// Phase is what it is at, in words.
	Phase string
	// Began is when it began, Ended when it was done; Usual is how long such a thing takes this agent, 0 is not known.
	Began time.Time
	Ended time.Time
	Usual time.Duration
	// Trouble: something has failed. Its tasks are then shown below it.
	Trouble bool
	// Done: nothing is under way any more.
	Done bool
	// Tasks are the agent's tasks, one in a line.
	Tasks []string
}

// barWidth is how many cells the bar of a row has.
const barWidth = 6

// sign is the row's mark: turning while it is under way.
func (r AgentRow) sign(c paint, tick int) string {
	switch {
	case r.Trouble && r.Done:
		return c.red("✘")
	case r.Trouble:
		return c.yellow("!")
	case r.Done:
		return c.green("✔")
	}
	return c.blue(spinner(tick))
}

// revisions are 2 → 3, or the one there is.
func (r AgentRow) revisions() string {
	switch {
	case r.From > 0 && r.To > 0 && r.From != r.To:
		return fmt.Sprintf("%d → %d", r.From, r.To)
	case r.To > 0:
		return fmt.Sprint(r.To)
	}
	return ""
}

// time is how long it has been under way, and how long it usually is.
func (r AgentRow) time(now time.Time) string {
	if r.Began.IsZero() {
		return ""
	}
	if r.Done && !r.Ended.IsZero() {
		now = r.Ended
	}
	took := inSeconds(now.Sub(r.Began))
	switch {
	case r.Usual <= 0 || r.Done:
		return took
	case now.Sub(r.Began) > r.Usual:
		return took + ", usually " + inSeconds(r.Usual)
	}
	return took + " of about " + inSeconds(r.Usual)
}

// inSeconds is a duration without fractions of a second.
func inSeconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", int(max(d, 0).Seconds()))
	}
	return Duration(d)
}

// rowWidths are the columns that all rows of a board share.
type rowWidths struct{ name, revisions, image, healthy, phase, time int }

func widthsOf(rows []*AgentRow, now time.Time) rowWidths {
	w := rowWidths{phase: len("gets its network")} // the columns stay where they are while phases change
	for _, r := range rows {
		w.name = max(w.name, lipgloss.Width(r.Agent))
		w.revisions = max(w.revisions, lipgloss.Width(r.revisions()))
		w.image = max(w.image, lipgloss.Width(r.Image))
		w.healthy = max(w.healthy, lipgloss.Width(r.health()))
		w.phase = max(w.phase, lipgloss.Width(r.Phase))
		w.time = max(w.time, lipgloss.Width(r.time(now)))
		if r.Usual > 0 {
			w.time = max(w.time, len("1m00s of about 1m00s"))
		}
	}
	return w
}

// health is how many tasks are well, or how many are left where there are to be none.
func (r AgentRow) health() string {
	switch {
	case r.Desired > 0:
		return fmt.Sprintf("%d/%d healthy", r.Healthy, r.Desired)
	case r.Left == 1:
		return "1 task left"
	case r.Left > 1:
		return fmt.Sprintf("%d tasks left", r.Left)
	}
	return "no tasks"
}

// line is the row in so many columns: the bar goes first where they are too few, then the image, the revisions, the
// time and how many are healthy.
func (r AgentRow) line(c paint, w rowWidths, width, tick int, now time.Time) string {
	full := int(r.Share*barWidth + 0.5)
	bar := c.blue(strings.Repeat("▓", full)) + c.dim(strings.Repeat("░", barWidth-full))
	cells := []struct {
		text  string
		width int
		spare int
	}{
		{pad(r.Agent, w.name), w.name, 0},
		{pad(r.revisions(), w.revisions), w.revisions, 3},
		{pad(r.Image, w.image), w.image, 2},
		{pad(r.health(), w.healthy), w.healthy, 5},
		{bar, barWidth, 1},
		{pad(r.Phase, w.phase), w.phase, 0},
		{c.dim(r.time(now)), w.time, 4},
	}
	room := func(given int) int {
		n := len("  x")
		for _, x := range cells {
			if x.width > 0 && (x.spare == 0 || x.spare > given) {
				n += len(gap) + x.width
			}
		}
		return n
	}
	given := 0
	for given < 5 && room(given) >= width {
		given++
	}
	line := "  " + r.sign(c, tick)
	for i, x := range cells {
		if x.width > 0 && (x.spare == 0 || x.spare > given) {
			line += gap[:min(len(gap), 1+min(i, 1))] + x.text
		}
	}
	return strings.TrimRight(line, " ")
}

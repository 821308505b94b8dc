package logstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Printed is a line that a tailer printed.
type Printed struct {
	Agent string
	Text  string
	// When it was printed.
	When time.Time
}

// Report compares what was printed with the script.
type Report struct {
	Printed, Lost, LostLate, Doubled, WrongAgent, Unknown int
	// StreamDisorder counts on-time lines printed after a newer on-time one of their stream, Disorder after a newer
	// on-time one of any stream, and Back is the furthest such step in time.
	StreamDisorder, Disorder int
	Back                     time.Duration
	// Median and P95 are from when a line could be read until it was printed, over all lines, late ones included;
	// LateMedian and LateP95 over the late ones only.
	Median, P95, LateMedian, LateP95, Most time.Duration
}

var marker = lazyregexp.New(`evt=(\d{7})`)

// Check makes the report. An empty Agent is not checked.
func Check(lines []Line, printed []Printed) Report {
	r := Report{Printed: len(printed)}
	times := make([]int, len(lines))
	newest := int64(0)
	newestIn := map[string]int64{}
	var lags, late []time.Duration
	for _, p := range printed {
		var n int
		if m := marker.FindStringSubmatch(p.Text); m == nil {
			r.Unknown++
			continue
		} else if _, err := fmt.Sscanf(m[1], "%d", &n); err != nil || n >= len(lines) {
			r.Unknown++
			continue
		}
		l := lines[n]
		if times[n]++; times[n] > 1 {
			r.Doubled++
			continue
		}
		if p.Agent != "" && GroupOf(p.Agent) != l.Group {
			r.WrongAgent++
		}
		lag := p.When.Sub(time.UnixMilli(l.Visible))
		lags = append(lags, lag)
		if l.Late {
			late = append(late, lag)
			continue
		}
		if l.At < newestIn[l.Stream] {
			r.StreamDisorder++
		}
		if l.At < newest {
			r.Disorder++
			r.Back = max(r.Back, time.Duration(newest-l.At)*time.Millisecond)
		}
		newest, newestIn[l.Stream] = max(newest, l.At), max(newestIn[l.Stream], l.At)
	}
	for n, l := range lines {
		if times[n] == 0 && l.Late {
			r.LostLate++
		} else if times[n] == 0 {
			r.Lost++
		}
	}
	r.Median, r.P95, r.Most = at(lags, 0.5), at(lags, 0.95), at(lags, 1)
	r.LateMedian, r.LateP95 = at(late, 0.5), at(late, 0.95)
	return r
}

// OutOfOrder counts the lines that came after a newer one although they could be read within window of their
// timestamp: what a tailer that promises this order window must keep at 0.
func OutOfOrder(lines []Line, printed []Printed, window time.Duration) int {
	newest, count := int64(0), 0
	for _, p := range printed {
		m := marker.FindStringSubmatch(p.Text)
		if m == nil {
			continue
		}
		var n int
		_, _ = fmt.Sscanf(m[1], "%d", &n)
		l := lines[n]
		if l.Visible-l.At <= window.Milliseconds() && l.At < newest {
			count++
		}
		newest = max(newest, l.At)
	}
	return count
}

func at(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))]
}

// String is the report in one line.
func (r Report) String() string {
	return fmt.Sprintf("printed %d, lost %d + %d late, doubled %d, wrong agent %d, half-printed %d, disorder %d in streams, %d merged (%.2f s back at most), lag %.2f / %.2f s (late ones %.2f / %.2f, most %.2f)",
		r.Printed, r.Lost, r.LostLate, r.Doubled, r.WrongAgent, r.Unknown, r.StreamDisorder, r.Disorder, r.Back.Seconds(),
		r.Median.Seconds(), r.P95.Seconds(), r.LateMedian.Seconds(), r.LateP95.Seconds(), r.Most.Seconds())
}

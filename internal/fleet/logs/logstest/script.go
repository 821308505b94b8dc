package logstest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Agents are the five agents of the scripts, one log group each.
var Agents = [...]string{"validator", "karma-hello", "abracadabra", "skill-extractor", "voice-extractor"}

// GroupOf is the log group of an agent.
func GroupOf(agent string) string { return "/ecs/karmacadabra-prod/" + agent }

// The figures of the minute that every tailer is measured by.
const (
	MinuteEvents  = 10_000
	MinuteLate    = 511
	MinuteStreams = 25
)

// Minute is 10,000 events over five groups in 60 s. Each group has three streams at first and five more that are
// born on the way; a fifth of the events come in bursts of 50 in one millisecond. A stream's events become readable
// when its writer flushes, every flush apart, except 511 that become readable 5 to 20 s late.
func Minute(start time.Time, flush time.Duration, seed uint64) []Line {
	rnd := rand.New(rand.NewPCG(seed, 1))
	type writer struct {
		group, name string
		born, phase int64
	}
	var writers []writer
	for _, agent := range Agents {
		for i := range 3 + MinuteStreams/len(Agents) {
			born := int64(0)
			if i >= 3 {
				born = rnd.Int64N(50_000)
			}
			id := fmt.Sprintf("%016x%016x", rnd.Uint64(), rnd.Uint64())
			writers = append(writers, writer{GroupOf(agent), "agent/" + agent + "/" + id, born, rnd.Int64N(flush.Milliseconds())})
		}
	}
	var lines []Line
	t0 := start.UnixMilli()
	add := func(w writer, at int64) {
		l := Line{Group: w.group, Stream: w.name, At: t0 + at, n: len(lines)}
		every := flush.Milliseconds()
		l.Visible = t0 + (at-w.phase+every)/every*every + w.phase
		l.Message = message(rnd, l)
		lines = append(lines, l)
	}
	for len(lines) < MinuteEvents {
		w := writers[rnd.IntN(len(writers))]
		at := w.born + rnd.Int64N(60_000-w.born)
		burst := 1
		if rnd.IntN(200) == 0 {
			burst = min(50, MinuteEvents-len(lines))
		}
		for range burst {
			add(w, at)
		}
	}
	for _, i := range rnd.Perm(len(lines))[:MinuteLate] {
		lines[i].Late = true
		lines[i].Visible = lines[i].At + 5_000 + rnd.Int64N(15_000)
	}
	return lines
}

// History is n events of 180 bytes over five groups, all readable, the newest at end.
func History(end time.Time, n int) []Line {
	rnd := rand.New(rand.NewPCG(7, 7))
	lines := make([]Line, 0, n)
	for i := range n {
		agent := Agents[i%len(Agents)]
		l := Line{Group: GroupOf(agent), Stream: "agent/" + agent + "/0123456789abcdef0123456789abcdef", n: i}
		l.At = end.UnixMilli() - int64(n-i)*3
		l.Visible = l.At + 500
		l.Message = message(rnd, l)
		lines = append(lines, l)
	}
	return lines
}

// message is 180 bytes; some have what must be escaped in JSON.
func message(rnd *rand.Rand, l Line) string {
	m := fmt.Sprintf("INFO: %s %s \"GET /health HTTP/1.1\" 200", l.Marker(), l.Stream[len("agent/"):len("agent/")+5])
	if rnd.IntN(10) == 0 {
		m += " café\t<&>\n  second line \\"
	}
	return m + " " + strings.Repeat("x", 179-len(m))
}

package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

func sampleEvents() []Event {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	return []Event{
		{Time: at, Agent: "validator", Task: "8c1f0a2b3c4d5e6f", ID: "37001", Message: "INFO: started\n"},
		{Time: at.Add(12 * time.Millisecond), Agent: "karma-hello", Task: "7d03", ID: "37002", Message: "Traceback (most recent call last):\n  File \"agent.py\", line 44\nKeyError: 'PRIVATE_KEY'\n"},
		{Time: at.Add(5 * time.Millisecond), Agent: "validator", Task: "8c1f0a2b3c4d5e6f", ID: "37003", Message: "came late", Late: true},
		{Time: at.Add(time.Second), Agent: "validator", Source: "ecs", Message: "task 8c1f stopped: exit 1"},
		{Time: at.Add(1100 * time.Millisecond), Agent: "validator", Group: "g", Stream: "s", Task: "8c1f0a2b3c4d5e6f", Message: "Traceback (most recent call last):"},
		{Time: at.Add(1100 * time.Millisecond), Agent: "validator", Group: "g", Stream: "s", Task: "8c1f0a2b3c4d5e6f", Message: "  File \"agent.py\", line 44, in a line that is longer than sixty columns"},
		{Time: at.Add(1100 * time.Millisecond), Agent: "validator", Group: "g", Stream: "s", Task: "8c1f0a2b3c4d5e6f", Message: "KeyError: 'PRIVATE_KEY'"},
		{Time: at.Add(1200 * time.Millisecond), Agent: "validator", Group: "g", Stream: "s", Task: "8c1f0a2b3c4d5e6f", Message: "WARN: next"},
		{Time: at.Add(1300 * time.Millisecond), Agent: "karma-hello", Task: "7d03", Message: `{"ts":"2026","level":"error","msg":"low on café","user":{"id":7},"path":"/pay now","took":1.5}`},
		{Time: at.Add(2 * time.Second), Agent: "stranger", Task: "x", ID: "37004", Message: "café \x1b[31mred\x1b[0m \x1b]0;title\x07 \u009b2J tab\there \xff"},
	}
}

func TestEventsAreWrittenInEachFormat(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	agents := []string{"validator", "karma-hello"}
	for name, style := range map[string]Style{
		"text":        {Agents: agents},
		"text-full":   {Agents: agents, Color: true, Timestamps: true, MarkLate: true, Zone: madrid},
		"text-screen": {Agents: agents, Width: 60},
		"json":        {Format: JSON, MarkLate: true},
		"raw":         {Format: Raw},
		"raw-stamps":  {Format: Raw, Timestamps: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := NewPrinter(&out, style)
			for _, e := range sampleEvents() {
				if err := p.Print(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			golden(t, name, out.String())
		})
	}
}

func TestAJSONLineIsWhatEncodingJSONReads(t *testing.T) {
	for _, message := range []string{"", "plain", "quote \" back \\ slash", "\x00\x01\x1f\n\r\t", "é 日本 \U0001F600", "bad \xff\xc3 utf-8"} {
		var out bytes.Buffer
		p := NewPrinter(&out, Style{Format: JSON})
		_ = p.Print(Event{Message: message})
		_ = p.Flush()
		var got struct{ Message string }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(message, "\ufffd"); got.Message != want && got.Message != "bad \ufffd\ufffd utf-8" {
			t.Errorf("%q became %q", message, got.Message)
		}
	}
}

func TestAgentsKeepTheirColoursAndDoNotShareThem(t *testing.T) {
	agents := []string{"validator", "karma-hello", "abracadabra", "skill-extractor", "voice-extractor"}
	p := NewPrinter(nil, Style{Agents: agents})
	taken := map[uint8]string{}
	for _, a := range agents {
		if other := taken[p.color(a)]; other != "" {
			t.Errorf("%s and %s share a colour", a, other)
		}
		taken[p.color(a)] = a
	}
	q := NewPrinter(nil, Style{Agents: []string{agents[4], agents[2], agents[0], agents[1], agents[3], agents[0]}})
	for _, a := range agents {
		if p.color(a) != q.color(a) {
			t.Errorf("the colour of %s depends on the order of the names", a)
		}
		alone := NewPrinter(nil, Style{Agents: agents, Shown: []string{a}})
		if alone.color(a) != p.color(a) || alone.width != len(a) {
			t.Errorf("alone, %s has another colour, or a width of %d", a, alone.width)
		}
	}
}

// shortWriter notes each write.
type shortWriter struct{ writes []string }

func (w *shortWriter) Write(b []byte) (int, error) {
	w.writes = append(w.writes, string(b))
	return len(b), nil
}

func TestWritesAreWholeLinesAndFew(t *testing.T) {
	w := &shortWriter{}
	p := NewPrinter(w, Style{Format: JSON})
	for range 2000 {
		if err := p.Print(sampleEvents()[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(p.Flush(), p.Flush()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.writes); n < 2 || n > 12 {
		t.Errorf("%d writes", n)
	}
	for _, s := range w.writes {
		if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}\n") {
			t.Errorf("half a line: %.40q", s)
		}
	}
}

func TestLevelsAreFound(t *testing.T) {
	for message, want := range map[string]Level{
		`{"level":"error","msg":"x"}`:             LevelError,
		`{"msg":"ERROR","level":"info"}`:          LevelInfo,
		`{"level":50}`:                            LevelError,
		`{"levelname":"WARNING"}`:                 LevelWarn,
		`{"nested":{"level":"fatal"},"a":[1,{}]}`: LevelAny,
		"INFO:     127.0.0.1 GET /health":         LevelInfo,
		"2026-11-23 09:00:00 [error] no way":      LevelError,
		"ts=1 level=warn msg=x":                   LevelWarn,
		"there was no error at all":               LevelAny,
		"CRITICAL root: out of memory":            LevelFatal,
		"plain words":                             LevelAny,
		"":                                        LevelAny,
	} {
		if got := LevelOf(message); got != want {
			t.Errorf("%q has level %d, want %d", message, got, want)
		}
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("loud is a level")
	}
	if l, err := ParseLevel("Warning"); l != LevelWarn || err != nil {
		t.Errorf("Warning is %d, %v", l, err)
	}
}

// golden holds what the user sees against testdata/NAME.golden; with -update it is written there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name + ".golden"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant %s:\n%s", got, file, want)
	}
}

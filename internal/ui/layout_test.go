package ui

import (
	"bytes"
	"cmp"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

func TestACommandStaysInOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"karma-hello is scaled by hand to 2: karmactl scale karma-hello=auto gives it back": `karma-hello is scaled by hand to 2:
  karmactl scale karma-hello=auto gives it
  back`,
		"its last words are there: karmactl logs skill-extractor --since 1h, or look into it": `its last words are there:
  karmactl logs skill-extractor --since 1h,
  or look into it`,
		"there are no credentials: sign in (aws sso login); --simulate FILE rehearses": `there are no credentials: sign in
  (aws sso login); --simulate FILE rehearses`,
		"aws service-quotas request-service-quota-increase --service-code fargate --desired-value 8; or lower scale.max": `aws service-quotas \
  request-service-quota-increase \
  --service-code fargate \
  --desired-value 8; or lower scale.max`,
	} {
		if got := wrap(text, 42, 2); got != want {
			t.Errorf("it is\n%s\nand not\n%s", got, want)
		}
	}
}

func TestACommandThatIsAdvisedCanBePasted(t *testing.T) {
	for text, want := range map[string]string{
		"karmactl logs writer --since 1h, which has its last words":      "karmactl logs writer --since 1h\n  which has its last words",
		"karmactl secrets set writer key, then the same deploy again":    "karmactl secrets set writer key\n  then the same deploy again",
		"karmactl deploy writer --image REF, which copies it":            "karmactl deploy writer --image REF\n  which copies it",
		"karmactl wake brings it back, and up makes the rest":            "",
		"karmactl deploy writer --restart begins it again, or wait":      "",
		"aws ec2 release-address --allocation-id eipalloc-1; or keep it": "aws ec2 release-address --allocation-id eipalloc-1\n  or keep it",
		"karmactl doctor":                  "",
		"wait, or karmactl doctor, or ask": "",
	} {
		if got := advised(text, 60, 2); got != cmp.Or(want, text) {
			t.Errorf("it is\n%s\nand not\n%s", got, want)
		}
	}
}

func TestATextIsFilledToItsWindowAndWhatIsSaidOfANameHangsBesideIt(t *testing.T) {
	const text = "Reads the log groups of all agents, or of\nthe ones named.\n\nFlags:\n      --out FILE   keep the plan in FILE\n  -h, --help       help\n"
	const want = "Reads the log groups of all\nagents, or of the ones named.\n\nFlags:\n      --out FILE   keep the\n                   plan in\n                   FILE\n  -h, --help       help\n"
	if got := filled(text, 30); got != want {
		t.Errorf("it is\n%s\nand not\n%s", got, want)
	}
}

func TestOfALongLineOfAFileThereIsWhatLiesAroundTheMark(t *testing.T) {
	const text = `agents.yaml:4:41: unknown key "memori": did you mean "memory"?
   4 |   needy: {port: 9004, image: "agent:1", memori: 14, env: {A: b}}
     |                                         ^
agents.yaml:5:3: port is missing
   5 |   x: {}
     |   ^`
	const want = `agents.yaml:4:41: unknown key "memori":
  did you mean "memory"?
   4 | …age: "agent:1", memori: 14, env: …
     |                  ^
agents.yaml:5:3: port is missing
   5 |   x: {}
     |   ^`
	if got := marked(text, 42); got != want {
		t.Errorf("it is\n%s\nand not\n%s", got, want)
	}
}

func TestALinkTakesNoRoomAndIsWrittenWhereATerminalShowsIt(t *testing.T) {
	const url = "https://example.com/a/b"
	var out strings.Builder
	window := NewWindow(strings.NewReader(""), &out, &out, 80, 24)
	linked := window.Link(url)
	if want := "\x1b]8;;" + url + "\x1b\\" + url + "\x1b]8;;\x1b\\"; linked != want {
		t.Errorf("the link is %q", linked)
	}
	if w := lipgloss.Width(linked); w != len(url) || len(pad(linked, 30)) != len(linked)+30-len(url) {
		t.Errorf("a link of %d columns has %d", len(url), w)
	}
	if got := fit(window.link(url, "a longer text"), 8); lipgloss.Width(got) > 8 || strings.Count(got, "\x1b]8;;") != 2 {
		t.Errorf("a link that is cut is %q", got)
	}
	if got := window.Link("https://example.com/\x1b\\evil"); strings.Contains(got, "]8;") {
		t.Errorf("what would end the link is one: %q", got)
	}
	piped := NewWindow(strings.NewReader(""), &out, &out, 80, 24)
	piped.Screen = false
	window.NoColor()
	for name, at := range map[string]*Terminal{"without colours": window, "in a pipe with colours": piped} {
		if got := at.Link(url); got != url {
			t.Errorf("%s a link is %q", name, got)
		}
	}
	for name, want := range map[string]bool{"xterm-256color": false, "dumb": true, "linux": true, "vt100": true, "": true} {
		if linkless(func(v string) string { return map[string]string{"TERM": name}[v] }) != want {
			t.Errorf("a terminal %q knows no links: %t", name, !want)
		}
	}
}

func TestEqualChangesAreSaidOnce(t *testing.T) {
	p := &document.Plan{Groups: []document.Group{{Name: "agents", Total: 4}}}
	for _, name := range []string{"planner", "writer"} {
		p.Changes = append(p.Changes,
			document.Change{Key: "task-definition/" + name, Kind: "task-definition", Verb: "update", Group: "agents", Fields: []document.Field{{Field: "memory", Was: "512", Now: "1024"}}},
			document.Change{Key: "service/" + name, Kind: "service", Verb: "update", Group: "agents", Fields: []document.Field{{Field: "task_definition", Was: "demo-" + name + ":1", Now: "<task-definition/" + name + ">"}}})
	}
	var out strings.Builder
	window := NewWindow(strings.NewReader(""), &out, &out, 100, 40)
	window.NoColor()
	const want = `      ~ task-definition of planner, writer
          memory  512 → 1024
      ~ service of planner, writer
          task_definition  demo-…:1 → <task-definition/…>
`
	if got := window.planText(p); !strings.Contains(got, want) {
		t.Errorf("the plan is\n%s", got)
	}
	window.Verbose = true
	if got := window.planText(p); !strings.Contains(got, "~ service/writer") || !strings.Contains(got, "demo-writer:1") {
		t.Errorf("with -v the plan is\n%s", got)
	}
}

func TestAWatchedScreenFitsItsWindow(t *testing.T) {
	s := StatusScreen{Head: "demo", Columns: []string{"agent"}, Repaint: true, Foot: "looks every 5s"}
	for range 14 {
		s.Rows = append(s.Rows, StatusRow{Cells: []string{"agent"}, Sign: Bad})
		s.Attention = append(s.Attention, StatusProblem{Agent: "agent", Problem: "0 of 1 tasks run", Command: "karmactl logs agent", Sign: Bad})
	}
	var out strings.Builder
	window := NewWindow(strings.NewReader(""), &out, &out, 80, 24)
	window.NoColor()
	window.Status(s)
	lines := strings.Split(out.String(), "\n")
	if len(lines) > 24 || !strings.Contains(lines[len(lines)-2], "looks every 5s") || !strings.Contains(lines[len(lines)-3], "… 9 more lines: karmactl status") {
		t.Errorf("a window of 24 lines has %d:\n%s", len(lines), out.String())
	}
}

func TestTheCommandOfAPlansWarningIsALineToPaste(t *testing.T) {
	var out bytes.Buffer
	term := NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
	term.Screen, term.size = true, func() (int, int) { return 80, 40 }
	if err := term.Plan(&document.Plan{Stack: "s-prod", Warnings: []document.Warning{{
		Text:    `the quota "Fargate Spot vCPU resource count" (L-36FBB829) allows 6 vCPU at once in us-east-1, and this needs 15 for new tasks`,
		Command: `aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-36FBB829 --desired-value 15 --region us-east-1`,
	}}}); err != nil {
		t.Fatal(err)
	}
	const want = `
  ! the quota "Fargate Spot vCPU resource count" (L-36FBB829) allows 6 vCPU at
    once in us-east-1, and this needs 15 for new tasks:
    aws service-quotas request-service-quota-increase --service-code fargate \
      --quota-code L-36FBB829 --desired-value 15 --region us-east-1
`
	if !strings.Contains(out.String(), want) {
		t.Errorf("it says\n%s\nwant\n%s", out.String(), want)
	}
}

func TestWhatHasNoRoomBesideIsBelow(t *testing.T) {
	for width, want := range map[int]string{
		60: "  Monthly cost (us-east-1)              expected  low – high",
		40: "  Monthly cost (us-east-1)\n                    expected  low – high",
		24: "  Monthly cost\n    (us-east-1)\n    expected  low – high",
	} {
		if got := between("  Monthly cost (us-east-1)", "expected  low – high", width); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestAMistakeIsShownInTheSmallestWindow(t *testing.T) {
	const text = `agents.yaml:4:41: unknown key "memori"
   4 |   needy: {port: 9004, image: "agent:1", memori: 14, env: {A: b}}
     |                                         ^`
	for _, columns := range []int{1, 5, 20, 39, 41, 60, 200} {
		var out strings.Builder
		NewWindow(strings.NewReader(""), &out, &out, columns, 24).Fault(&document.Error{Text: text})
		lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
		said, mark := lines[len(lines)-2], lines[len(lines)-1]
		if column := len([]rune(mark)) - 1; string([]rune(said)[column:column+6]) != "memori" {
			t.Errorf("in %d columns the mark is below another word:\n%s", columns, out.String())
		}
	}
}

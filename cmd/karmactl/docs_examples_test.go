package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// documented is a call of karmactl in a document.
type documented struct {
	page   string // README.md, docs/ci.md
	number int
	line   string
	exits  int
	shows  []string // what the document shows below the call
}

func (d documented) String() string { return fmt.Sprintf("%s:%d: %s", d.page, d.number, d.line) }

// kind is the account that the call is run in: that of an example's folder, or one of exampleKinds.
func (d documented) kind() string {
	switch {
	case strings.HasPrefix(d.page, "examples/"):
		return filepath.Dir(d.page)
	case strings.HasPrefix(d.line, "karmactl init --from-ecs "):
		return "adopt"
	}
	return kindOf(d.line)
}

// quick tells whether a call is run with -short, too. One example's folder is, and the calls to the shipped
// fleet that need no preparation or show what is said.
func (d documented) quick() bool {
	switch kind := d.kind(); kind {
	case "":
		return docFixtures[d.line].before == nil || len(d.shows) > 0
	default:
		return !strings.HasPrefix(kind, "examples/") || kind == "examples/nightly-digest"
	}
}

// TestEachCallInTheDocumentsWorks runs every call of karmactl in README.md, SKILL.md, docs/ and
// the READMEs of examples/. Other tests run the examples of help texts, the blocks of the tutorial, and
// what the skill calls looking only.
func TestEachCallInTheDocumentsWorks(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile(filepath.Join(root, "config", "agents.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	calls := callsToRun(t)
	for line := range docFixtures {
		if !slices.ContainsFunc(calls, func(d documented) bool { return d.line == line }) {
			t.Errorf("no document has %q any more", line)
		}
	}
	if len(calls) < 50 {
		t.Errorf("only %d calls were found", len(calls))
	}
	if testing.Short() {
		calls = slices.DeleteFunc(calls, func(d documented) bool { return !d.quick() })
	}
	kinds := map[string][]documented{}
	for _, d := range calls {
		kinds[d.kind()] = append(kinds[d.kind()], d)
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Run("of "+kind, func(t *testing.T) {
			inAFolder(t, func(t *testing.T) {
				x := newDocumentedOf(t, root, kind, string(shipped))
				for _, d := range kinds[kind] {
					x.document(d)
				}
			})
		})
	}
}

// callsToRun are the calls of all documents, each once for an account, that no other test runs.
func callsToRun(t *testing.T) (calls []documented) {
	t.Helper()
	elsewhere := examples(t)
	for _, looks := range skillSection(t, "Only looks") {
		elsewhere = append(elsewhere, "karmactl "+looks)
	}
	seen := map[string]bool{}
	for _, d := range allDocumented(t) {
		session := strings.HasPrefix(d.page, "examples/") // each call finds what the one before made
		again := slices.Contains(elsewhere, d.line) || seen[d.line]
		if session || len(d.shows) > 0 || !again {
			calls = append(calls, d)
		}
		seen[d.line] = true
	}
	return calls
}

// allDocumented are the calls of all documents, in the order of their lines.
func allDocumented(t *testing.T) (all []documented) {
	t.Helper()
	root := wholeRoot()
	for _, page := range documentPages(t) {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, callsIn(t, root, page, string(text))...)
	}
	return all
}

// documentPages are the documents for users, from the root; docs/commands.md is made of the help texts.
func documentPages(t *testing.T) (pages []string) {
	t.Helper()
	for _, pattern := range []string{"README.md", "SKILL.md", "docs/*.md", "docs/adr/*.md", "examples/*/README.md"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(paths) == 0 {
			t.Fatalf("there is no %s: %v", pattern, err)
		}
		for _, path := range paths {
			page, err := filepath.Rel(filepath.Join("..", ".."), path)
			if err != nil {
				t.Fatal(err)
			}
			if page = filepath.ToSlash(page); page != "docs/commands.md" {
				pages = append(pages, page)
			}
		}
	}
	return pages
}

var (
	anyFence   = regexp.MustCompile("^```([a-z]*)")
	inlineCall = regexp.MustCompile("`(karmactl [^`]+)`")
)

// callsIn finds the calls of a page: in its blocks for a shell, and between backquotes in its text.
func callsIn(t *testing.T, root *cobra.Command, page, text string) (calls []documented) {
	t.Helper()
	fenced, lang, prompts := false, "", false
	for i, line := range strings.Split(text, "\n") {
		d := documented{page: page, number: i + 1}
		fence := anyFence.FindStringSubmatch(line)
		switch {
		case fence != nil:
			fenced, lang, prompts = !fenced, fence[1], false
		case !fenced:
			for _, m := range inlineCall.FindAllStringSubmatch(line, -1) {
				if d.line = filledIn(m[1]); !namesACommand(t, root, d) {
					calls = append(calls, d)
				}
			}
		case lang != "" && lang != "sh" && lang != "console", page == "docs/tutorial.md":
		case strings.HasPrefix(line, "$ "):
			prompts = true
			calls = append(calls, d.of(line[2:]))
		case prompts:
			last := &calls[len(calls)-1]
			last.shows = append(last.shows, line)
		default:
			if d = d.of(line); strings.HasPrefix(commandIn(d.line), "karmactl ") {
				calls = append(calls, d)
			}
		}
	}
	return calls
}

// of is the call in a line of a block, however the program is reached there.
func (d documented) of(line string) documented {
	if m := exitNote.FindStringSubmatch(line); m != nil {
		_, _ = fmt.Sscan(m[1], &d.exits)
	}
	line, _, _ = strings.Cut(line, " #")
	d.line = strings.TrimSpace(line)
	for _, program := range []string{"bin/karmactl ", "go run ./cmd/karmactl "} {
		if rest, ok := strings.CutPrefix(d.line, program); ok {
			d.line = "karmactl " + rest
		}
	}
	return d
}

// filledIn puts into a call in a text what its words in capitals stand for.
func filledIn(call string) string {
	return strings.NewReplacer(
		"[", "", "R]", "us-east-1", "FILE]", "prod.tfvars", "-e NAME", "-e staging", "--schedule NAME", "--schedule office-hours",
		"JOB KEY", "weekly webhook", "AGENT", "validator", "CLUSTER", livetest.Cluster, "STATE", "terraform.tfstate", "DIR", "terraform", "KEY", "service/validator",
	).Replace(call)
}

// wholeRoot has the commands that cobra adds when one is run.
func wholeRoot() *cobra.Command {
	root := newRootCmd(&app{term: &ui.Terminal{}})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}

// namesACommand tells whether a text only speaks of a command, which has to be there.
func namesACommand(t *testing.T, root *cobra.Command, d documented) bool {
	t.Helper()
	names := words(d.line)[1:]
	if slices.ContainsFunc(names, func(w string) bool { return strings.Trim(w, "abcdefghijklmnopqrstuvwxyz-") != "" || w[0] == '-' }) {
		return false
	}
	_, args, err := root.Find(names)
	if err != nil {
		t.Errorf("%s: %v", d, err)
	}
	return len(args) == 0
}

// document runs a call, and looks for what is shown below it. What README's first call has made is there
// for all others of its account.
func (x *exampled) document(d documented) {
	x.t.Helper()
	x.putBack()
	f, found := docFixtures[d.line]
	if !found {
		f = fixtures[d.line]
	}
	if x.folder {
		f = fixture{stdin: "a-value\n"}
	}
	if args := words(commandIn(d.line)); slices.Contains(args, "--follow") || slices.Contains(args, "--watch") {
		f.ends = untilCtrlC
	}
	f.exits = max(f.exits, d.exits)
	said := alike(x.with(f, d.line))
	if x.reset == nil && !x.folder {
		x.reset, x.keepUp = x.keep(), true
		x.sim.ResetCalls()
	}
	for _, piece := range shownToAll(d.shows) {
		if !strings.Contains(said, alike(piece)) {
			x.t.Errorf("%s\nshows\n%s\nwhich is not in\n%s", d, alike(piece), said)
		}
	}
}

var (
	anyDigest   = regexp.MustCompile(`[0-9a-f]{8,}`)
	programSays = regexp.MustCompile(`( log \| )[^\n]*(\n \| [^\n]*)*`)
)

// alike leaves out of a text what differs from run to run, and what an agent says.
func alike(s string) string {
	return programSays.ReplaceAllString(loosely(anyDigest.ReplaceAllString(s, "0")), "$1")
}

// shownToAll are the pieces, between ellipses, as they are without a terminal: without the picture of
// the work under way, from a bar to the ellipsis, and what follows a question.
func shownToAll(lines []string) (pieces []string) {
	piece, picture := "", false
	for _, line := range append(lines, "…") {
		asked := strings.HasPrefix(line, "Make it so?")
		switch {
		case asked || strings.TrimSpace(line) == "…":
			if piece != "" {
				pieces = append(pieces, strings.TrimSuffix(piece, "\n"))
			}
			if piece, picture = "", false; asked {
				return pieces
			}
		case strings.HasPrefix(line, "             which "): // a terminal has what follows an advised command on a line of its own
			piece = strings.TrimSuffix(piece, "\n") + ", " + strings.TrimSpace(line) + "\n"
		case picture || strings.Contains(line, "░"):
			picture = true
		default:
			piece += line + "\n"
		}
	}
	return pieces
}

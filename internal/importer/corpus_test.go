package importer

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/agents"
)

var update = flag.Bool("update", os.Getenv("UPDATE_SCRIPTS") != "", "rewrite the golden files")

// fewest inputs of a kind.
const fewest = 20

// input is one folder of the corpus, as an archive: its files, and the agents.yaml
// that is made of them. "options:" lines in the comment are what the user says.
type input struct {
	name, path string
	archive    *txtar.Archive
	opts       Options
	dir        string
	// from is a file that the user names; "" is the folder.
	from string
}

func corpus(t *testing.T, kind string) []*input {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < fewest {
		t.Errorf("%d inputs of %s, want at least %d", len(files), kind, fewest)
	}
	var out []*input
	for _, f := range files {
		a, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".txtar")
		in := &input{name: name, path: f, archive: a, dir: t.TempDir(), opts: Options{Folder: name}}
		for line := range strings.Lines(string(a.Comment)) {
			switch k, v, _ := strings.Cut(strings.TrimSpace(line), ": "); k {
			case "from":
				in.from = filepath.Join(in.dir, v)
			case "env":
				in.opts.Environment = v
			case "var-file":
				in.opts.VarFiles = append(in.opts.VarFiles, filepath.Join(in.dir, v))
			}
		}
		for _, x := range a.Files {
			if strings.HasPrefix(x.Name, "want/") {
				continue
			}
			p := filepath.Join(in.dir, x.Name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, x.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, in)
	}
	return out
}

func (in *input) read(t *testing.T) (*Result, error) {
	t.Helper()
	if in.from == "" {
		return Read(in.dir, in.opts)
	}
	source, err := Detect(in.from)
	if err != nil {
		t.Fatal(err)
	}
	return ReadSource(in.dir, source, in.opts)
}

// golden compares the outcome with the archive's own, or rewrites it.
func (in *input) golden(t *testing.T, name, got string) {
	t.Helper()
	i := slices.IndexFunc(in.archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want/") })
	want := txtar.File{}
	if i >= 0 {
		want = in.archive.Files[i]
	}
	if *update {
		if i < 0 {
			in.archive.Files, i = append(in.archive.Files, want), len(in.archive.Files)
		}
		in.archive.Files[i] = txtar.File{Name: "want/" + name, Data: []byte(got)}
		if err := os.WriteFile(in.path, txtar.Format(in.archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want.Name != "want/"+name {
		t.Errorf("made %s, want %s:\n%s", name, want.Name, got)
	} else if diff := cmp.Diff(string(want.Data), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// tally counts what became of the values of a corpus.
type tally struct{ carried, own, left, silent int }

func (c tally) all() int { return c.carried + c.own + c.left + c.silent }

// share is the percentage that is in the file or done by karmactl.
func (c tally) share() int { return 100 * (c.carried + c.own) / max(c.all(), 1) }

// account holds what an input became to its golden file, and tells what became of its values, and of how many it
// is said that they are carried over while the file lacks them.
func (in *input) account(t *testing.T, res *Result, err error) (account Account, unwritten int) {
	t.Helper()
	var none *NoAgentsError
	switch {
	case errors.As(err, &none):
		in.golden(t, "error", err.Error()+"\n")
		return none.Account, 0
	case err != nil:
		t.Fatal(err)
	}
	in.golden(t, "agents.yaml", res.Text)
	if _, err := agents.Parse("agents.yaml", []byte(res.Text), ""); err != nil {
		t.Errorf("what was written is not valid: %v", err)
	}
	for _, x := range in.unwritten(t, res) {
		unwritten++
		t.Errorf("said to be carried over, and not in the file: %s", x)
	}
	if strings.Contains(fmt.Sprintf("%s%+v", res.Text, res), "s3cr3t") {
		t.Error("a secret was copied")
	}
	return res.Account, unwritten
}

// importCorpus reads each input, holds it to its golden file, and counts.
func importCorpus(t *testing.T, kind string) (sum tally) {
	for _, in := range corpus(t, kind) {
		t.Run(in.name, func(t *testing.T) {
			res, err := in.read(t)
			account, unwritten := in.account(t, res, err)
			sum.silent += unwritten
			for _, l := range [][]Field{account.Carried, account.Own, account.Left} {
				for _, x := range l {
					if x.File == "" || x.Line == 0 && !strings.Contains(x.File, "addons") && !strings.Contains(x.File, "overrides") && !strings.Contains(x.File, "pipelines") {
						t.Errorf("%s has no place: %+v", x.Name, x.Place)
					}
				}
			}
			for _, x := range append(account.Own, account.Left...) {
				if strings.Contains(x.Instead, "each comma and closing") {
					t.Errorf("%s (%s) was written so that it cannot be read: %s", x.Name, x.Place, x.Instead)
				}
				if x.Instead == "" {
					t.Errorf("nothing says what to do about %s (%s)", x.Name, x.Place)
				}
			}
			if err == nil {
				sum.carried += Values(account.Carried)
				sum.own += Values(account.Own)
				sum.left += Values(account.Left)
			}
			silent := in.silent(t, account)
			if kind == "terraform" && err == nil && !strings.HasSuffix(res.Source, "json") && !strings.HasSuffix(res.Source, "tfstate") {
				silent = append(silent, in.silentInTerraform(account, res.Read)...)
			}
			for _, s := range silent {
				sum.silent++
				t.Errorf("dropped in silence: %s", s)
			}
		})
	}
	t.Logf("%s: %d values: %d carried, %d karmactl's own, %d left, %d silent: %d %%", kind, sum.all(), sum.carried, sum.own, sum.left, sum.silent, sum.share())
	return sum
}

// silent are the values that the account does not speak of. It reads the YAML and JSON
// files once more by itself.
func (in *input) silent(t *testing.T, account Account) (out []string) {
	told := map[string]bool{}
	for _, l := range [][]Field{account.Carried, account.Own, account.Left} {
		for _, x := range l {
			told[x.File+" "+x.Name] = true
			told[fmt.Sprintf("%s:%d", x.File, x.Line)] = true
		}
	}
	for _, f := range in.archive.Files {
		base := filepath.Base(f.Name)
		read := strings.HasSuffix(base, "compose.yaml") || strings.HasSuffix(base, "compose.yml") || base == "manifest.yml" || strings.HasPrefix(base, "apprunner") || strings.HasPrefix(base, "express") // JSON is YAML
		if strings.HasPrefix(f.Name, "want/") || !read {
			continue
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(f.Data, &doc); err != nil {
			t.Fatal(err)
		}
		var visit func(n *yaml.Node, path string, known bool)
		visit = func(n *yaml.Node, path string, known bool) {
			known = known || told[f.Name+" "+path] || told[fmt.Sprintf("%s:%d", f.Name, n.Line)]
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				visit(n.Content[i+1], below(path, n.Content[i].Value), known)
			}
			for i := range n.Content {
				if n.Kind == yaml.SequenceNode {
					visit(n.Content[i], below(path, fmt.Sprint(i)), known)
				}
			}
			if n.Kind == yaml.ScalarNode && !known {
				out = append(out, fmt.Sprintf("%s:%d %s", f.Name, n.Line, path))
			}
		}
		for _, n := range doc.Content {
			visit(n, "", false)
		}
	}
	return out
}

// unwritten are the fields that the account has as carried over to a key that the file lacks.
func (in *input) unwritten(t *testing.T, res *Result) (out []string) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(res.Text), &doc); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	var visit func(n *yaml.Node, path string)
	visit = func(n *yaml.Node, path string) {
		there[path] = true
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			visit(n.Content[i+1], below(path, n.Content[i].Value))
		}
		for i := range n.Content {
			if n.Kind == yaml.SequenceNode {
				visit(n.Content[i], below(path, fmt.Sprint(i)))
			}
		}
	}
	visit(doc.Content[0], "")
	for _, x := range res.Account.Carried {
		found := false
		for key := range strings.SplitSeq(x.Key, " ") {
			found = found || there[key] || there[strings.TrimSuffix(key, ".command")] && strings.HasSuffix(key, ".health.command")
		}
		if !found {
			out = append(out, fmt.Sprintf("%s %s: %s", x.Place, x.Name, x.Key))
		}
	}
	return out
}

// Nine tenths of what the inputs of each kind say are carried over or done by
// karmactl anyway; the rest is named with its place, and nothing is silent.
func TestEverySourceBecomesAnAgentsYAML(t *testing.T) {
	for _, kind := range []string{"terraform", "copilot", "apprunner", "express", "compose", "dockerfile"} {
		t.Run(kind, func(t *testing.T) {
			if sum := importCorpus(t, kind); sum.share() < 90 || sum.silent > 0 {
				t.Errorf("%d %% of %s are carried over or done anyway, %d in silence", sum.share(), kind, sum.silent)
			}
		})
	}
}

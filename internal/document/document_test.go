package document_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

//go:generate go test -run ^TestTheJSONDocsAreWhatTheDocumentsSay$ -count=1 . -update-docs

var (
	update     = flag.Bool("update", false, "rewrite the goldens")
	updateDocs = flag.Bool("update-docs", false, "write docs/json.md")
)

func TestEveryDocumentHasAGolden(t *testing.T) {
	all := samples()
	for name := range declarations(t) {
		if _, ok := all[name]; !ok && isDocument(t, name) {
			t.Errorf("%s is a document and has no sample", name)
		}
	}
	for name, doc := range all {
		path := filepath.Join("testdata", name+".json")
		got := encode(t, doc)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s", path, got)
		}
		var of struct{ Stack string }
		if err := json.Unmarshal(got, &of); err != nil || strings.Contains(of.Stack, "/") {
			t.Errorf("%s calls its stack %q: %v", name, of.Stack, err)
		}
		var head document.Head
		if err := json.Unmarshal(got, &head); err != nil || head != document.Of(name) {
			t.Errorf("the head of %s is %+v %v", name, head, err)
		}
	}
}

// The stream of logs writes its lines by hand, because it is fast that way.
func TestALineOfLogsIsALogEvent(t *testing.T) {
	var out bytes.Buffer
	p := logs.NewPrinter(&out, logs.Style{Format: logs.JSON, MarkLate: true})
	if err := p.Print(logs.Event{Time: time.UnixMilli(1790000000123), Agent: "validator", Task: "0f", ID: "1", Message: "a\n\"b\"", Source: "ecs", Late: true}); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	var e document.LogEvent
	if err := dec.Decode(&e); err != nil {
		t.Fatal(err)
	}
	want := document.LogEvent{Head: document.Of("LogEvent"), Time: time.UnixMilli(1790000000123).UTC(), Agent: "validator", Task: "0f", ID: "1", Message: "a\n\"b\"", Source: "ecs", Late: true}
	if e != want {
		t.Errorf("%+v, want %+v", e, want)
	}
}

// TestTheJSONDocsAreWhatTheDocumentsSay makes docs/json.md of the comments in this package.
func TestTheJSONDocsAreWhatTheDocumentsSay(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "json.md")
	want := page(t)
	if *updateDocs {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/json.md is not what the documents say: make gen")
	}
}

// A script that adds up numbers must not add up one that is in place of none.
func TestNoNumberIsInPlaceOfNotKnown(t *testing.T) {
	sentinel := regexp.MustCompile(`-1\b|\b0 (is|where|when)\b[^.;]*\b(none|not|no)\b|\b(is|are) (0|-1) (where|when)\b`)
	for name, d := range declarations(t) {
		for _, f := range d.fields {
			if s := sentinel.FindString(f.doc); s != "" && !strings.HasPrefix(s, "0 is that nothing") {
				t.Errorf("%s.%s: %q", name, f.name, s)
			}
		}
		if s := sentinel.FindString(d.doc); s != "" {
			t.Errorf("%s: %q", name, s)
		}
	}
}

// prints says which command prints a document.
var prints = map[string]string{
	"Plan": "`plan`, and `--dry-run` of `up`, `down`, `hibernate` and `wake`", "Result": "the last line of `up`, `down`, `hibernate` and `wake`",
	"Event": "each line before the last of what takes long: `up`, `down`, `deploy` …", "Deployment": "`deploy` and `rollback`, a line for each agent",
	"Error": "every command that fails", "Cost": "`cost`", "Doctor": "`doctor`", "Status": "`status`; with `--watch` a line each time", "Scale": "`scale`",
	"Secrets": "`secrets sync` and `secrets set`", "SecretsStatus": "`secrets status`", "Outputs": "`outputs`", "Access": "`ci github`", "Dashboard": "`dashboard`", "Open": "`open`", "Copy": "`cp`", "Diagram": "`diagram`", "Validation": "`validate`",
	"Version": "`version`", "Adoption": "`adopt --dry-run`, and `adopt` with something in the way", "Takeover": "`adopt`, `adopt --undo` and `adopt --release`", "Cutover": "`cutover` and `cutover --back`", "Import": "`init`", "State": "`state list`", "StateEntry": "`state show`", "StateHistory": "`state history`", "StateChange": "`state rm`, `state restore`, `state import` and `state unlock`", "Revisions": "`rollback --list`", "TaskRun": "`run --dry-run`", "History": "`history`", "Stacks": "`list`",
	"LogEvent": "`logs`, a line for each", "LogQuery": "`logs --query`",
}

func page(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# JSON documents

Made from internal/document by ` + "`make gen`" + `; not edited by hand.

Every command takes ` + "`-o json`" + `. What takes long prints a document a line, the last of which is the result; everything else prints one.
Each begins with its ` + "`schema`, which is `" + document.Schema + "`" + `, and its ` + "`kind`" + `, and has ` + "`\"simulated\": true`" + ` when its account is a simulated one. Within a schema fields are added, never renamed and never taken away.
Money is a decimal string in USD, and "" where a price is missing. Times are in RFC 3339 and UTC. A field that says "not there" is left out, and what was not measured in a list is null: no number is in place of "not known".

`)
	decls := declarations(t)
	names := slices.Sorted(maps.Keys(samples()))
	for _, name := range names {
		if prints[name] == "" {
			t.Errorf("which command prints %s?", name)
		}
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", name, strings.ToLower(name), prints[name])
	}
	for _, name := range names {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", name, strings.TrimSpace(decls[name].doc))
		b.WriteString("| field | type | meaning |\n|---|---|---|\n")
		rows(t, &b, decls, name, "", map[string]bool{})
		fmt.Fprintf(&b, "\n```json\n%s```\n", encode(t, samples()[name]))
	}
	return b.String()
}

// rows writes the fields of a type, and below each those of its parts.
func rows(t *testing.T, b *strings.Builder, decls map[string]declaration, name, prefix string, open map[string]bool) {
	if open[name] {
		return
	}
	open[name] = true
	defer delete(open, name)
	for _, f := range decls[name].fields {
		part := strings.TrimLeft(f.typ, "*[]")
		if f.name == "" { // embedded: its fields are this one's
			if part != "Head" {
				rows(t, b, decls, part, prefix, open)
			}
			continue
		}
		if f.doc == "" {
			t.Errorf("%s.%s has no comment: what is it, for someone who writes a script?", name, f.name)
		}
		if strings.ToLower(f.name) != f.name {
			t.Errorf("%s.%s: a field is in small letters, its words apart by _, as all are", name, f.name)
		}
		known := len(decls[part].fields) > 0
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", prefix+f.name, plainType(f.typ, known), strings.ReplaceAll(f.doc, "|", `\|`))
		below := strings.TrimPrefix(strings.TrimLeft(f.typ, "*[]"), "map[string]")
		if _, ok := decls[below]; ok {
			sep := "."
			if strings.HasPrefix(f.typ, "[]") {
				sep = "[]."
			} else if strings.HasPrefix(f.typ, "map[") {
				sep = ".*."
			}
			rows(t, b, decls, below, prefix+f.name+sep, open)
		}
	}
}

// plainType is a type in JSON's words.
func plainType(goType string, known bool) string {
	switch t := strings.TrimPrefix(goType, "*"); {
	case strings.HasPrefix(t, "[]"):
		inner := plainType(t[2:], known)
		return "list of " + inner + "s"
	case strings.HasPrefix(t, "map["):
		return "object"
	case t == "int" || t == "int64" || t == "float64":
		return "number"
	case t == "bool":
		return "boolean"
	case t == "time.Time":
		return "time"
	case known:
		return "object"
	default:
		return "string"
	}
}

type field struct{ name, typ, doc string }

type declaration struct {
	doc    string
	fields []field
}

// declarations are the structs of the package with their comments.
func declarations(t *testing.T) map[string]declaration {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]declaration{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			ts := g.Specs[0].(*ast.TypeSpec)
			s, ok := ts.Type.(*ast.StructType)
			if !ok {
				continue
			}
			if g.Doc == nil {
				t.Errorf("%s has no comment", ts.Name.Name)
				continue
			}
			out[ts.Name.Name] = declaration{doc: g.Doc.Text(), fields: fieldsOf(s)}
		}
	}
	return out
}

// fieldsOf are a struct's fields. A comment that names the fields after it, too,
// is the comment of each.
func fieldsOf(s *ast.StructType) []field {
	var out []field
	said := ""
	for _, f := range s.Fields.List {
		x := field{typ: typeText(f.Type), doc: strings.TrimSpace(strings.ReplaceAll(f.Doc.Text(), "\n", " "))}
		if x.doc == "" && len(f.Names) == 1 && slices.Contains(strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), f.Names[0].Name) {
			x.doc = said
		}
		said = x.doc
		if f.Tag != nil {
			tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
			x.name, _, _ = strings.Cut(tag, ",")
			if x.name == "-" {
				continue
			}
		}
		out = append(out, x)
	}
	return out
}

func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return "*" + typeText(e.X)
	case *ast.ArrayType:
		return "[]" + typeText(e.Elt)
	case *ast.MapType:
		return "map[" + typeText(e.Key) + "]" + typeText(e.Value)
	case *ast.SelectorExpr:
		return typeText(e.X) + "." + e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func isDocument(t *testing.T, name string) bool {
	return slices.ContainsFunc(declarations(t)[name].fields, func(f field) bool { return f.name == "" && f.typ == "Head" })
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

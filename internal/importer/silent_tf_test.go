package importer

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hclLeaf is a value as it is written in a *.tf file: the names that lead to it, and its line. owner is the
// path up to the list that it is in, where it is in one, and parents are all that it is part of.
type hclLeaf struct {
	path, owner string
	line        int
	parents     []hclLeaf
}

// hclReader reads *.tf files a second time, by their braces alone: what the importer's own reader loses, it
// finds. It knows no functions and no values: a list adds nothing to a path, and neither does a call.
type hclReader struct {
	src  string
	pos  int
	line int
	// path are the names of what is open, "" for a list or a call.
	path   []string
	lines  []int
	closes []byte
	name   string // the last name or text, which a = or a { may follow
	labels []string
	leaves []hclLeaf
	// said tells that the value has something of its own in it: one of references alone is told where it is from.
	said bool
}

var hclName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*`)

func readHCL(src string) []hclLeaf {
	r := &hclReader{src: src, line: 1}
	for r.pos < len(r.src) {
		r.step()
	}
	return r.leaves
}

func (r *hclReader) where(more ...string) string {
	return strings.Join(slices.DeleteFunc(append(slices.Clone(r.path), more...), func(s string) bool { return s == "" }), ".")
}

// push opens what is below a name, at the line.
func (r *hclReader) push(c byte, name string) {
	r.path, r.closes, r.lines = append(r.path, name), append(r.closes, c), append(r.lines, r.line)
}

// pop closes all but n of what is open.
func (r *hclReader) pop(n int) { r.path, r.closes, r.lines = r.path[:n], r.closes[:n], r.lines[:n] }

// parents are what is open, with the line at which it begins.
func (r *hclReader) parents() (out []hclLeaf) {
	for i, line := range r.lines {
		named := hclReader{path: r.path[:i+1]}
		out = append(out, hclLeaf{path: named.where(), line: line})
	}
	return out
}

func (r *hclReader) skip(n int) {
	r.line += strings.Count(r.src[r.pos:r.pos+n], "\n")
	r.pos += n
}

// text skips a text in quotes, with what is filled into it, and tells what is in it.
func (r *hclReader) text() string {
	from, open := r.pos+1, 0
	r.said = true
	for i := from; i < len(r.src); i++ {
		switch c := r.src[i]; {
		case c == '\\':
			i++
		case strings.HasPrefix(r.src[i:], "${"):
			open++
			i++
		case open > 0 && c == '{':
			open++
		case open > 0 && c == '}':
			open--
		case c == '"' && open == 0:
			r.skip(i + 1 - r.pos)
			return r.src[from:i]
		}
	}
	r.pos = len(r.src)
	return ""
}

func (r *hclReader) open(c byte, name string) {
	r.push(c, name)
	r.name, r.labels = "", nil
	r.skip(1)
}

func (r *hclReader) step() {
	rest := r.src[r.pos:]
	switch c := rest[0]; {
	case c == '#' || strings.HasPrefix(rest, "//"):
		r.skip(len(rest[:strings.IndexByte(rest+"\n", '\n')]))
	case strings.HasPrefix(rest, "/*"):
		r.skip(strings.Index(rest, "*/") + 2)
	case c == '\n':
		r.name, r.labels = "", nil
		r.skip(1)
	case c == '"' && r.name != "" && !r.inValue():
		r.labels = append(r.labels, r.text())
	case c == '"':
		r.name = r.text()
	case c == '=' && !strings.HasPrefix(rest, "==") && !strings.HasPrefix(rest, "=>") && r.name != "" && !r.inValue():
		leaf, before := hclLeaf{path: r.where(r.name), owner: r.where(r.name), line: r.line, parents: r.parents()}, len(r.leaves)
		if i := bytes.IndexByte(r.closes, ']'); i >= 0 {
			leaf.owner = strings.Join(slices.DeleteFunc(slices.Clone(r.path[:i]), func(s string) bool { return s == "" }), ".")
		}
		r.skip(1)
		r.said = false
		r.value(r.name)
		if r.said && len(r.leaves) == before { // nothing below it has a name
			r.leaves = append(r.leaves, leaf)
		}
	case c == '{':
		r.open('}', strings.Join(append(r.named(), r.labels...), "."))
	case c == '[' || c == '(':
		r.open(map[byte]byte{'[': ']', '(': ')'}[c], "")
	case c == '}' || c == ']' || c == ')':
		if n := len(r.path); n > 0 {
			r.pop(n - 1)
		}
		r.name, r.labels = "", nil
		r.skip(1)
	default:
		r.said = r.said || c >= '0' && c <= '9'
		if m := hclName.FindString(rest); m != "" {
			r.said = r.said || m == "true" || m == "false"
			r.name = m
			r.skip(len(m))
			return
		}
		if c == ',' || c == '?' || c == ':' {
			r.name, r.labels = "", nil
		}
		r.skip(1)
	}
}

func (r *hclReader) named() []string {
	if r.name == "" {
		return nil
	}
	return []string{r.name}
}

// inValue tells whether a list or a call is open, in which a text is no label.
func (r *hclReader) inValue() bool { return len(r.closes) > 0 && r.closes[len(r.closes)-1] != '}' }

// value reads what is after a =, up to the end of the line on which nothing is open.
func (r *hclReader) value(name string) {
	depth := len(r.path)
	r.push('=', name)
	for r.pos < len(r.src) && len(r.path) > depth {
		rest := r.src[r.pos:]
		last := len(r.path) == depth+1
		switch {
		case strings.HasPrefix(rest, "<<"):
			r.heredoc()
		case last && (rest[0] == '\n' || rest[0] == ',' || rest[0] == '}'):
			r.pop(depth)
		case last && rest[0] == '{':
			r.open('}', "")
		default:
			r.step()
		}
	}
	r.name, r.labels = "", nil
}

func (r *hclReader) heredoc() {
	m := regexp.MustCompile(`^<<-?([A-Za-z_]+)`).FindStringSubmatch(r.src[r.pos:])
	if m == nil {
		r.skip(2)
		return
	}
	r.said = true
	end := regexp.MustCompile(`(?m)^\s*` + m[1] + `\s*$`).FindStringIndex(r.src[r.pos+len(m[0]):])
	if end == nil {
		r.pos = len(r.src)
		return
	}
	r.skip(len(m[0]) + end[1])
}

var (
	ofModules = regexp.MustCompile(`^(module\.[a-z_0-9-]+(\[[^\]]*\])?\.)+`)
	ofList    = regexp.MustCompile(`(\[[^\]]*\])|\.\d+\b`)
	// ofTerraform are the blocks and arguments that Terraform reads for itself.
	ofTerraform = regexp.MustCompile(`^(terraform|output|moved|removed|import|check|data)\b|^variable\.[^.]+(\.(type|description|sensitive|nullable|validation|ephemeral)\b.*)?$|\.(count|for_each|depends_on|provider|providers|lifecycle|source|version|timeouts|iterator|labels|alias)(\.|$)`)
)

// plainPath is the path of a value without what says which of many it is.
func plainPath(name string) string {
	name = ofList.ReplaceAllString(ofModules.ReplaceAllString(name, ""), "")
	name = strings.ReplaceAll(strings.ReplaceAll(name, ".dynamic.", "."), ".content", "")
	for _, x := range [][2]string{{"resource.", ""}, {"variable.", "var."}, {"locals.", "local."}} {
		name = strings.Replace(name, x[0], x[1], 1)
	}
	return strings.Replace(name, ".default.", ".", 1)
}

// silentInTerraform are the values of *.tf files of which the account says nothing: neither of the
// line, nor, of what is in no list, of the value by its name, nor of what it is a part of.
func (in *input) silentInTerraform(account Account, read []string) (out []string) {
	lines, names, places := map[string]bool{}, map[string]bool{}, map[string]bool{}
	place := func(file string, line int, name string) string {
		return fmt.Sprintf("%s:%d %s", file, line, plainPath(name))
	}
	for _, l := range [][]Field{account.Carried, account.Own, account.Left} {
		for _, x := range l {
			lines[fmt.Sprintf("%s:%d", x.File, x.Line)] = true
			names[plainPath(x.Name)], places[place(x.File, x.Line, x.Name)] = true, true
		}
	}
	for _, f := range in.archive.Files {
		if strings.HasPrefix(f.Name, "want/") || filepath.Ext(f.Name) != ".tf" || strings.Contains(f.Name, "/") && !slices.Contains(read, f.Name) {
			continue
		}
		for _, x := range readHCL(string(f.Data)) {
			told := ofTerraform.MatchString(x.path) || lines[fmt.Sprintf("%s:%d", f.Name, x.line)]
			for path := strings.TrimSuffix(plainPath(x.owner), ".default"); path != "" && !told; {
				told = names[path]
				path = path[:max(strings.LastIndexByte(path, '.'), 0)]
			}
			for _, p := range x.parents {
				told = told || places[place(f.Name, p.line, p.path)]
			}
			if !told {
				out = append(out, fmt.Sprintf("%s:%d %s", f.Name, x.line, plainPath(x.path)))
			}
		}
	}
	return out
}

// The second reader has to see what there is: here it does.
func TestTheSecondReaderOfTerraformSeesEveryValue(t *testing.T) {
	var got []string
	for _, x := range readHCL(`# comment = 1
variable "size" { default = { cpu = 256, "mem" = "1${var.x}" } }
resource "aws_ecs_task_definition" "bot" {
  family = "a{b" // text
  container_definitions = jsonencode([
    { name = "bot", environment = [{ name = "A", value = "1" }, { name = "B", value = "2" }] },
  ])
  dynamic "volume" {
    for_each = var.v ? ["x"] : []
    content {
      name = volume.value == "x" ? "y" : "z"
    }
  }
  policy = <<EOT
inside = "of a text"
EOT
  last = [1, 2]
}
`) {
		got = append(got, fmt.Sprintf("%d %s", x.line, plainPath(x.path)))
	}
	want := []string{
		"2 var.size.cpu", "2 var.size.mem",
		"4 aws_ecs_task_definition.bot.family",
		"6 aws_ecs_task_definition.bot.container_definitions.name",
		"6 aws_ecs_task_definition.bot.container_definitions.environment.name", "6 aws_ecs_task_definition.bot.container_definitions.environment.value",
		"6 aws_ecs_task_definition.bot.container_definitions.environment.name", "6 aws_ecs_task_definition.bot.container_definitions.environment.value",
		"9 aws_ecs_task_definition.bot.volume.for_each", "11 aws_ecs_task_definition.bot.volume.name",
		"14 aws_ecs_task_definition.bot.policy", "17 aws_ecs_task_definition.bot.last",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

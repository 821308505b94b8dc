package importer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Result is what an import found, and the file that it wrote.
type Result struct {
	// Source says what was read, in a few words: "AWS Copilot, copilot/".
	Source string
	// Text is the agents.yaml; it passes validation.
	Text string
	// Config is the same, read.
	Config *agents.Config
	// Services are the names of the ECS services that the agents were, by agent.
	Services map[string]string
	// Account is what became of each value of the sources.
	Account Account
	// Notes say what was changed on the way.
	Notes []string
	// Read are the files that were read, as their places name them.
	Read []string
	// Beside are other descriptions of a fleet that were there and not read.
	Beside []string
}

// Options are what the user says beside the sources.
type Options struct {
	// Project, Environment and Region win over what the sources say; "" is theirs.
	Project, Environment, Region string
	// Folder is the name of the folder that is imported, for a project without a name.
	Folder string
	// VarFiles are Terraform's -var-file.
	VarFiles []string
	// Services has each agent named to the service that it runs as, for a stack that takes
	// those services over.
	Services bool
}

// reading is one import under way.
type reading struct {
	opts  Options
	fleet fleet
	roots []*tree
	notes []string
	// reasons are why a key is written that no place of the sources says, by its path.
	reasons map[string]string
}

func (r *reading) note(at Place, format string, args ...any) {
	r.notes = append(r.notes, strings.TrimPrefix(at.String()+": ", ": ")+fmt.Sprintf(format, args...))
}

// NoAgentsError says that a source has no agents in it.
type NoAgentsError struct {
	// Source is what was read, Looked what was looked for in it.
	Source, Looked string
	// Account is what the source has instead.
	Account Account
}

func (e *NoAgentsError) Error() string {
	text := fmt.Sprintf("%s has no agents: looked for %s", e.Source, e.Looked)
	var seen []string
	for _, x := range Fold(e.Account.Left) {
		seen = append(seen, fmt.Sprintf("%s (%s)", x.Name, x.Place))
	}
	const most = 8
	if n := len(seen); n > most {
		seen = append(seen[:most:most], fmt.Sprintf("%d more", n-most))
	}
	if len(seen) > 0 {
		text += ": found " + strings.Join(seen, ", ")
	}
	return text
}

// finish names what has no name yet, writes the file and accounts for it.
func (r *reading) finish(source, looked string) (*Result, error) {
	f := &r.fleet
	if len(f.agents) == 0 {
		return nil, &NoAgentsError{Source: source, Looked: looked, Account: account(r.roots, nil)}
	}
	r.nameStack()
	f.settleCalls()
	for _, id := range f.fileSystems() {
		if r.opts.Services { // the fleet's VPC stays, and is that one
			break
		}
		r.notes = append(r.notes, "tasks mount "+id+" in the VPC of its mount targets alone: network.vpc has to name that VPC")
	}
	refused := map[string]string{}
	for range 200 {
		a := account(r.roots, refused)
		p := f.write(r.head(source), r.comments(a), refused)
		p.tail(a)
		text := strings.Join(p.lines, "\n") + "\n"
		cfg, err := agents.Parse("agents.yaml", []byte(text), "")
		if err == nil {
			return &Result{Source: source, Text: text, Config: cfg, Services: f.services(), Account: a, Notes: r.notes, Read: r.read()}, nil
		}
		if !p.refuse(err, refused) {
			return nil, fmt.Errorf("what %s says cannot be written: %w", source, err)
		}
	}
	return nil, fmt.Errorf("what %s says cannot be written: too much of it is refused", source)
}

// read are the files of the trees.
func (r *reading) read() []string {
	var out []string
	for _, t := range r.roots {
		out = append(out, t.at.File)
	}
	return out
}

// refuse leaves out the lines that a problem is about.
func (p *page) refuse(err error, refused map[string]string) (more bool) {
	var problems *agents.Problems
	if !errors.As(err, &problems) {
		return false
	}
	for _, x := range problems.List {
		key := p.keys[x.Line]
		if key == "" || key == "agents" || key == "project" || key == "environment" || key == "region" {
			continue
		}
		if _, known := refused[key]; !known {
			refused[key] = fmt.Sprintf("agents.yaml takes: %s", x.Allowed)
			more = true
		}
	}
	return more
}

// comments are behind the keys of the file: where each comes from, or why it is written.
func (r *reading) comments(a Account) map[string]Place {
	out := froms(a.Carried)
	for key, why := range r.reasons {
		out[key] = Place{File: why}
	}
	return out
}

// froms are the places that the comments of the file name: the first of each key.
func froms(carried []Field) map[string]Place {
	out := map[string]Place{}
	for _, x := range carried {
		for key := range strings.SplitSeq(x.Key, " ") {
			if _, known := out[key]; !known {
				out[key] = x.Place
			}
		}
	}
	return out
}

// nameStack gives the stack its project, environment and region.
func (r *reading) nameStack() {
	f, o := &r.fleet, r.opts
	said := first(o.Project, f.project, o.Folder, "fleet")
	f.project = nearest(said, nearProject, "fleet")
	if f.project != said && said == first(o.Project, f.project, said) {
		r.notes = append(r.notes, fmt.Sprintf("the project is called %q, which is no name that all of AWS takes: it is %s here", shorten(said), f.project))
	}
	env := first(o.Environment, f.environment, "prod")
	f.environment = nearest(env, nearEnvironment, "prod")
	if f.environment != env {
		r.notes = append(r.notes, fmt.Sprintf("the environment is called %q: it is %s here", shorten(env), f.environment))
	}
	if f.region = first(o.Region, f.region); f.region == "" {
		f.region = "us-east-1"
		r.notes = append(r.notes, "nothing says which region: us-east-1 is written; --region names another")
	}
}

func (r *reading) head(source string) []string {
	out := []string{fmt.Sprintf("Made by `karmactl init` from %s. The comment behind a value says where it comes from; what was not carried over is at the end.", source)}
	for _, n := range r.notes {
		out = append(out, "", "Note: "+n+".")
	}
	return out
}

// tail lists at the end of the file what is not in it.
func (p *page) tail(a Account) {
	p.raw(0, "")
	if len(a.Left) == 0 {
		p.comment(0, "Everything was carried over.")
	} else {
		p.comment(0, "Not carried over:")
		for _, x := range Fold(a.Left) {
			p.item(fmt.Sprintf("%s  %s", x.Place, x.Name), x.Instead)
		}
	}
	if len(a.Own) > 0 {
		p.raw(0, "#")
		p.comment(0, "karmactl does by itself:")
		for _, why := range reasons(a.Own) {
			p.item(why.why, why.names)
		}
	}
}

// item is a line of a list at the end, and below it what there is to say.
func (p *page) item(what, more string) {
	p.raw(0, "#   "+what)
	for _, l := range wrapped(more, 92) {
		p.raw(0, "#       "+l)
	}
}

type reason struct{ names, why string }

// reasons groups fields that have the same reason, by their lines.
func reasons(all []Field) []reason {
	var order []string
	by := map[string][]Place{}
	for _, x := range all {
		if _, seen := by[x.Instead]; !seen {
			order = append(order, x.Instead)
		}
		by[x.Instead] = append(by[x.Instead], x.Place)
	}
	out := make([]reason, len(order))
	for i, why := range order {
		out[i] = reason{lines(by[why]), why}
	}
	return out
}

// lines are places in few words: main.tf:3, 7, 9; vars.tf:1.
func lines(all []Place) string {
	var b strings.Builder
	var last Place
	for _, p := range all {
		switch {
		case p == last:
			continue
		case b.Len() == 0:
			b.WriteString(p.String())
		case p.File == last.File && p.Line > 0:
			fmt.Fprintf(&b, ", %d", p.Line)
		default:
			b.WriteString("; " + p.String())
		}
		last = p
	}
	return b.String()
}

func first(all ...string) string {
	i := slices.IndexFunc(all, func(s string) bool { return s != "" })
	if i < 0 {
		return ""
	}
	return all[i]
}

// relative is a path as the user would type it.
func relative(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// dockerfile is as much of a Dockerfile as agents.yaml cares about.
type dockerfile struct {
	root *tree
	// expose are the ports that it names.
	expose []*tree
	env    []*tree
	args   []*tree
	probe  *tree
	arch   *tree
	volume []*tree
	other  []*tree
}

var instruction = lazyregexp.New(`^\s*([A-Za-z]+)\s+(.*)$`)

// readDockerfile reads the instructions of the last stage, and the ARGs of all.
func readDockerfile(path, file string) (*dockerfile, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the Dockerfile cannot be read: %w", err)
	}
	d := &dockerfile{root: &tree{at: Place{File: file, Line: 1}, kind: dict}}
	lines := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	var heredoc string
	for i := 0; i < len(lines); i++ {
		at, text := i+1, lines[i]
		if heredoc != "" {
			if strings.TrimSpace(text) == heredoc {
				heredoc = ""
			}
			continue
		}
		if t := strings.TrimSpace(text); t == "" || strings.HasPrefix(t, "#") {
			continue
		}
		for strings.HasSuffix(strings.TrimRight(text, " \t"), `\`) && i+1 < len(lines) {
			text = strings.TrimSuffix(strings.TrimRight(text, " \t"), `\`)
			for i++; i < len(lines); i++ {
				if t := strings.TrimSpace(lines[i]); t != "" && !strings.HasPrefix(t, "#") {
					text += " " + t
					break
				}
			}
		}
		m := instruction.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		if _, word, ok := strings.Cut(m[2], "<<"); ok && (strings.EqualFold(m[1], "RUN") || strings.EqualFold(m[1], "COPY")) {
			heredoc = strings.Trim(strings.TrimPrefix(strings.Fields(word + " ")[0], "-"), `"'`)
		}
		d.add(strings.ToUpper(m[1]), strings.TrimSpace(m[2]), Place{File: file, Line: at})
	}
	return d, nil
}

func (d *dockerfile) add(word, rest string, at Place) {
	t := &tree{name: word, text: rest, at: at}
	d.root.keys, d.root.items = append(d.root.keys, word), append(d.root.items, t)
	switch word {
	case "FROM":
		// What an earlier stage has is not in the image.
		for _, old := range [][]*tree{d.expose, d.env, d.volume} {
			for _, x := range old {
				x.own("of a stage that is not the last: not in the image")
			}
		}
		d.expose, d.env, d.volume, d.probe = nil, nil, nil, nil
		if strings.HasPrefix(rest, "--platform=") {
			d.arch = t
		}
	case "EXPOSE":
		d.expose = append(d.expose, t)
	case "ENV":
		d.env = append(d.env, t)
	case "ARG":
		d.args = append(d.args, t)
	case "HEALTHCHECK":
		d.probe = t
	case "VOLUME":
		d.volume = append(d.volume, t)
	default:
		d.other = append(d.other, t)
	}
}

var envPort = lazyregexp.New(`(?:^|\s)PORT[= ]"?(\d+)`)

// port is the first one that the image is made for: ENV PORT, else EXPOSE.
func (d *dockerfile) port() (int, *tree) {
	for _, e := range d.env {
		if m := envPort.FindStringSubmatch(e.text); m != nil {
			n, _ := strconv.Atoi(m[1])
			return n, e
		}
	}
	for _, e := range d.expose {
		for w := range strings.FieldsSeq(e.text) {
			w, proto, _ := strings.Cut(w, "/")
			if n, err := strconv.Atoi(w); err == nil && proto != "udp" {
				return n, e
			}
		}
	}
	return 0, nil
}

// health is HEALTHCHECK's command as ECS takes it, and its options in seconds.
func (d *dockerfile) health() (command []string, options map[string]int) {
	if d.probe == nil {
		return nil, nil
	}
	options = map[string]int{}
	rest := d.probe.text
	for strings.HasPrefix(rest, "--") {
		word, after, _ := strings.Cut(rest, " ")
		name, value, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		if n, err := strconv.Atoi(value); err == nil {
			options[name] = n
		} else if s, ok := seconds(value); ok {
			options[name] = s
		}
		rest = strings.TrimSpace(after)
	}
	word, text, _ := strings.Cut(rest, " ")
	if !strings.EqualFold(word, "CMD") {
		return nil, options // NONE
	}
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "[") {
		if t, err := yamlTree("", []byte(text)); err == nil && t.kind == list {
			command = []string{"CMD"}
			for _, w := range t.items {
				command = append(command, w.str())
			}
			return command, options
		}
	}
	return []string{"CMD-SHELL", text}, options
}

// image takes over what the image says: port, health check and architecture.
func (r *reading) image(a *agent, d *dockerfile, alone bool) {
	if a.port == 0 && !a.worker {
		if n, t := d.port(); n > 0 {
			a.port = n
			t.carry(a.key("port"))
		}
	}
	if command, options := d.health(); command != nil && a.health.container.command == nil {
		r.check(a, d.probe, command, options)
	}
	if d.arch != nil && strings.Contains(d.arch.text, "arm64") && a.arch == "" {
		a.arch = "arm64"
		d.arch.carry(a.key("arch"))
	}
	for _, v := range d.volume {
		if slices.ContainsFunc(a.volumes, func(x volume) bool { return strings.Contains(v.text, x.path) }) {
			v.own("the volume is mounted there")
			continue
		}
		v.leave("what is written there is gone with the task: write volumes: {NAME: {path: …}} for what has to stay")
	}
	if !alone {
		return
	}
	for _, x := range d.args {
		x.own("build arguments have their defaults; build.args says others")
	}
	for _, all := range [][]*tree{d.expose, d.env, d.other, {d.probe, d.arch}} {
		for _, x := range all {
			if x != nil {
				x.settle(own, "part of the image")
			}
		}
	}
	d.root.settle(own, "part of the image")
}

// check takes a container's health command over, with its times in seconds.
func (r *reading) check(a *agent, t *tree, command []string, options map[string]int) {
	if !safe(command...) {
		t.leave("it has something that looks like a secret: write health.command without it")
		return
	}
	h := &a.health
	h.container = check{command: command}
	c := &h.container
	set := func(name string, into *int, low, high int) {
		if n := options[name]; n > 0 {
			*into = a.within(t, name, n, low, high)
		}
	}
	set("interval", &c.interval, 5, 300)
	set("timeout", &c.timeout, 2, 60)
	set("retries", &c.retries, 1, 10)
	set("start-period", &c.start, 0, 300)
	keys := a.key("health.command")
	if path, _ := probe(command); path != "" && h.path == "" && !strings.Contains(path, "$") {
		h.path = path
		keys += " " + a.key("health.path")
	}
	t.carry(keys)
}

// ReadDockerfile makes one agent of a Dockerfile, named after its folder.
func ReadDockerfile(dir, path string, o Options) (*Result, error) {
	r := &reading{opts: o}
	file := relative(dir, path)
	d, err := readDockerfile(path, file)
	if err != nil {
		return nil, err
	}
	r.roots = append(r.roots, d.root)
	a := r.fleet.addAgent(first(o.Folder, "agent"), Place{File: file, Line: 1})
	a.build = &build{context: "."}
	if name := filepath.ToSlash(file); name != "Dockerfile" {
		a.build.dockerfile = name
	}
	if froms := d.root.first("FROM"); froms != nil && d.arch != froms {
		froms.own("part of the image")
	}
	r.image(a, d, true)
	if a.port == 0 {
		a.port = 8080
		r.note(Place{File: file}, "no EXPOSE and no ENV PORT says where the agent listens: 8080 is written, and PORT in its environment says so")
	}
	r.askPath(a)
	return r.finish("a Dockerfile, "+file, "FROM, EXPOSE and HEALTHCHECK")
}

// askPath says what nothing says: which path answers.
func (r *reading) askPath(a *agent) {
	if a.health.path == "" && !a.worker {
		a.comments = append(a.comments, "Nothing says which path answers 200 when all is well: /health is asked unless health.path says another.")
	}
}

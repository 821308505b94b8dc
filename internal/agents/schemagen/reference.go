package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// section is one table of the reference: an object of the schema, and where it is
// in the file.
type section struct {
	object, path, text string
}

// sections are all objects of the schema, in the order that a reader wants them.
// The environments' objects repeat the file's own.
var sections = []section{
	{"document", "", "Only `agents` is required."},
	{"agent", "agents.NAME", "An agent. `defaults` takes the same keys but `port`; what an agent says itself wins, an object is merged key by key, and a list is replaced."},
	{"scale", "agents.NAME.scale", ""},
	{"queue", "agents.NAME.scale.queue", "Target tracking holds `per_task` messages for each task. With `min: 0` an alarm sees within one to two minutes that messages wait and no task runs, and a step policy starts a task for each `per_task` of them at once, up to 20; it never takes one away. They run some 40 seconds later. The last task stops a quarter of an hour after the last message, and a message that comes within five minutes after that waits until those are over. SQS reports nothing of a queue that has had no message and no call for six hours: the next message then wakes a task up to 17 minutes later, unless something calls the queue meanwhile (`aws sqs get-queue-attributes`, every few hours, is enough). Tasks that cannot start are asked for again every quarter of an hour."},
	{"spot", "agents.NAME.spot", "In place of `true` and `false`: a mix of Spot and on-demand, and what happens when Spot is dry."},
	{"health", "agents.NAME.health", ""},
	{"container-check", "agents.NAME.health.command", "In place of a text or a list: the container's check with times of its own."},
	{"sidecar", "agents.NAME.sidecars.NAME", "They share the task's size and network with the agent, so they cost nothing of their own, and the agent finds them at localhost."},
	{"init", "agents.NAME.init", "A list, in the order in which they run. When one does not end with 0, the agent does not start."},
	{"volume", "agents.NAME.volumes.NAME", "It is mounted encrypted on its way and by the rights of the task's role. On the stack's own file system every file belongs to user and group 1000, not to the user that the program runs as. On a file system that is there already an access point may say whose files are; without one they belong to the program's own user, and root has the id 65534 there unless `permissions` allow elasticfilesystem:ClientRootAccess. `plan` checks its mount targets, their security groups and its access points; whether a directory is there only a task finds out. EFS bills what is stored."},
	{"mounted", "agents.NAME.sidecars.NAME.volumes.NAME", "A volume of the agent as a container beside its own sees it; the entries of `init` take the same. AWS's rights are the whole task's, so `read_only` here is the mount's alone unless no container writes."},
	{"ulimits", "agents.NAME.ulimits", "The only limit that Fargate lets a task set."},
	{"permission", "agents.NAME.permissions", "A list: each entry is a managed policy, or actions and what they are allowed on. They are on the agent's own task role, apart from what karmactl needs."},
	{"secret", "agents.NAME.secrets.VARIABLE", "In place of a text, which is the key."},
	{"build", "agents.NAME.build", "In place of a text, which is the context."},
	{"network", "network", ""},
	{"load_balancer", "load_balancer", ""},
	{"observability", "observability", ""},
	{"alarms", "observability.alarms", ""},
	{"secrets", "secrets", ""},
	{"budget", "budget", ""},
	{"schedules", "schedules.NAME", "`karmactl scale --schedule NAME` runs agents by it; agents.yaml alone starts and stops nothing. Outside of the window an agent has no tasks, whatever waits in its queue."},
	{"job", "jobs.NAME", "A command by a schedule, in a task of its own: [jobs](jobs.md) says what AWS does and does not do for it."},
	{"hooks", "hooks", "Each is a program and its arguments. It runs in the folder of the file (of `config/agents.yaml` in the one above), with its output on standard error and without input. KARMACTL_HOOK, KARMACTL_STACK, KARMACTL_ENV, KARMACTL_REGION and KARMACTL_ACCOUNT say what it is about, KARMACTL_AGENTS and, of one, KARMACTL_AGENT of which agents, KARMACTL_IMAGE what deploy ships to one; after it KARMACTL_OUTCOME is succeeded or failed. No secret is among them. Plans name the hooks and run none; neither do rehearsals, unless `--no-hooks=false` says so. Ctrl-C and the timeout interrupt a hook and all that it started, once (SIGINT); what is left of them 10 seconds later is killed. It has no terminal to ask on. On Windows a hook ends at once, without what it started. A before hook of up and down runs while the stack is locked; where nothing is to be changed, none runs. rollback, scale, hibernate and wake have none."},
	{"usage", "usage", "It changes the estimate and nothing in AWS."},
}

// repeated are the objects that say what another one says.
var repeated = []string{"defaults", "overlay", "overlay-agent"}

type node map[string]any

func (n node) object(key string) node { m, _ := n[key].(map[string]any); return m }

func (n node) text(key string) string { s, _ := n[key].(string); return s }

// reference is docs/agents-yaml.md.
func reference(schema []byte) ([]byte, error) {
	var root node
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	priced, base, err := prices()
	if err != nil {
		return nil, err
	}
	definitions := root.object("$defs")
	var b bytes.Buffer
	fmt.Fprintf(&b, `# agents.yaml

Every key, its default, what it may be, and what it changes in the monthly bill. Made by `+"`make gen`"+` from the table that reads the file and from
karmactl's own estimates; not edited by hand. [config/agents.yaml](../config/agents.yaml) is the shipped fleet,
[config/agents.schema.json](../config/agents.schema.json) is for editors, and `+"`karmactl validate`"+` checks a file without asking AWS.

The last column is the change against the shipped fleet (us-east-1, %s dollars a month) when only this is changed. "–" is no change. Text with
%s in it is filled in for each agent. Durations are written as 90s, 5m or 1h30m.
`, base, "`{agent}`")
	known := map[string]bool{}
	for _, s := range sections {
		object := definitions.object(s.definition())
		if object == nil {
			return nil, fmt.Errorf("the schema has no object %q", s.definition())
		}
		known[s.definition()] = true
		s.write(&b, object, priced)
	}
	for name := range definitions {
		if !known[name] && !slices.Contains(repeated, name) {
			return nil, fmt.Errorf("the object %q of the schema is in no section of the reference", name)
		}
	}
	for path := range priced {
		if !strings.Contains(b.String(), "| `"+path[strings.LastIndex(path, ".")+1:]+"`") {
			return nil, fmt.Errorf("there is a price for %s, which is not a key", path)
		}
	}
	b.WriteString("\n## environments.NAME\n\nWhat an environment says differently, laid over the file: every key above but `project`, `environment` and `environments`. `karmactl -e NAME` chooses it.\n" +
		"\nA name that ends with an asterisk is a pattern: with `pr-*`, `karmactl up -e pr-12` makes a stack of its own and `karmactl down -e pr-12` takes it away; of all patterns that fit, the longest counts. So that two of them " +
		"do not meet, the name is put before the domain, the hosts and the namespace (`agents.example.com` is `pr-12.agents.example.com`) and below the place of `state`. What is outside of the stack and given by name they share: " +
		"a queue, a volume's `efs`, a secret of `from`, the VPC. An environment that fits no key is refused, so that a typing error makes no stack.\n")
	fmt.Fprintf(&b, "\n## Sizes that Fargate has\n\n| cpu | memory, MiB |\n|---|---|\n")
	for _, cpu := range agents.FargateCPU() {
		sizes := agents.FargateMemory(cpu)
		fmt.Fprintf(&b, "| %d | %s |\n", cpu, memories(sizes))
	}
	return b.Bytes(), nil
}

// definition is the object's name in the schema.
func (s section) definition() string {
	if s.object == "schedules" {
		return "schedule"
	}
	return s.object
}

func (s section) write(b *bytes.Buffer, object node, priced map[string]string) {
	title := cmp.Or(s.path, "The file")
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if s.text != "" {
		fmt.Fprintf(b, "%s\n\n", s.text)
	}
	required, _ := object["required"].([]any)
	b.WriteString("| key | what it is | default | what it may be | dollars a month |\n|---|---|---|---|---|\n")
	properties := object.object("properties")
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		described := properties.object(key)
		preset := defaultOf(described)
		if slices.Contains(required, any(key)) {
			preset = "required"
		}
		path := strings.TrimPrefix(s.path+"."+key, ".")
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", key, cell(described.text("description")), preset, cell(allowed(described)), cmp.Or(priced[path], "–"))
	}
}

func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "{agent}", "`{agent}`").Replace(s)
}

func defaultOf(n node) string {
	v, ok := n["default"]
	switch {
	case ok:
	case kind(n) == "boolean" && n["anyOf"] == nil:
		v = false
	case kind(n) == "number" && n["minimum"] != nil:
		v = 0
	default:
		return ""
	}
	written, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return "`" + strings.Trim(string(written), `"`) + "`"
}

// allowed says in words what a value may be.
func allowed(n node) string {
	if ref := n.text("$ref"); ref != "" {
		return "an object, below"
	}
	if c := n.text("$comment"); c != "" {
		return c
	}
	if either, ok := n["anyOf"].([]any); ok {
		var all []string
		for _, e := range either {
			m, _ := e.(map[string]any)
			all = append(all, allowed(m))
		}
		return strings.Join(all, ", or ")
	}
	if values, ok := n["enum"].([]any); ok {
		var all []string
		for _, v := range values {
			all = append(all, fmt.Sprintf("`%v`", v))
		}
		return strings.Join(all, ", ")
	}
	switch kind(n) {
	case "integer", "number":
		return number(n)
	case "boolean":
		return "`true`, `false`"
	case "array":
		items, _ := n["items"].(map[string]any)
		return "a list" + most(n, "maxItems", "of at most %v") + "; each " + allowed(items)
	case "object":
		if of := n.object("additionalProperties"); of != nil {
			return "names, each with " + allowed(of)
		}
		return "an object"
	}
	return "a text" + most(n, "maxLength", "of at most %v characters")
}

// kind is the value's first type.
func kind(n node) string {
	if all, ok := n["type"].([]any); ok && len(all) > 0 {
		s, _ := all[0].(string)
		return s
	}
	return n.text("type")
}

func number(n node) string {
	what := "a number"
	if kind(n) == "integer" {
		what = "a whole number"
	}
	low, high := n["minimum"], n["maximum"]
	switch {
	case low != nil && high != nil:
		return fmt.Sprintf("%s from %v to %v", what, low, high)
	case low != nil:
		return fmt.Sprintf("%s, %v or more", what, low)
	case n["exclusiveMinimum"] != nil:
		return fmt.Sprintf("%s above %v", what, n["exclusiveMinimum"])
	}
	return what
}

func most(n node, key, format string) string {
	if v, ok := n[key]; ok {
		return " " + fmt.Sprintf(format, v)
	}
	return ""
}

// memories are the sizes that go with a CPU: all where they are few, else the ends
// and the step.
func memories(sizes []int) string {
	if len(sizes) <= 4 {
		return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(sizes)), ", "), "[]")
	}
	return fmt.Sprintf("%d to %d in steps of %d", sizes[0], sizes[len(sizes)-1], sizes[1]-sizes[0])
}

package importer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// readState is what to do about a value that only Terraform knows.
const readState = "terraform show -json > state.json, then init --from state.json"

// terraform is one import from Terraform: its files, or a state or plan.
type terraform struct {
	*reading
	resources []*resource
	calls     []moduleCall
	provider  *tree
	// declared counts the instances of each type, also of types that have none.
	declared map[string]int
	unset    []*tree
	vars     map[string]*tree
	locals   map[string]*tree
	of       map[string]*agent
	// runs are the agents by the task definition that their services run.
	runs map[*resource]*agent
	// took is what runs and is to be taken over as it is; nil for all other sources.
	took *running
}

// moduleCall is a call of a module that is not here to read.
type moduleCall struct {
	name, key, source string
	args              *tree
}

const terraformLooked = "aws_ecs_service and aws_ecs_task_definition, module calls and maps that name a port (port, container_port, app_port …)"

func newTerraform(o Options) *terraform {
	return &terraform{
		reading: &reading{opts: o}, declared: map[string]int{}, vars: map[string]*tree{}, locals: map[string]*tree{},
		of: map[string]*agent{}, runs: map[*resource]*agent{},
	}
}

// ReadTerraform reads a folder of *.tf files, or a state or plan as JSON.
func ReadTerraform(dir, path string, o Options) (*Result, error) {
	x := newTerraform(o)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("there is no Terraform module at %s: %w", path, err)
	}
	source := "Terraform, "
	folder := path
	switch ext := filepath.Ext(path); {
	case info.IsDir():
	case ext == ".tfvars":
		folder = filepath.Dir(path)
		x.opts.VarFiles = append(x.opts.VarFiles, path)
	case ext == ".tf":
		folder = filepath.Dir(path)
	default:
		source += relative(dir, path)
		if err := x.stateFile(dir, path); err != nil {
			return nil, err
		}
		return x.made(source)
	}
	name := relative(dir, folder)
	if name == "." {
		name = "*.tf"
	}
	local := filepath.Join(folder, "terraform.tfstate")
	if _, err := os.Stat(local); err == nil {
		if err := x.stateFile(dir, local); err != nil {
			return nil, err
		}
		if x.has("aws_ecs_service") && x.has("aws_ecs_task_definition") {
			x.notes = append(x.notes, fmt.Sprintf("the state, %s, says what runs: it was read, and the *.tf files beside it were not", relative(dir, local)))
			return x.made(source + relative(dir, local))
		}
	}
	m, err := parseModule(folder, dir, "")
	if err != nil {
		return nil, err
	}
	if err := m.load(x, nil); err != nil {
		return nil, err
	}
	x.vars, x.locals = m.vars, m.localTrees
	return x.made(source + name)
}

func (x *terraform) has(kind string) bool {
	for _, r := range x.resources {
		if r.kind == kind && !r.data {
			return true
		}
	}
	return false
}

func (x *terraform) all(kind string) []*resource {
	var out []*resource
	for _, r := range x.resources {
		if r.kind == kind && !r.data {
			out = append(out, r)
		}
	}
	return out
}

// made makes the fleet of what was read.
func (x *terraform) made(source string) (*Result, error) {
	x.names()
	x.services()
	x.shapes()
	x.jobs()
	x.unrun()
	x.network()
	x.balancer()
	x.watching()
	if x.took != nil {
		x.took.asItIs()
	}
	x.callsOf(x.of)
	for _, a := range x.fleet.agents {
		x.askPath(a)
	}
	x.certificate()
	x.byType()
	for _, t := range x.unset {
		if t.outcome == unread || t.outcome == left {
			t.leave("it has no value here: --var-file FILE gives it")
		}
	}
	for _, t := range x.vars {
		t.unset()
		t.settle(left, "nothing that is carried over uses it")
	}
	for _, t := range x.locals {
		t.unset()
		t.settle(left, "nothing that is carried over uses it")
	}
	for _, c := range x.calls {
		c.args.settle(left, fmt.Sprintf("the module %s is not here to read: "+readState+" has what it made", c.source))
	}
	return x.finish(source, terraformLooked)
}

// stateFile reads a state (as a file, or as "terraform state pull" prints it), or
// what "terraform show -json" prints of a state or a plan.
func (x *terraform) stateFile(dir, path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the Terraform state cannot be read: %w", err)
	}
	if strings.HasPrefix(string(src), "PK") {
		return fmt.Errorf("%s is a plan in Terraform's own form: terraform show -json %s > plan.json, then init --from plan.json", path, filepath.Base(path))
	}
	root, err := jsonTree(relative(dir, path), src)
	if err != nil {
		return err
	}
	switch {
	case root.get("resources") != nil && root.get("version") != nil:
		for _, r := range root.get("resources").list() {
			x.stateResource(r)
		}
	case root.get("planned_values", "root_module") != nil:
		x.shown(root.get("planned_values", "root_module"))
	case root.get("values", "root_module") != nil:
		x.shown(root.get("values", "root_module"))
	case isServices(root):
		return fmt.Errorf("%s is what aws ecs describe-services answers, which has no containers: --from-ecs %s reads the services as they run", path, clusterOf(root))
	default:
		return fmt.Errorf("%s is neither a Terraform state nor what terraform show -json prints", path)
	}
	return nil
}

// isServices tells whether JSON is what `aws ecs describe-services` answers.
func isServices(t *tree) bool {
	all := t.get("services").list()
	return len(all) > 0 && strings.Contains(all[0].get("serviceArn").str(), ":ecs:")
}

// clusterOf is the cluster of the services of such an answer.
func clusterOf(t *tree) string {
	return cmp.Or(tasks.ID(t.get("services").list()[0].get("clusterArn").str()), "CLUSTER")
}

// stateResource is a resource of a state, with all its instances.
func (x *terraform) stateResource(r *tree) {
	kind, name := r.get("type").str(), r.get("name").str()
	for _, i := range r.get("instances").list() {
		addr := strings.TrimPrefix(r.get("module").str()+"."+kind+"."+name, ".")
		x.addState(addr, kind, name, r.get("mode").str() == "data", i.get("index_key"), i.get("attributes"))
	}
}

// shown are the resources of a module of terraform show -json.
func (x *terraform) shown(module *tree) {
	for _, r := range module.get("resources").list() {
		addr := strings.TrimSuffix(r.get("address").str(), instanceKey(r.get("index")))
		x.addState(addr, r.get("type").str(), r.get("name").str(), r.get("mode").str() == "data", r.get("index"), r.get("values"))
	}
	for _, c := range module.get("child_modules").list() {
		x.shown(c)
	}
}

func (x *terraform) addState(addr, kind, name string, data bool, index, body *tree) {
	if body == nil || kind == "" {
		return
	}
	r := &resource{addr: addr, kind: kind, name: name, data: data, body: body}
	if r.addr += instanceKey(index); index != nil && index.typ != number {
		r.key = index.text
	}
	rename(body, r.addr)
	x.declared[kind]++
	x.resources = append(x.resources, r)
	x.roots = append(x.roots, body)
	x.reported(body)
}

// instanceKey is the end of an instance's address: [0] of a count, ["a"] of a for_each.
func instanceKey(index *tree) string {
	switch {
	case index == nil:
		return ""
	case index.typ == number:
		return "[" + index.text + "]"
	}
	return fmt.Sprintf("[%q]", index.text)
}

// rename gives a tree and what is below it names under a resource's address.
func rename(t *tree, name string) {
	t.name = name
	for i, c := range t.items {
		key := fmt.Sprint(i)
		if t.kind == dict {
			key = t.keys[i]
		}
		rename(c, below(name, key))
	}
}

// reported gives an outcome to attributes that AWS reports, or that are not set.
func (x *terraform) reported(body *tree) {
	for k, t := range body.each() {
		switch {
		case t.empty() || t.kind == scalar && t.text == "":
			t.own(notSet)
		case k == "id" || k == "arn" || strings.HasSuffix(k, "_arn_suffix") || k == "arn_suffix" || k == "tags_all" || k == "owner_id" || k == "revision" ||
			k == "arn_without_revision" || k == "timeouts" || k == "dns_name" || k == "zone_id" || strings.HasSuffix(k, "unique_id") || k == "repository_url" || k == "registry_id" || k == "region":
			t.own("AWS's own names for it")
		}
	}
}

// refers tells whether a text names a resource: by reference, id, ARN or name.
func (r *resource) refers(text string) bool {
	if text == "" {
		return false
	}
	if strings.Contains(text, "${"+r.addr+".") {
		return true
	}
	for _, k := range []string{"arn", "id", "arn_without_revision"} {
		if v := r.body.entry(k).str(); v != "" && (text == v || strings.HasPrefix(text, v+":")) {
			return true
		}
	}
	if family := r.body.entry("family").str(); family != "" && !reference.MatchString(family) && r.kind == "aws_ecs_task_definition" {
		return text == family || strings.HasPrefix(text, family+":") || strings.Contains(text, "task-definition/"+family+":")
	}
	return false
}

// find is the first resource of a kind that a text names.
func (x *terraform) find(text string, kinds ...string) *resource {
	for _, r := range x.resources {
		for _, k := range kinds {
			if r.kind == k && r.refers(text) {
				return r
			}
		}
	}
	return nil
}

// IsTerraformState tells whether a file is Terraform's state, as a file or as
// "terraform show -json" prints it, and not karmactl's.
func IsTerraformState(b []byte) bool {
	var doc struct {
		Version   int             `json:"version"`
		Stack     string          `json:"stack"`
		Terraform string          `json:"terraform_version"`
		Format    string          `json:"format_version"`
		Resources json.RawMessage `json:"resources"`
	}
	if json.Unmarshal(b, &doc) != nil || doc.Stack != "" {
		return false
	}
	return doc.Terraform != "" || doc.Format != "" || doc.Version == 4 || bytes.HasPrefix(bytes.TrimSpace(doc.Resources), []byte("["))
}

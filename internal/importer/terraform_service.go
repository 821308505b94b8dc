package importer

import (
	"strings"
)

// services makes an agent of each service with a port.
func (x *terraform) services() {
	for _, s := range x.all("aws_ecs_service") {
		d := x.find(s.body.get("task_definition").str(), "aws_ecs_task_definition")
		if d == nil {
			s.body.leave("its task definition is not here to read: " + readState)
			continue
		}
		x.service(s, d)
	}
}

// unrun leaves the task definitions that no service and no schedule of the source starts.
func (x *terraform) unrun() {
	for _, d := range x.all("aws_ecs_task_definition") {
		if !d.body.touched() {
			d.body.leave("no service runs it: keep it where it is, or write it under jobs if it is a command of an agent by a schedule")
		}
	}
}

// firstOf is a nested block: of a list the first, of a block itself.
func firstOf(t *tree) *tree {
	if t != nil && t.kind == list {
		if len(t.items) == 0 {
			return nil
		}
		return t.items[0]
	}
	return t
}

// containers are a definition's, from JSON text or as they are written.
func containers(d *tree) []*tree {
	t := d.get("container_definitions")
	if t != nil && t.kind == scalar {
		parsed, err := jsonTree(t.at.File, []byte(t.text))
		if err != nil {
			return nil
		}
		rename(parsed, t.name)
		flatten(parsed, t.at, t.sources)
		for _, s := range t.sources {
			s.settle(own, "filled into the containers' definition")
		}
		t.kind, t.items, t.text, t.sources = list, parsed.items, "", nil
	}
	if t == nil || t.kind != list {
		return nil
	}
	return t.items
}

// flatten gives a tree inside of a text the text's place, and its scalars the
// variables that were filled in.
func flatten(t *tree, where Place, sources []*tree) {
	t.at = where
	for _, s := range sources {
		if t.kind == scalar && s.text != "" && strings.Contains(t.text, s.text) {
			t.sources = append(t.sources, s)
			if t.text == s.text {
				t.at = s.at
			}
		}
	}
	for _, c := range t.items {
		flatten(c, where, sources)
	}
}

// portOf is where the load balancer sends requests, else the container's own port.
func portOf(lb, main *tree) *tree {
	if port := lb.get("container_port"); port != nil {
		return port
	}
	return firstOf(main.get("portMappings")).get("containerPort")
}

func (x *terraform) service(s, d *resource) {
	lb := firstOf(s.body.get("load_balancer"))
	all := containers(d.body)
	if len(all) == 0 {
		s.body.leave("its containers are not here to read: " + readState)
		d.body.leave("only Terraform knows its containers: " + readState)
		return
	}
	main := x.agentsOwn(s, lb, all)
	port := portOf(lb, main)
	n, ok := port.number()
	if port != nil && !ok {
		s.body.leave("only Terraform knows its port: " + readState)
		d.body.leave("only Terraform knows its port: " + readState)
		return
	}
	a := x.fleet.addAgent(x.agentName(s, main), s.body.at)
	a.service = s.body.get("name").str()
	if x.opts.Services && a.service != a.name {
		a.serviceName = a.service
	}
	if a.port, a.worker = n, !ok; ok {
		port.carry(a.key("port"))
	} else {
		a.comments = append(a.comments, "It names no port: a worker, which no one calls.")
	}
	x.of[a.name] = a
	x.runs[d] = a
	x.hosts(s, main, a)
	x.capacity(a, s.body)
	x.scaling(a, s)
	x.target(a, lb, s.body)
	if t := s.body.get("enable_execute_command"); t != nil {
		on, _ := t.yes()
		a.exec = &on
		t.carry(a.key("exec"))
	}
	x.task(a, d.body, main, all)
	for _, m := range firstOf(main.get("portMappings")).list() {
		m.settle(own, "the agent's port")
	}
	x.serviceRest(s.body, d.body, main)
}

// task carries over what a task definition says.
func (x *terraform) task(a *agent, d, main *tree, all []*tree) {
	x.sizeOf(a, d, main)
	x.container(a, main)
	x.volumes(a, nil, d, main)
	x.rights(a, d.get("task_role_arn"))
	x.starting(d.get("execution_role_arn"))
	a.carrySettings(settings{storage: firstOf(d.get("ephemeral_storage")).get("size_in_gib"), fill: (*tree).str})
	x.containersBeside(a, d, main, all)
}

// agentName is what the service is for: its key, else its name without project and environment.
func (x *terraform) agentName(s *resource, main *tree) string {
	if s.key != "" {
		return s.key
	}
	name := s.body.get("name").str()
	if name == "" || reference.MatchString(name) {
		if s.name == "this" || s.name == "main" || s.name == "service" {
			return first(main.get("name").str(), s.name)
		}
		return s.name
	}
	short := strings.ToLower(name)
	for _, prefix := range []string{x.fleet.project + "-" + x.fleet.environment + "-", x.fleet.project + "-", x.fleet.environment + "-"} {
		if prefix != "-" {
			short = strings.TrimPrefix(short, strings.ToLower(prefix))
		}
	}
	short = strings.TrimSuffix(strings.TrimSuffix(short, "-service"), "-"+x.fleet.environment)
	if short == "" || short == "service" {
		return first(main.get("name").str(), s.name)
	}
	return short
}

// hosts are the names by which others may call an agent.
func (x *terraform) hosts(s *resource, main *tree, a *agent) {
	for _, h := range []string{s.key, main.get("name").str(), s.body.get("name").str()} {
		if h != "" && !reference.MatchString(h) {
			x.of[h] = a
		}
	}
	connect := firstOf(s.body.get("service_connect_configuration"))
	a.meshed = connect.get("enabled").str() == "true"
	for _, svc := range connect.get("service").list() {
		if alias := firstOf(svc.get("client_alias")).get("dns_name").str(); alias != "" {
			x.of[alias] = a
		}
		for _, k := range []string{"per_request_timeout_seconds", "perRequestTimeoutSeconds"} {
			t := firstOf(svc.get("timeout")).get(k)
			if n, ok := t.number(); ok && n > 0 { // 0 is without a limit, which agents.yaml has not
				a.requestTimeout = a.within(t, "a request's timeout", n, 1, 86400)
				t.carry(a.key("request_timeout"))
			}
		}
	}
}

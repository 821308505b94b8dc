package terraform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v3"
)

// agent is one of the module's agents.
type agent struct {
	name, health string
	port         int
}

// agents are those of the variable, by port.
func (m *Module) agents() []agent {
	v, ok := m.Vars["agents"]
	if !ok || v.IsNull() || !v.CanIterateElements() {
		return nil
	}
	var out []agent
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if !e.Type().IsObjectType() || k.Type() != cty.String {
			continue
		}
		a := agent{name: k.AsString(), health: "/health"}
		if e.Type().HasAttribute("port") {
			a.port = number(e.GetAttr("port"), 0)
		}
		if e.Type().HasAttribute("health_check_path") && e.GetAttr("health_check_path").Type() == cty.String {
			a.health = e.GetAttr("health_check_path").AsString()
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b agent) int { return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.name, b.name)) })
	return out
}

// page is a yaml file being written, line by line, because comments are half of it.
type page struct{ strings.Builder }

func (p *page) line(indent int, format string, args ...any) {
	p.WriteString(strings.TrimRight(strings.Repeat("  ", indent)+fmt.Sprintf(format, args...), " ") + "\n")
}

// scalar quotes a text when yaml would take it for something else.
func scalar(s string) string {
	b, err := yaml.Marshal(s)
	if err != nil {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(string(b))
}

// AgentsYAML is the agents.yaml that means the same as the module's variables,
// and what the user should know about the difference.
func (m *Module) AgentsYAML() (text string, notes []string) {
	p := &page{}
	p.line(0, "# yaml-language-server: $schema=./agents.schema.json")
	p.line(0, "#\n# Read from the Terraform module in %s. `karmactl plan --offline` shows what it makes and costs.\n", m.Dir)
	p.line(0, "project: %s", scalar(m.str("project_name", "karmacadabra")))
	p.line(0, "environment: %s", scalar(m.str("environment", "prod")))
	p.line(0, "region: %s\n", scalar(m.str("aws_region", "us-east-1")))
	m.tags(p)
	m.network(p)
	m.loadBalancer(p)
	m.observability(p)
	p.line(0, "secrets:\n  nested: %s\n", scalar(m.str("secrets_manager_secret_name", "karmacadabra")))
	m.defaults(p)
	notes = m.fleet(p)
	if n := m.total(); n > 0 {
		notes = append(notes, fmt.Sprintf("Terraform still has %d resources in its state. Names are taken while they are there (the cluster %s-%s, the repositories, the load balancer): terraform destroy first, or choose another environment here and move the traffic over",
			n, m.str("project_name", "karmacadabra"), m.str("environment", "prod")))
	}
	return p.String(), notes
}

func (m *Module) total() int {
	n := 0
	for _, k := range m.Resources {
		n += k
	}
	return n
}

func (m *Module) tags(p *page) {
	v, ok := m.Vars["tags"]
	if !ok || v.IsNull() || !v.CanIterateElements() {
		return
	}
	p.line(0, "tags:")
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if e.Type() != cty.String {
			continue
		}
		value := e.AsString()
		if k.AsString() == "ManagedBy" {
			value = "karmactl"
		}
		p.line(1, "%s: %s", scalar(k.AsString()), scalar(value))
	}
	p.line(0, "")
}

func (m *Module) network(p *page) {
	nat := "per-az"
	switch {
	case !m.yes("enable_nat_gateway", true):
		nat = "none"
	case m.yes("single_nat_gateway", true):
		nat = "single"
	}
	p.line(0, "network:")
	p.line(1, "cidr: %s", scalar(m.str("vpc_cidr", "10.0.0.0/16")))
	if zones := m.list("availability_zones"); len(zones) > 0 {
		p.line(1, "azs: [%s]", strings.Join(zones, ", "))
	}
	p.line(1, "nat: %s", nat)
	if m.yes("enable_vpc_endpoints", true) {
		p.line(1, "# The module takes these for free. The four interface endpoints cost $7.30 a month")
		p.line(1, "# for each zone, more than the NAT gateway; [s3] alone is free and enough.")
		p.line(1, "endpoints: [s3, ecr.api, ecr.dkr, logs, secretsmanager]")
	}
	if ns := m.str("service_connect_namespace", ""); ns != "" {
		p.line(1, "namespace: %s", scalar(ns))
	}
	p.line(0, "")
}

func (m *Module) loadBalancer(p *page) {
	p.line(0, "load_balancer:")
	p.line(1, "idle_timeout: %ds", m.num("alb_idle_timeout", 60))
	if m.yes("alb_deletion_protection", false) {
		p.line(1, "deletion_protection: true")
	}
	if domain := m.str("base_domain", ""); domain != "" && m.yes("enable_https", false) && m.yes("enable_route53", false) {
		p.line(1, "domain: %s", scalar(domain))
		if zone := m.str("hosted_zone_name", ""); zone != "" {
			p.line(1, "zone: %s", scalar(zone))
		}
	}
	p.line(0, "")
}

func (m *Module) observability(p *page) {
	p.line(0, "observability:")
	p.line(1, "log_retention_days: %d", m.num("log_retention_days", 7))
	if m.yes("enable_container_insights", false) {
		p.line(1, "container_insights: on   # some 38 dollars a month for five agents; the alarms do not need it")
	}
	if m.yes("enable_xray_tracing", false) {
		p.line(1, "xray: true")
	}
	p.line(1, "alarms: {cpu: %d, memory: %d}\n", m.num("cpu_alarm_threshold", 85), m.num("memory_alarm_threshold", 85))
}

func (m *Module) defaults(p *page) {
	p.line(0, "defaults:")
	p.line(1, "cpu: %d", m.num("task_cpu", 256))
	p.line(1, "memory: %d", m.num("task_memory", 512))
	p.line(1, "spot: %t", m.yes("use_fargate_spot", true))
	p.line(1, "exec: %t", m.yes("enable_execute_command", true))
	p.line(1, "scale: {min: %d, max: %d, cpu: %d, memory: %d}", m.num("autoscaling_min_capacity", 1), m.num("autoscaling_max_capacity", 3),
		m.num("autoscaling_cpu_target", 75), m.num("autoscaling_memory_target", 80))
	p.line(1, "health: {interval: %ds, timeout: %ds, healthy: %d, unhealthy: %d}", m.num("health_check_interval", 30), m.num("health_check_timeout", 5),
		m.num("health_check_healthy_threshold", 2), m.num("health_check_unhealthy_threshold", 3))
	p.line(1, "build:\n    context: .\n    dockerfile: Dockerfile.agent\n    args: {AGENT_NAME: \"{agent}\"}")
	p.line(1, "secrets:\n    PRIVATE_KEY: private_key\n    OPENAI_API_KEY: {key: openai_api_key, optional: true}\n")
}

// fleet writes the agents. Two on one port cannot share a security group's rule
// and a Service Connect name; the second is left to the user.
func (m *Module) fleet(p *page) (notes []string) {
	p.line(0, "agents:")
	taken := map[int]string{}
	all := m.agents()
	if len(all) == 0 {
		all = []agent{
			{"validator", "/health", 9001},
			{"karma-hello", "/health", 9002},
			{"abracadabra", "/health", 9003},
			{"skill-extractor", "/health", 9004},
			{"voice-extractor", "/health", 9005},
		}
	}
	for _, a := range all {
		hash := ""
		if first := taken[a.port]; first != "" {
			notes = append(notes, fmt.Sprintf("%s has the port of %s, %d: give it one of its own and take the # away", a.name, first, a.port))
			hash = "# "
			p.line(1, "# %s and %s both have port %d; ports are an agent's own here.", first, a.name, a.port)
		}
		if hash == "" {
			taken[a.port] = a.name
		}
		p.line(1, "%s%s:", hash, scalar(a.name))
		p.line(1, "%s  port: %d", hash, a.port)
		if a.health != "/health" {
			p.line(1, "%s  health: {path: %s}", hash, scalar(a.health))
		}
		if cpu := m.num(a.name+"_task_cpu", 0); cpu > 0 {
			p.line(1, "%s  cpu: %d", hash, cpu)
			p.line(1, "%s  memory: %d", hash, m.num(a.name+"_task_memory", m.num("task_memory", 512)))
		}
		if image := m.Images[a.name]; image != "" {
			p.line(1, "%s  image: %s   # as Terraform's state has it", hash, scalar(image))
		}
	}
	return notes
}

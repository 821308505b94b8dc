package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// network carries the VPC over.
func (x *terraform) network() {
	f := &x.fleet
	for _, v := range x.all("aws_vpc") {
		if t := v.body.get("cidr_block"); t != nil && f.cidr == "" && !reference.MatchString(t.str()) {
			f.cidr = t.str()
			t.carry("network.cidr")
		}
	}
	var zones []string
	for _, s := range x.all("aws_subnet") {
		t := s.body.get("availability_zone")
		if z := t.str(); z != "" && !reference.MatchString(z) {
			if !slices.Contains(zones, z) {
				zones = append(zones, z)
			}
			t.carry("network.azs")
		}
	}
	slices.Sort(zones)
	if len(zones) > 1 {
		f.zones = zones
		if f.region == "" {
			f.region = strings.TrimRight(zones[0], "abcdef")
		}
	}
	gateways := x.all("aws_nat_gateway")
	switch _, known := x.declared["aws_nat_gateway"]; {
	case len(gateways) == 1:
		f.nat = "single"
	case len(gateways) > 1:
		f.nat = "per-az"
	case known || x.has("aws_vpc"):
		f.nat = "none"
	}
	for _, g := range gateways {
		g.body.carry("network.nat")
	}
	for _, e := range x.all("aws_vpc_endpoint") {
		t := e.body.get("service_name")
		for _, name := range []string{"ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages", "s3"} {
			if strings.HasSuffix(t.str(), "."+name) {
				if !slices.Contains(f.endpoints, name) {
					f.endpoints = append(f.endpoints, name)
				}
				t.carry("network.endpoints")
				e.body.settle(own, "an endpoint of its own")
			}
		}
		e.body.settle(left, "network.endpoints takes s3, ecr.api, ecr.dkr, logs, secretsmanager and ssmmessages")
	}
	for _, kind := range []string{"aws_service_discovery_http_namespace", "aws_service_discovery_private_dns_namespace"} {
		for _, n := range x.all(kind) {
			if t := n.body.get("name"); t != nil && f.namespace == "" && !reference.MatchString(t.str()) {
				f.namespace = strings.ToLower(t.str())
				t.carry("network.namespace")
				n.body.settle(own, "an HTTP namespace of its own: agents call each other by their short names")
			}
		}
	}
	if !x.has("aws_vpc") && len(f.agents) > 0 && !slices.ContainsFunc(x.calls, func(c moduleCall) bool { return strings.Contains(c.source, "vpc") }) {
		x.notes = append(x.notes, "the VPC is not made here: karmactl makes one of its own, and cannot use one that is there yet")
	}
}

// balancer carries the load balancer, its domain and its certificate over.
func (x *terraform) balancer() {
	f := &x.fleet
	for _, kind := range []string{"aws_lb", "aws_alb"} {
		for _, l := range x.all(kind) {
			if t := l.body.get("load_balancer_type"); t != nil && t.str() != "application" {
				l.body.leave("one Application Load Balancer")
				continue
			}
			if n, ok := l.body.get("idle_timeout").number(); ok {
				f.idleTimeout = n
				l.body.get("idle_timeout").carry("load_balancer.idle_timeout")
			}
			if on, _ := l.body.get("enable_deletion_protection").yes(); on {
				f.deletionProtection = true
				l.body.get("enable_deletion_protection").carry("load_balancer.deletion_protection")
			}
			if logs := firstOf(l.body.get("access_logs")); logs != nil {
				off, said := logs.get("enabled").yes()
				if b := logs.get("bucket"); b.str() != "" && !reference.MatchString(b.str()) && (off || !said) {
					f.accessLogs = b.str()
					b.carry("load_balancer.access_logs")
				} else if off || !said {
					b.leave("load_balancer.access_logs names a bucket that is there")
				}
			}
			if on, _ := l.body.get("internal").yes(); on {
				l.body.get("internal").leave("the load balancer faces the internet")
			}
			l.body.settle(own, "a load balancer of its own")
		}
	}
	https := false
	for _, kind := range []string{"aws_lb_listener", "aws_alb_listener"} {
		for _, l := range x.all(kind) {
			https = https || l.body.get("protocol").str() == "HTTPS"
			if t := l.body.get("ssl_policy"); t != nil && https {
				t.leave("karmactl sets a current TLS policy")
			}
			l.body.settle(own, "listeners of its own")
		}
	}
	for _, c := range x.all("aws_acm_certificate") {
		t := c.body.get("domain_name")
		if name := strings.TrimPrefix(t.str(), "*."); https && name != "" && !reference.MatchString(name) && (f.domain == "" || f.domain == name) {
			f.domain = name
			t.carry("load_balancer.domain")
		}
		c.body.settle(own, "a certificate of its own for the domain and *.domain")
	}
	for _, r := range x.resources {
		if r.kind != "aws_route53_zone" {
			continue
		}
		t := r.body.get("name")
		zone := strings.TrimSuffix(t.str(), ".")
		if f.domain != "" && zone != "" && (f.domain == zone || strings.HasSuffix(f.domain, "."+zone)) {
			f.zone = zone
			t.carry("load_balancer.zone")
			if r.data {
				r.body.settle(own, "the zone is looked up by its name")
			}
		}
	}
}

// watching carries logs, alarms and who is told over.
func (x *terraform) watching() {
	f := &x.fleet
	for _, c := range x.all("aws_ecs_cluster") {
		for _, s := range c.body.get("setting").list() {
			if s.get("name").str() == "containerInsights" {
				f.insights = map[string]string{"enabled": "on", "enhanced": "enhanced", "disabled": "off"}[s.get("value").str()]
				s.get("value").carry("observability.container_insights")
			}
		}
	}
	for _, g := range x.all("aws_cloudwatch_log_group") {
		t := g.body.get("retention_in_days")
		if n, ok := t.number(); ok && n > 0 {
			f.retention = max(f.retention, n)
			t.carry("observability.log_retention_days")
		}
		g.body.get("kms_key_id").leave("log groups have CloudWatch's own key")
		g.body.settle(own, "a log group for each agent")
	}
	alarms := x.all("aws_cloudwatch_metric_alarm")
	if n, known := x.declared["aws_cloudwatch_metric_alarm"]; known && n == 0 {
		f.alarms = truthOf(false)
	}
	for _, m := range alarms {
		t := m.body.get("threshold")
		v, err := strconv.ParseFloat(t.str(), 64)
		into := map[string]*int{"CPUUtilization": &f.alarmCPU, "MemoryUtilization": &f.alarmMemory}[m.body.get("metric_name").str()]
		if into == nil || err != nil || m.body.get("namespace").str() == "AWS/RDS" {
			m.body.settle(left, "karmactl has alarms of its own for CPU, memory, errors and healthy tasks; others are kept in Terraform")
			continue
		}
		key := "observability.alarms." + map[string]string{"CPUUtilization": "cpu", "MemoryUtilization": "memory"}[m.body.get("metric_name").str()]
		*into = int(v)
		t.carry(key)
		m.body.settle(own, "an alarm of its own for each agent")
	}
	for _, s := range x.all("aws_sns_topic_subscription") {
		if t := s.body.get("endpoint"); s.body.get("protocol").str() == "email" && !reference.MatchString(t.str()) {
			f.alarmEmails = append(f.alarmEmails, t.str())
			t.carry("observability.alarms.emails")
			s.body.settle(own, "a topic of its own for the alarms")
		}
	}
	for _, b := range x.all("aws_budgets_budget") {
		if t := b.body.get("limit_amount"); t.str() != "" && !reference.MatchString(t.str()) {
			f.budget = strings.TrimSuffix(t.str(), ".0")
			t.carry("budget.monthly_usd")
		}
		for _, n := range b.body.get("notification").list() {
			for _, m := range n.get("subscriber_email_addresses").list() {
				if !slices.Contains(f.emails, m.str()) {
					f.emails = append(f.emails, m.str())
				}
				m.carry("budget.emails")
			}
		}
		b.body.settle(own, "told at 80 % and 100 % of actual and at 100 % of forecast spend")
	}
}

// ownKinds are resources that karmactl makes by itself, in its own way.
var ownKinds = map[string]string{
	"aws_vpc": "a VPC of its own", "aws_subnet": "public and private subnets of its own", "aws_internet_gateway": "an internet gateway of its own",
	"aws_route_table": "routes of its own", "aws_route_table_association": "routes of its own", "aws_route": "routes of its own",
	"aws_main_route_table_association": "routes of its own", "aws_eip": "an address for the NAT gateway",
	"aws_security_group": "security groups that let in the load balancer and the agents, and no more", "aws_security_group_rule": "security groups that let in the load balancer and the agents, and no more",
	"aws_vpc_security_group_ingress_rule": "security groups that let in the load balancer and the agents, and no more", "aws_vpc_security_group_egress_rule": "security groups that let in the load balancer and the agents, and no more",
	"aws_lb": "a load balancer of its own", "aws_lb_listener": "listeners of its own", "aws_lb_target_group": "a target group for each agent", "aws_lb_listener_rule": "a rule for each agent",
	"aws_alb": "a load balancer of its own", "aws_alb_listener": "listeners of its own", "aws_alb_target_group": "a target group for each agent", "aws_alb_listener_rule": "a rule for each agent",
	"aws_lb_target_group_attachment": "ECS registers its tasks",
	"aws_ecs_cluster":                "a cluster of its own", "aws_ecs_cluster_capacity_providers": "FARGATE and FARGATE_SPOT",
	"aws_ecr_repository": "a repository for each agent", "aws_ecr_lifecycle_policy": "each repository keeps its newest images",
	"aws_cloudwatch_dashboard": "a dashboard of its own", "aws_cloudwatch_log_metric_filter": "errors in the logs are counted",
	"aws_acm_certificate": "a certificate of its own", "aws_acm_certificate_validation": "a certificate of its own",
	"aws_appautoscaling_target": "autoscaling of its own", "aws_appautoscaling_policy": "autoscaling of its own",
	"aws_sns_topic":                               "a topic of its own for the alarms, where observability.alarms.emails names somebody",
	"aws_service_discovery_http_namespace":        "a namespace of its own",
	"aws_service_discovery_private_dns_namespace": "an HTTP namespace of its own: agents call each other by their short names",
	"aws_service_discovery_service":               "Service Connect: agents call each other by their short names",
	"aws_xray_sampling_rule":                      "a sampling rule of its own, with observability.xray",
}

// leftKinds are resources that are no part of a fleet, and what to do about them.
var leftKinds = []struct{ prefix, instead string }{
	{"aws_iam_", "each agent has roles of its own: attach the rights that it needs to its task role"},
	{"aws_cloudwatch_event", "agents.yaml has no jobs yet: keep the schedule in Terraform"},
	{"aws_scheduler", "agents.yaml has no jobs yet: keep the schedule in Terraform"},
	{"aws_secretsmanager", "keep the secret in Terraform; agents take it with secrets: {NAME: {from: …}}"},
	{"aws_ssm_parameter", "keep the parameter in Terraform; agents take it with secrets: {NAME: {from: …}}"},
	{"aws_route53_record", "load_balancer.domain makes the records of the domain and of each agent; others are kept in Terraform"},
	{"aws_route53_zone", "keep the zone in Terraform; load_balancer.zone names it"},
	{"aws_wafv2", "keep it in Terraform, and point it at karmactl's load balancer"},
	{"aws_efs", "agents keep nothing on disk: use S3 or a database"},
	{"aws_s3_bucket", "keep the bucket in Terraform; give its name to the agents in env"},
	{"aws_", "keep it in Terraform; give its address to the agents in env"},
	{"", "keep it in Terraform"},
}

// byType gives their fate to resources that nothing was taken from.
func (x *terraform) byType() {
	if len(x.fleet.agents) == 0 {
		return
	}
	for _, r := range x.resources {
		switch {
		case r.data:
			r.body.settle(own, "Terraform looks it up")
		case ownKinds[r.kind] != "":
			r.body.settle(own, ownKinds[r.kind])
		case r.kind == "aws_route53_record" && x.fleet.domain != "" && strings.HasSuffix(strings.TrimSuffix(r.body.get("name").str(), "."), x.fleet.domain):
			r.body.settle(own, "records of the domain and of each agent")
		case r.kind == "aws_iam_role_policy_attachment" && strings.HasSuffix(r.body.get("policy_arn").str(), "AmazonECSTaskExecutionRolePolicy"):
			r.body.settle(own, "an execution role for each agent, which may fetch its image, its logs and its secrets")
		default:
			for _, k := range leftKinds {
				if strings.HasPrefix(r.kind, k.prefix) {
					r.body.settle(left, k.instead)
					break
				}
			}
		}
	}
}

// Names by which maps and module arguments call what an agent has.
var (
	portNames   = []string{"port", "container_port", "app_port", "service_port", "containerPort", "task_port", "target_port"}
	imageNames  = []string{"image", "container_image", "app_image", "docker_image", "image_uri", "image_url", "ecr_image"}
	cpuNames    = []string{"cpu", "task_cpu", "fargate_cpu", "container_cpu", "app_cpu"}
	memoryNames = []string{"memory", "task_memory", "fargate_memory", "container_memory", "app_memory", "memory_mb"}
	countNames  = []string{"desired_count", "count", "app_count", "replicas", "task_count", "service_desired_count", "instance_count"}
	healthNames = []string{"health_check_path", "healthcheck_path", "health_path", "health_check", "healthcheck"}
	envNames    = []string{"environment", "environment_variables", "env", "env_vars", "container_environment", "variables", "container_env"}
	secretNames = []string{"secrets", "container_secrets", "secret_arns", "secret_variables", "secrets_arns"}
	minNames    = []string{"min_capacity", "autoscaling_min_capacity", "min_count", "min_tasks", "scale_min"}
	maxNames    = []string{"max_capacity", "autoscaling_max_capacity", "max_count", "max_tasks", "scale_max"}
	spotNames   = []string{"use_fargate_spot", "use_spot", "spot", "fargate_spot", "enable_spot"}
)

// shapes makes agents of maps that have the shape of one, where no service is written out.
func (x *terraform) shapes() {
	if len(x.fleet.agents) > 0 {
		return
	}
	for _, c := range x.calls {
		x.shape(first(c.key, c.name), c.args, nil, 0)
	}
	flat := &tree{name: "var", kind: dict}
	for _, name := range sortedNames(x.vars) {
		flat.put(name, x.vars[name])
	}
	if len(x.fleet.agents) == 0 {
		for _, all := range []map[string]*tree{x.vars, x.locals} {
			for _, name := range sortedNames(all) {
				x.shape(name, all[name], flat, 0)
			}
		}
	}
	if len(x.fleet.agents) == 0 {
		if _, ok := flat.first(portNames[1:]...).number(); ok {
			flat.at = flat.first(portNames[1:]...).at
			x.shaped(first(x.vars["container_name"].str(), x.vars["service_name"].str(), x.vars["app_name"].str(), x.fleet.project, x.opts.Folder), flat, nil)
		}
	}
	if len(x.fleet.agents) > 0 {
		x.settings()
	}
}

// shape looks for agents in a tree; around is what the map that it stands in says.
func (x *terraform) shape(name string, t, around *tree, depth int) {
	if t == nil || depth > 5 {
		return
	}
	if t.kind == dict {
		if _, ok := portIn(t); ok {
			x.shaped(name, t, around)
			return
		}
	}
	for i, c := range t.items {
		child := name
		if t.kind == dict && !slices.Contains([]string{"container_definitions", "containers", "services", "service", "agents", "apps"}, t.keys[i]) {
			child = t.keys[i]
		}
		if t.kind == list {
			child = first(c.get("name").str(), fmt.Sprintf("%s-%d", name, i+1))
		}
		if c.kind != scalar {
			if t.kind == dict && t.first(cpuNames...) != nil || t.first(countNames...) != nil {
				around = t
			}
			x.shape(child, c, around, depth+1)
		}
	}
}

// portIn is the port of a map with the shape of an agent.
func portIn(t *tree) (*tree, bool) {
	for _, p := range []*tree{t.first(portNames...), firstOf(t.first("port_mappings", "portMappings")).first("containerPort", "container_port")} {
		if n, ok := p.number(); ok && n > 0 && n < 65536 && (t.first("protocol", "from_port", "cidr_blocks") == nil) {
			return p, true
		}
	}
	return nil, false
}

// shaped makes an agent of a map.
func (x *terraform) shaped(name string, t, around *tree) {
	port, ok := portIn(t)
	if !ok {
		port = t.first(portNames[1:]...)
	}
	a := x.fleet.addAgent(name, t.at)
	x.of[a.name], x.of[name] = a, a
	a.port, _ = port.number()
	port.carry(a.key("port"))
	pick := func(names []string) *tree {
		if v := t.first(names...); v != nil {
			return v
		}
		return around.first(names...)
	}
	cpuTree, memoryTree := pick(cpuNames), pick(memoryNames)
	cpu, _ := cpuTree.number()
	memory, _ := memoryTree.number()
	x.size(a, cpu, memory, t.at)
	if cpu > 0 || memory > 0 {
		cpuTree.carry(a.key("cpu"))
		memoryTree.carry(a.key("memory"))
	}
	x.takeImage(a, t.first(imageNames...))
	if h := t.first(healthNames...); h != nil {
		if p := h.first("path"); h.kind == dict && p != nil {
			a.health.path = p.str()
			p.carry(a.key("health.path"))
		} else if strings.HasPrefix(h.str(), "/") {
			a.health.path = h.str()
			h.carry(a.key("health.path"))
		}
	}
	env := t.first(envNames...)
	for k, v := range env.each() {
		x.variable(a, k, v)
	}
	if env != nil && env.kind == list {
		for _, e := range env.items {
			if e.get("name") != nil && e.entry("value") != nil {
				x.variable(a, e.get("name").str(), e.entry("value"))
				e.get("name").set(e.entry("value").fate, e.entry("value").key, e.entry("value").why)
			}
		}
	}
	secrets := t.first(secretNames...)
	for k, v := range secrets.each() {
		x.secretOf(a, k, v, v)
	}
	if secrets != nil && secrets.kind == list {
		for _, s := range secrets.items {
			x.secretOf(a, s.get("name").str(), s.first("valueFrom", "value_from"), s)
		}
	}
	if c := t.get("command"); c != nil && c.kind == list {
		x.commandOf(a, c)
	}
	low, high, want := pick(minNames), pick(maxNames), pick(countNames)
	if n, ok := low.number(); ok {
		a.scale = &scale{min: n, none: true}
		a.scale.max, _ = high.number()
		low.carry(a.key("scale"))
		high.carry(a.key("scale"))
		want.own("between min and max, autoscaling decides")
	} else if n, ok := want.number(); ok {
		a.scale = &scale{min: n, max: max(n, 1), none: true}
		want.carry(a.key("scale"))
	}
	if s := pick(spotNames); s != nil {
		if on, said := s.yes(); said {
			a.spot = &spot{enabled: on}
			s.carry(a.key("spot"))
		}
	}
	if n := t.get("name"); n != nil {
		n.own("the agent's name")
	}
}

// settings carries over variables that say what a module is to do, where its
// resources are not here to say it.
func (x *terraform) settings() {
	f := &x.fleet
	v := func(names ...string) *tree {
		for _, n := range names {
			if t := x.vars[n]; t != nil && t.fate == unread && !reference.MatchString(t.str()) && !t.null {
				return t
			}
		}
		return nil
	}
	if t := v("vpc_cidr", "cidr", "vpc_cidr_block"); t != nil && f.cidr == "" {
		f.cidr = t.str()
		t.carry("network.cidr")
	}
	if t := v("availability_zones", "azs"); t != nil && len(t.list()) > 1 {
		for _, z := range t.list() {
			f.zones = append(f.zones, z.str())
		}
		t.carry("network.azs")
	}
	if t := v("enable_nat_gateway"); t != nil {
		on, _ := t.yes()
		f.nat = map[bool]string{true: "single", false: "none"}[on]
		t.carry("network.nat")
	}
	if t := v("single_nat_gateway"); t != nil && f.nat != "none" {
		on, _ := t.yes()
		f.nat = map[bool]string{true: "single", false: "per-az"}[on]
		t.carry("network.nat")
	}
	if t := v("log_retention_days", "log_retention", "log_retention_in_days"); t != nil {
		f.retention, _ = t.number()
		t.carry("observability.log_retention_days")
	}
	if t := v("enable_container_insights", "container_insights"); t != nil {
		on, _ := t.yes()
		f.insights = map[bool]string{true: "on", false: "off"}[on]
		t.carry("observability.container_insights")
	}
	if t := v("alb_idle_timeout", "idle_timeout"); t != nil {
		f.idleTimeout, _ = t.number()
		t.carry("load_balancer.idle_timeout")
	}
}

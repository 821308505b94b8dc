package agents

import (
	"slices"
	"sync"
	"time"
)

// This file and table_agent.go are the one description of agents.yaml: what
// keys there are, what they mean, what they may be. Reading the file, "did you
// mean" and the JSON schema are all made from it.

// document is the whole file: a Config and what is merged away.
type document struct {
	Config
	defaults     Agent
	environments map[string]document
}

// table is the description, ready to read with.
type table struct {
	root       value[document]
	inDefaults func(key string) bool
	inOverlay  func(key string) bool
}

// describe is the schema of the whole file, which refers to what it puts into d.
func (t table) describe(d *definitions) schema {
	return t.root.describe(d, &document{Config: defaultConfig(), defaults: defaultAgent()})
}

// tables builds the table once.
var tables = sync.OnceValue(func() table {
	own := agentFields()
	shared := slices.Clone(own[2:]) // all but port and service, which are an agent's own
	sections := sectionFields()
	overlay := append(slices.Clone(sections),
		key("defaults", "What every agent of this environment says unless it says otherwise.", object("defaults", shared), func(d *document) *Agent { return &d.defaults }),
		key("agents", "What these agents say in this environment.", agentsValue(object("overlay-agent", own)), func(d *document) *[]Agent { return &d.Agents }),
	)
	root := append([]field[document]{
		key("project", "Names the fleet; first part of every AWS name.", text(projectRule), func(d *document) *string { return &d.Project }),
		key("environment", "Which environment the file describes; second part of every AWS name.", text(environmentRule), func(d *document) *string { return &d.Environment }),
	}, sections...)
	root = append(root,
		key("defaults", "What every agent says unless it says otherwise.", object("defaults", shared), func(d *document) *Agent { return &d.defaults }),
		need(key("agents", "The agents by name, in the order they are shown.", agentsValue(object("agent", own)), func(d *document) *[]Agent { return &d.Agents })),
		key("environments", "Other environments: what each says differently, laid over the file. pr-* is every environment whose name begins with pr-.",
			dict(environmentKeyRule, "an environment", object("overlay", overlay), func(string) document { return document{Config: defaultConfig()} }),
			func(d *document) *map[string]document { return &d.environments }),
	)
	return table{root: object("document", root), inDefaults: knows(shared), inOverlay: knows(overlay)}
})

func knows[S any](fields []field[S]) func(string) bool {
	return func(k string) bool {
		return slices.ContainsFunc(fields, func(f field[S]) bool { return f.key == k })
	}
}

// sectionFields are the top-level keys that an environment can say differently.
func sectionFields() []field[document] {
	return []field[document]{
		key("region", "The AWS region.", text(regionRule), func(d *document) *string { return &d.Region }),
		key("state", "Where the state lives: s3://bucket/prefix or a local path. A bucket of your own has to keep versions; it is used, and never changed or deleted, and a plan says whether it blocks public access. Default: a bucket of the account and region.", text(stateRule), func(d *document) *string { return &d.State }),
		key("tags", "Tags on every resource, beside karmactl's own.", dict(tagKeyRule, "a tag", anyText(tagValueRule), func(string) string { return "" }), func(d *document) *map[string]string { return &d.Tags }),
		key("permissions_boundary", "The managed policy that bounds every role that karmactl makes, by ARN. Default: none.", text(boundaryRule), func(d *document) *string { return &d.Boundary }),
		key("role_path", "The path of every role that karmactl makes. Default: /.", text(rolePathRule), func(d *document) *string { return &d.RolePath }),
		key("registries", "Private registries other than ECR, by host: the name or ARN of the secret with username and password. Of docker.io for images that name no registry.",
			dict(registryRule, "a registry", text(registrySecretRule), func(string) string { return "" }), func(d *document) *map[string]string { return &d.Registries }),
		key("budget", "The monthly limit that up refuses to exceed.", object("budget", []field[Budget]{
			key("monthly_usd", "US dollars a month. Default: no limit.", dollars(), func(b *Budget) *string { return &b.MonthlyUSD }),
			// AWS Budgets takes at most ten addresses per notification.
			key("emails", "Told at 80 % and 100 % of actual and at 100 % of forecast spend.", list("addresses", 10, text(emailRule)), func(b *Budget) *[]string { return &b.Emails }),
		}), func(d *document) *Budget { return &d.Budget }),
		key("network", "The VPC and what leads out of it.", object("network", networkFields()), func(d *document) *Network { return &d.Network }),
		key("load_balancer", "The one Application Load Balancer, there when an agent is public.", object("load_balancer", loadBalancerFields()), func(d *document) *LoadBalancer { return &d.LoadBalancer }),
		key("observability", "Logs, metrics, alarms and traces.", object("observability", observabilityFields()), func(d *document) *Observability { return &d.Observability }),
		key("secrets", "Where the secrets are.", object("secrets", []field[Secrets]{
			key("nested", `Name or ARN of the one secret with every agent's keys, copied into the agents' own. Default: the project's name; "" is none.`, text(nestedRule), func(s *Secrets) *string { return &s.Nested }),
			key("entry", "The key of an agent in the nested secret; {agent} stands for its name.", text(entryRule), func(s *Secrets) *string { return &s.Entry }),
			key("store", "Where each agent's own secret lives.", choice(StoreSecretsManager, StoreSSM), func(s *Secrets) *Store { return &s.Store }),
		}), func(d *document) *Secrets { return &d.Secrets }),
		key("hooks", "Commands of your own that run on this machine around up, deploy and down.", object("hooks", hookFields()), func(d *document) *Hooks { return &d.Hooks }),
		key("usage", "What the cost estimate assumes where the bill depends on traffic.", object("usage", usageFields()), func(d *document) *Usage { return &d.Usage }),
		key("schedules", "Time windows in which agents run, by name. office-hours is always there.",
			dict(namedRule, "a schedule", object("schedule", scheduleFields()), func(name string) Schedule { return Schedule{Name: name} }),
			func(d *document) *map[string]Schedule { return &d.Schedules }),
		key("jobs", "Commands that run by a schedule, each in a task of its own, by name.",
			dict(agentNameRule, "a job", object("job", jobFields()), freshJob),
			func(d *document) *map[string]Job { return &d.Jobs }),
	}
}

func networkFields() []field[Network] {
	return []field[Network]{
		key("cidr", "The VPC's private block, /16 to /28, large enough for two subnets per zone.", text(cidrRule), func(n *Network) *string { return &n.CIDR }),
		key("azs", "How many Availability Zones, or which.", zonesValue(), func(n *Network) *Network { return n }),
		key("nat", "How private subnets reach the internet: one gateway, one per zone, one small instance that is replaced when it dies (cheap, and without internet for some minutes then), or none (tasks then run in public subnets, and only the load balancer is let in).", choice(NATSingle, NATPerAZ, NATInstance, NATNone), func(n *Network) *NAT { return &n.NAT }),
		key("instance_type", "With nat: instance: which, from 512 MB of memory on. The larger ones have more CPU for more traffic.", choice("t4g.nano", "t4g.micro", "t4g.small"), func(n *Network) *string { return &n.InstanceType }),
		key("ipv6", "Give tasks an address of IPv6 beside the other one, and a free way out for it, past the NAT gateway and its price per GB. AWS pulls images, reads secrets and writes logs by IPv4 all the same, so that nat cannot be none.", boolean(), func(n *Network) *bool { return &n.IPv6 }),
		key("endpoints", "VPC endpoints. s3 is free; each other one costs some 7 dollars a month and zone.", list("endpoints", 0, endpoint()), func(n *Network) *[]string { return &n.Endpoints }),
		key("endpoint_azs", "Interface endpoints in one zone or in all.", choice("one", "all"), func(n *Network) *string { return &n.EndpointAZs }),
		key("vpc", "A VPC that is there already, by id. It is used, and never changed or deleted; cidr, azs, nat and endpoints are then its owner's. Default: one of the stack's own.", text(vpcRule), func(n *Network) *string { return &n.VPC }),
		key("public", "With vpc: its subnets for the load balancer, with a route to an internet gateway, in two zones at least.", list("ids of subnets", 0, text(subnetRule)), func(n *Network) *[]string { return &n.Public }),
		key("private", "With vpc: its subnets for the tasks, with a route to a NAT gateway. Default: the tasks run in public, with addresses of their own.", list("ids of subnets", 0, text(subnetRule)), func(n *Network) *[]string { return &n.Private }),
		key("namespace", "Where agents find each other. Default: <project>.local in prod, <project>-<environment>.local elsewhere.", text(namespaceRule), func(n *Network) *string { return &n.Namespace }),
	}
}

func endpoint() value[string] {
	return choice("s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages")
}

func loadBalancerFields() []field[LoadBalancer] {
	return []field[LoadBalancer]{
		key("idle_timeout", "How long a silent connection stays open.", duration(time.Second, 4000*time.Second), func(l *LoadBalancer) *time.Duration { return &l.IdleTimeout }),
		key("strip_prefix", "Turn /validator/health into /health before it reaches the agent.", boolean(), func(l *LoadBalancer) *bool { return &l.StripPrefix }),
		key("internal", "Keep it from the internet: it has private addresses alone, and only the network of the stack, and what is connected with it, reaches it. AWS cannot change that later.", boolean(), func(l *LoadBalancer) *bool { return &l.Internal }),
		key("allow", "The addresses that may reach it, as blocks such as 203.0.113.0/24. Default: everyone.", list("blocks of addresses", maxAllowed, text(allowRule)), func(l *LoadBalancer) *[]string { return &l.Allow }),
		key("deletion_protection", "Have AWS refuse to delete the load balancer.", boolean(), func(l *LoadBalancer) *bool { return &l.DeletionProtection }),
		key("access_logs", "The S3 bucket for access logs, or off.", bucketValue(), func(l *LoadBalancer) *string { return &l.AccessLogs }),
		key("domain", "Serve HTTPS at this name and each agent at <agent>.<domain>. Default: HTTP only.", text(domainRule), func(l *LoadBalancer) *string { return &l.Domain }),
		key("certificate", "A certificate of ACM that is there already, by its ARN, instead of one for the domain. It is used, and never changed, renewed or deleted, and has to cover every name that agents answer at. Without domain it serves HTTPS at the agents' hosts, whose DNS is your own.", text(certificateRule), func(l *LoadBalancer) *string { return &l.Certificate }),
		key("zone", "The Route 53 public hosted zone of the domain, by name or by id. Default: the longest one that fits.", text(zoneDomain), func(l *LoadBalancer) *string { return &l.Zone }),
		key("records", "Lead the domain, the names below it and the agents' hosts to the load balancer. With false all else is made, the certificate and its proof among it, and the names stay where they lead: for a fleet beside another one. Setting it to false later deletes the records.", boolean(), func(l *LoadBalancer) *bool { return &l.Records }),
	}
}

// logRetentions are the values that CloudWatch Logs' PutRetentionPolicy takes.
var logRetentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func observabilityFields() []field[Observability] {
	return []field[Observability]{
		key("log_retention_days", "How long logs are kept.", oneNumber(logRetentions), func(o *Observability) *int { return &o.LogRetentionDays }),
		key("container_insights", "Per-task metrics; on or enhanced costs some 38 dollars a month for five agents.", insightsValue(), func(o *Observability) *Insights { return &o.ContainerInsights }),
		key("xray", "A sidecar in every task, tracing, that takes OpenTelemetry's traces and sends them to X-Ray.", boolean(), func(o *Observability) *bool { return &o.XRay }),
		key("dashboard", "One CloudWatch dashboard for the fleet.", boolean(), func(o *Observability) *bool { return &o.Dashboard }),
		key("error_metric", "Count the lines of each agent's log that look like errors, in a metric of the stack's own.", boolean(), func(o *Observability) *bool { return &o.ErrorMetric }),
		key("alarms", "Per-agent alarms and who is told.", object("alarms", []field[Alarms]{
			key("enabled", "Make the alarms.", boolean(), func(a *Alarms) *bool { return &a.Enabled }),
			key("kinds", "Which of them each agent has.", list("kinds", 0, choice(AlarmKinds()...)), func(a *Alarms) *[]string { return &a.Kinds }),
			key("cpu", "Ring above this percentage of CPU.", integer(1, 100), func(a *Alarms) *int { return &a.CPUPercent }),
			key("memory", "Ring above this percentage of memory.", integer(1, 100), func(a *Alarms) *int { return &a.MemoryPercent }),
			key("min_healthy", "Ring below this number of healthy tasks.", integer(1, 1000), func(a *Alarms) *int { return &a.MinHealthy }),
			key("emails", "Told when an alarm rings. None: no topic is made.", list("addresses", 100, text(emailRule)), func(a *Alarms) *[]string { return &a.Emails }),
			key("topics", "SNS topics of your own, by ARN, that alarms tell as well: the ones that Amazon Q Developer in chat applications, PagerDuty or a webhook of yours reads. They are used, and never changed; that a run of a job failed goes to emails alone.", list("topics", maxTopics, text(topicRule)), func(a *Alarms) *[]string { return &a.Topics }),
		}), func(o *Observability) *Alarms { return &o.Alarms }),
		key("queries", "Your own Logs Insights queries, by name.", dict(namedRule, "a query", text(queryRule), func(string) string { return "" }), func(o *Observability) *map[string]string { return &o.Queries }),
	}
}

func usageFields() []field[Usage] {
	return []field[Usage]{
		key("nat_gb", "Gigabytes a month through the NAT gateway.", amount(), func(u *Usage) *float64 { return &u.NATGB }),
		key("logs_gb", "Gigabytes of logs a month.", amount(), func(u *Usage) *float64 { return &u.LogsGB }),
		key("images_gb", "Gigabytes of images kept.", amount(), func(u *Usage) *float64 { return &u.ImagesGB }),
		key("efs_gb", "Gigabytes kept in the volumes of all agents.", amount(), func(u *Usage) *float64 { return &u.EFSGB }),
		key("egress_gb", "Gigabytes a month to the internet.", amount(), func(u *Usage) *float64 { return &u.EgressGB }),
		key("cross_az_gb", "Gigabytes a month between zones.", amount(), func(u *Usage) *float64 { return &u.CrossAZGB }),
		key("lcu", "Load balancer capacity units, on average.", amount(), func(u *Usage) *float64 { return &u.LCU }),
		key("job_minutes", "Minutes that a run of a job takes.", amount(), func(u *Usage) *float64 { return &u.JobMinutes }),
		key("traces_m", "Millions of X-Ray traces a month.", amount(), func(u *Usage) *float64 { return &u.TracesM }),
		key("free_tier", "The account's free tiers are still unused.", boolean(), func(u *Usage) *bool { return &u.FreeTier }),
	}
}

func scheduleFields() []field[Schedule] {
	return []field[Schedule]{
		key("days", "Days such as MON-FRI. Default: MON-FRI.", daysValue(), func(s *Schedule) *string { return &s.Days }),
		key("start", "When agents start, HH:MM.", text(clockRule), func(s *Schedule) *string { return &s.Start }),
		key("stop", "When agents stop, HH:MM.", text(clockRule), func(s *Schedule) *string { return &s.Stop }),
		key("timezone", "IANA time zone of start and stop.", text(timezoneRule), func(s *Schedule) *string { return &s.Timezone }),
		key("agents", "Agents it applies to. Default: all.", list("names of agents", 0, text(agentNameRule)), func(s *Schedule) *[]string { return &s.Agents }),
	}
}

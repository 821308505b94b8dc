// Package agents reads agents.yaml into a validated, defaulted, typed Config.
// It knows nothing of AWS calls; it knows AWS's naming and sizing rules, so
// that a file that loads is a file that AWS will accept.
package agents

import (
	"cmp"
	"slices"
	"time"
)

// Config is one environment of agents.yaml: overlays merged, defaults filled,
// every rule checked. A Config that Load returned needs no further checking.
type Config struct {
	// Project and Environment name the stack; together they prefix every AWS name.
	Project     string
	Environment string
	// Pattern is the key under environments that the name of this one fits, such as pr-*; ""
	// where the file has it by its name.
	Pattern string
	// Region is the AWS region, e.g. us-east-1.
	Region string
	// State is where the state lives: s3://bucket/prefix, a local path, or ""
	// for the default bucket of the account and region.
	State string
	// Tags are put on every taggable resource, beside karmactl's own two.
	Tags map[string]string
	// Registries are the secrets with username and password of private registries, by
	// host. They are names or ARNs of Secrets Manager.
	Registries map[string]string
	// Boundary is the ARN of the policy that bounds every role that karmactl makes; "" is none.
	Boundary string
	// RolePath is where these roles are, with a slash at both ends; "" is IAM's default.
	RolePath string

	Budget        Budget
	Network       Network
	LoadBalancer  LoadBalancer
	Observability Observability
	Secrets       Secrets
	Usage         Usage
	Hooks         Hooks
	// Schedules by name; "office-hours" is always there unless overridden.
	Schedules map[string]Schedule
	// Jobs by name.
	Jobs map[string]Job
	// Agents in the order of the file.
	Agents []Agent

	// File is the path the Config was read from, for messages.
	File string
}

// Stack is the name of the whole: "karmacadabra-prod".
func (c *Config) Stack() string { return c.Project + "-" + c.Environment }

// Public are the agents that the load balancer leads to. Without any there is no
// load balancer.
func (c *Config) Public() []Agent {
	return slices.DeleteFunc(slices.Clone(c.Agents), func(a Agent) bool { return !a.Public })
}

// Agent returns the agent of that name, or false.
func (c *Config) Agent(name string) (Agent, bool) {
	for _, a := range c.Agents {
		if a.Name == name {
			return a, true
		}
	}
	return Agent{}, false
}

// ServiceName is the name of the agent's ECS service.
func (a Agent) ServiceName() string { return cmp.Or(a.Service, a.Name) }

// ServiceNames are the names of the agents' ECS services, by agent.
func (c *Config) ServiceNames() map[string]string {
	out := map[string]string{}
	for _, a := range c.Agents {
		out[a.Name] = a.ServiceName()
	}
	return out
}

// Budget is the monthly limit that `up` refuses to exceed.
type Budget struct {
	// MonthlyUSD is a decimal string such as "100" or "99.50"; "" is no limit.
	MonthlyUSD string
	// Emails are told at 80 % and 100 % of actual and 100 % of forecast spend.
	Emails []string
}

// LoadBalancer is the one Application Load Balancer, which is there when an agent is public.
type LoadBalancer struct {
	// IdleTimeout is 1 s to 4000 s.
	IdleTimeout time.Duration
	// StripPrefix turns /validator/health into /health before it reaches the agent.
	StripPrefix        bool
	DeletionProtection bool
	// Internal keeps it from the internet: only the network reaches it. AWS cannot change that.
	Internal bool
	// Allow are the blocks of IPv4 addresses that may reach it; none is everyone.
	Allow []string
	// AccessLogs is the S3 bucket that access logs go to; "" is off.
	AccessLogs string
	// Domain serves HTTPS at this name, and each agent at <agent>.<domain>; "" is HTTP only.
	Domain string
	// Zone is the Route 53 public hosted zone of Domain, by name; "" is the
	// longest zone of the account that Domain ends in.
	Zone string
	// Records leads Domain, all names below it and the agents' hosts to the load balancer.
	// Without them all else is made, and the names stay where they lead.
	Records bool
	// Certificate is the ARN of one that is there already, which is used and never changed;
	// "" is one of the stack's own where there is a Domain.
	Certificate string
}

// HTTPS tells whether agents answer over HTTPS, and HTTP only leads there.
func (l LoadBalancer) HTTPS() bool { return l.Domain != "" || l.Certificate != "" }

// Insights is the Container Insights setting of the cluster.
type Insights string

// The Container Insights settings; on and enhanced cost some $38 a month for five agents.
const (
	InsightsOff      Insights = "off"
	InsightsOn       Insights = "on"
	InsightsEnhanced Insights = "enhanced"
)

// Observability is logs, metrics, alarms and traces.
type Observability struct {
	// LogRetentionDays is one of CloudWatch Logs' allowed values.
	LogRetentionDays  int
	ContainerInsights Insights
	XRay              bool
	Dashboard         bool
	// ErrorMetric counts the lines of each agent's log that look like errors.
	ErrorMetric bool
	Alarms      Alarms
	// Queries are the user's named Logs Insights queries, by name.
	Queries map[string]string
}

// The kinds of alarm that an agent may have. One that the load balancer does not lead to
// has the first two alone.
const (
	AlarmHighCPU    = "high-cpu"
	AlarmHighMemory = "high-memory"
	AlarmFewHealthy = "few-healthy"
	AlarmUnhealthy  = "unhealthy"
)

// AlarmKinds are all of them.
func AlarmKinds() []string {
	return []string{AlarmHighCPU, AlarmHighMemory, AlarmFewHealthy, AlarmUnhealthy}
}

// Alarms are the per-agent alarms and who is told.
type Alarms struct {
	Enabled bool
	// Kinds are the alarms that each agent has, of AlarmKinds.
	Kinds []string
	// CPUPercent and MemoryPercent are the thresholds of the high-usage alarms.
	CPUPercent    int
	MemoryPercent int
	// MinHealthy is the number of healthy targets below which an alarm rings.
	MinHealthy int
	// Emails are subscribed to the SNS topic; none means no topic.
	Emails []string
	// Topics are topics of the user's own, by ARN, that alarms tell as well.
	Topics []string
}

// Store is where the per-agent flat secrets live.
type Store string

// The stores of secrets.
const (
	StoreSecretsManager Store = "secretsmanager"
	StoreSSM            Store = "ssm"
)

// Secrets says where the user's nested secret is and where the flat ones go.
type Secrets struct {
	// Nested is the name or ARN of the one secret {"validator-agent": {"private_key": …}}; "" is none.
	Nested string
	// Entry is the key of an agent in the nested secret; {agent} stands for its name.
	Entry string
	Store Store
}

// Usage is what the estimate assumes where the bill depends on traffic.
type Usage struct {
	// NATGB, LogsGB, ImagesGB, EFSGB, EgressGB and CrossAZGB are gigabytes a month.
	NATGB     float64
	LogsGB    float64
	ImagesGB  float64
	EFSGB     float64
	EgressGB  float64
	CrossAZGB float64
	// LCU is the average number of load balancer capacity units.
	LCU float64
	// JobMinutes is how long a run of a job takes.
	JobMinutes float64
	// TracesM is millions of X-Ray traces a month.
	TracesM float64
	// FreeTier tells whether the account's free tiers are still unused.
	FreeTier bool
}

// Schedule is a time window in which agents run.
type Schedule struct {
	Name string
	// Days as AWS cron writes them: MON-FRI, or MON,WED.
	Days string
	// Start and Stop are HH:MM in Timezone.
	Start string
	Stop  string
	// Timezone is an IANA name.
	Timezone string
	// Agents it applies to; empty means all.
	Agents []string
}

// Arch is a Fargate CPU architecture.
type Arch string

// The architectures of Fargate.
const (
	ArchX86 Arch = "x86_64"
	ArchARM Arch = "arm64"
)

// Agent is one ECS service.
type Agent struct {
	Name string
	// Port is the container's own port. An agent without one, 0, is a worker: it
	// gets no requests, and may call others.
	Port int
	// Service is the name of its ECS service; "" is the agent's own. See ServiceName.
	Service string
	// Public tells whether the load balancer leads to it. A worker is not public.
	Public bool
	// Path is where the load balancer leads to it: /x and what is below it, or / for all
	// that no other agent takes. With Hosts it is so on these alone. StripPrefix takes the
	// path off before a request reaches the agent.
	Path        string
	Hosts       []string
	StripPrefix bool
	// CPU is in Fargate CPU units (256 is a quarter of a vCPU), Memory in MiB.
	CPU    int
	Memory int
	Arch   Arch
	Spot   Spot
	Scale  Scale
	Health Health
	// Env is the plain environment. PORT where there is one, AGENT_NAME, the address of
	// each agent that this one calls (VALIDATOR_URL) and with XRay what OpenTelemetry needs are
	// always there: the agent's own unless the file sets them, or has them as secrets.
	Env map[string]string
	// Secrets is the secret environment, ordered by variable name.
	Secrets []Secret
	// Command replaces the image's own.
	Command []string
	// Image is a reference, {agent} already replaced; "" when the agent waits for a build.
	Image string
	// Build is how `deploy --build` makes the image; nil when there is none.
	Build *Build
	// Calls are the agents that this one calls over Service Connect; with CallsAll they
	// are all others that have a port.
	Calls     []string
	CallsAll  bool
	Container Container
	// Init are containers that have to succeed one after the other before the agent
	// starts; Sidecars run beside it, ordered by name.
	Init     []Sidecar
	Sidecars []Sidecar
	// Volumes are directories of its own container that are on EFS, ordered by name. A job
	// of the agent has them, too: they are the agent's.
	Volumes []Volume
	// Release runs once in a task of a new revision before that is rolled out; when it
	// fails, nothing is.
	Release []string
	// Permissions are what the agent may do in AWS, beside what karmactl needs.
	Permissions []Permission
	// Exec turns ECS Exec on.
	Exec bool
	// Drain is how long a task that leaves may finish its requests, at most an hour.
	Drain time.Duration
	// Stickiness is how long a client's requests go to one task, at most seven days; 0 is to any.
	Stickiness time.Duration
	// StopTimeout is between SIGTERM and SIGKILL, 2 s to 120 s.
	StopTimeout time.Duration
	// RequestTimeout is how long a request to it may take, 1 s to a day, before Service
	// Connect answers it with 504; 0 is for ever. That holds for requests of other agents
	// and for the load balancer's, which has its own idle timeout besides.
	RequestTimeout time.Duration
}

// Secret puts one secret value into one environment variable, by reference.
type Secret struct {
	// Env is the environment variable.
	Env string
	// Key is the top-level key in the agent's flat secret (or in From). It is
	// "" only with From: the whole secret, or a parameter.
	Key string
	// From is an existing flat secret or parameter, by name or ARN; "" is the agent's own.
	From string
	// Optional lets the agent start without it.
	Optional bool
	// Container is the sidecar or init container whose variable it is; "" is the agent's own.
	Container string
}

// Build is a container build; {agent} is already replaced everywhere in it.
type Build struct {
	Context    string
	Dockerfile string
	Target     string
	Args       map[string]string
}

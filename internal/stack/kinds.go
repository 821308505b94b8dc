package stack

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Kind is one kind of resource: what it is called, where it is made, and what
// hibernate and down do with it.
type Kind struct {
	// Name is the first part of its keys, for ever: "nat".
	Name string
	// File is the name of its file without the ending: "nat_gateway". The resource is
	// in internal/provision, its simulation in internal/awssim, its price in
	// internal/cost.
	File string
	// Of makes the resource from nothing but what follows the kind in its key. So
	// something recorded that the configuration no longer has is found and deleted.
	Of func(h *provision.Env, name string) made
	// Sleeps tells whether hibernate takes it away, by what follows the kind in its
	// key; nil: only when what it depends on goes.
	Sleeps func(name string, keepALB bool) bool
	// Kept is why down leaves it, by what follows the kind in its key; "" when it
	// goes; nil: it always goes.
	Kept func(name string, o DownOptions) string
}

// made is a resource and its step.
type made struct {
	node engine.Node
	step engine.Step
}

// of lets the engine manage what f makes.
func of[S any, R engine.Resource[S]](f func(h *provision.Env, name string) R) func(*provision.Env, string) made {
	return func(h *provision.Env, name string) made {
		r := f(h, name)
		return made{r, engine.Manage[S](r)}
	}
}

// DownOptions say what `down` deletes that it would keep.
type DownOptions struct {
	Images bool
	Logs   bool
	// Data is the file system with all that the agents keep on it.
	Data bool
	// Proof is the record that proves the domain to AWS, where it is of this stack alone.
	Proof bool
}

func always(string, bool) bool { return true }

// billed are the interface endpoints; the gateway to S3 is free.
func billed(service string, _ bool) bool { return service != "s3" }

func unlessKept(_ string, keepALB bool) bool { return !keepALB }

func keptImages(_ string, o DownOptions) string {
	if o.Images {
		return ""
	}
	return "images are kept: --images deletes them"
}

func keptLogs(_ string, o DownOptions) string {
	if o.Logs {
		return ""
	}
	return "logs are kept: --logs deletes them"
}

func keptData(_ string, o DownOptions) string {
	if o.Data {
		return ""
	}
	return "the agents' data is kept: down --data deletes it"
}

func accounts(string, DownOptions) string { return "belongs to the account, is shared and free" }

// keptProof keeps the record that proves the domain: AWS gives all certificates of
// an account the same one, and renews them by it.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
func keptProof(name string, o DownOptions) string {
	if name == validationName && !o.Proof {
		return "other certificates of the account may be renewed by it, and it is free"
	}
	return ""
}

// Kinds are all kinds that a stack's state may have.
func Kinds() []Kind { return kinds }

var kinds = []Kind{
	// network
	{"vpc", "vpc", of(func(h *provision.Env, _ string) *provision.VPC { return &provision.VPC{Env: h} }), nil, nil},
	{"igw", "internet_gateway", of(func(h *provision.Env, _ string) *provision.InternetGateway {
		return &provision.InternetGateway{Env: h}
	}), nil, nil},
	{"subnet", "subnet", of(provision.SubnetOf), nil, nil},
	{"vpc-cidr-block", "vpc_cidr_block", of(func(h *provision.Env, _ string) *provision.VPCCIDRBlock {
		return &provision.VPCCIDRBlock{Env: h, VPC: &provision.VPC{Env: h}}
	}), nil, nil},
	{"subnet-cidr-block", "subnet_cidr_block", of(func(h *provision.Env, name string) *provision.SubnetCIDRBlock {
		return &provision.SubnetCIDRBlock{Env: h, Subnet: provision.SubnetOf(h, name)}
	}), nil, nil},
	{"egress-only-gateway", "egress_only_gateway", of(func(h *provision.Env, _ string) *provision.EgressOnlyGateway {
		return &provision.EgressOnlyGateway{Env: h}
	}), nil, nil},
	{"route-table", "route_table", of(func(h *provision.Env, name string) *provision.RouteTable {
		return &provision.RouteTable{Env: h, Name: name}
	}), nil, nil},
	{"route", "route", of(provision.RouteOf), nil, nil},
	{"route-table-association", "route_table_association", of(func(h *provision.Env, name string) *provision.RouteTableAssociation {
		return &provision.RouteTableAssociation{Env: h, Subnet: provision.SubnetOf(h, name)}
	}), nil, nil},
	{"endpoint", "vpc_endpoint", of(func(h *provision.Env, name string) *provision.VPCEndpoint {
		return &provision.VPCEndpoint{Env: h, Service: name}
	}), billed, nil},
	{"sg", "security_group", of(func(h *provision.Env, name string) *provision.SecurityGroup {
		return &provision.SecurityGroup{Env: h, Name: name}
	}), nil, nil},
	{"eip", "elastic_ip", of(func(h *provision.Env, name string) *provision.ElasticIP {
		return &provision.ElasticIP{Env: h, AZ: name}
	}), always, nil},
	{"nat", "nat_gateway", of(func(h *provision.Env, name string) *provision.NATGateway {
		return &provision.NATGateway{Env: h, AZ: name}
	}), always, nil},
	{"eni", "network_interface", of(func(h *provision.Env, name string) *provision.NetworkInterface {
		return &provision.NetworkInterface{Env: h, Name: name}
	}), nil, nil},
	{"launch-template", "launch_template", of(func(h *provision.Env, name string) *provision.LaunchTemplate {
		return &provision.LaunchTemplate{Env: h, Name: name}
	}), nil, nil},
	{"asg", "auto_scaling_group", of(func(h *provision.Env, name string) *provision.AutoScalingGroup {
		return &provision.AutoScalingGroup{Env: h, Name: name}
	}), always, nil},
	// edge
	{"alb", "load_balancer", of(func(h *provision.Env, _ string) *provision.LoadBalancer { return &provision.LoadBalancer{Env: h} }), unlessKept, nil},
	{"target-group", "target_group", of(func(h *provision.Env, name string) *provision.TargetGroup {
		return &provision.TargetGroup{Env: h, Agent: name}
	}), nil, nil},
	{"listener", "listener", of(func(h *provision.Env, name string) *provision.Listener {
		return &provision.Listener{Env: h, Protocol: strings.ToUpper(name)}
	}), nil, nil},
	{"rule", "listener_rule", of(provision.ListenerRuleOf), nil, nil},
	{"certificate", "certificate", of(func(h *provision.Env, _ string) *provision.Certificate { return &provision.Certificate{Env: h} }), nil, nil},
	{"certificate-validation", "certificate_validation", of(func(h *provision.Env, _ string) *provision.CertificateValidation {
		return &provision.CertificateValidation{Env: h}
	}), nil, nil},
	{"record", "record", record, nil, keptProof},
	{"state-bucket", "state_bucket", of(func(h *provision.Env, _ string) *provision.StateBucket { return &provision.StateBucket{Env: h} }), nil, nil},

	// identity, registry, platform, scaling, watching
	{"slr", "service_linked_role", of(func(h *provision.Env, name string) *provision.ServiceLinkedRole {
		return &provision.ServiceLinkedRole{Env: h, Service: name}
	}), nil, accounts},
	{"role", "role", of(provision.RoleOf), nil, nil},
	{"cluster", "cluster", of(func(h *provision.Env, _ string) *provision.Cluster { return &provision.Cluster{Env: h} }), nil, nil},
	{"namespace", "namespace", of(func(h *provision.Env, _ string) *provision.Namespace { return &provision.Namespace{Env: h} }), nil, nil},
	{"log-group", "log_group", of(func(h *provision.Env, name string) *provision.LogGroup {
		return &provision.LogGroup{Env: h, Agent: name}
	}), nil, keptLogs},
	{"metric-filter", "metric_filter", of(func(h *provision.Env, name string) *provision.MetricFilter {
		return &provision.MetricFilter{Env: h, Group: &provision.LogGroup{Env: h, Agent: name}}
	}), nil, keptLogs},
	{"repository", "repository", of(func(h *provision.Env, name string) *provision.Repository {
		return &provision.Repository{Env: h, Agent: name}
	}), nil, keptImages},
	{"file-system", "file_system", of(func(h *provision.Env, _ string) *provision.FileSystem { return &provision.FileSystem{Env: h} }), nil, keptData},
	{"mount-target", "mount_target", of(provision.MountTargetOf), nil, nil},
	{"access-point", "access_point", of(provision.AccessPointOf), nil, nil},
	{"topic", "topic", of(func(h *provision.Env, _ string) *provision.Topic { return &provision.Topic{Env: h} }), nil, nil},
	{"subscription", "subscription", of(func(h *provision.Env, name string) *provision.Subscription {
		return &provision.Subscription{Env: h, Hash: name}
	}), nil, nil},
	{"alarm", "alarm", of(func(h *provision.Env, name string) *provision.Alarm { return &provision.Alarm{Env: h, Name: name} }), always, nil},
	{"dashboard", "dashboard", of(func(h *provision.Env, _ string) *provision.Dashboard { return &provision.Dashboard{Env: h} }), nil, nil},
	{"sampling-rule", "sampling_rule", of(func(h *provision.Env, _ string) *provision.SamplingRule { return &provision.SamplingRule{Env: h} }), nil, nil},
	{"scalable-target", "scalable_target", of(func(h *provision.Env, name string) *provision.ScalableTarget {
		return &provision.ScalableTarget{Env: h, Agent: name}
	}), nil, nil},
	{"scaling-policy", "scaling_policy", of(provision.ScalingPolicyOf), nil, nil},
	{"schedule-group", "schedule_group", of(func(h *provision.Env, _ string) *provision.ScheduleGroup {
		return &provision.ScheduleGroup{Env: h}
	}), nil, nil},
	{"event-rule", "event_rule", of(func(h *provision.Env, name string) *provision.EventRule {
		return &provision.EventRule{Env: h, Job: agents.Job{Name: name}}
	}), nil, nil},
	{"budget", "budget", of(func(h *provision.Env, _ string) *provision.Budget { return &provision.Budget{Env: h} }), nil, nil},
	// secrets, task definitions, services
	{"secret", "secret", of(func(h *provision.Env, name string) *provision.Secret {
		return &provision.Secret{Env: h, Agent: agents.Agent{Name: name}}
	}), nil, nil},
	{"parameter", "parameter", of(provision.ParameterOf), nil, nil},
	{"task-definition", "task_definition", of(func(h *provision.Env, name string) *provision.TaskDefinition {
		return &provision.TaskDefinition{Env: h, Agent: agents.Agent{Name: name}}
	}), nil, nil},
	{"service", "service", of(func(h *provision.Env, name string) *provision.Service {
		return &provision.Service{Env: h, Agent: agents.Agent{Name: name}}
	}), always, nil},
	{"state-machine", "state_machine", of(func(h *provision.Env, name string) *provision.StateMachine {
		return &provision.StateMachine{Env: h, Job: agents.Job{Name: name}}
	}), nil, nil},
	{"schedule", "job_schedule", of(func(h *provision.Env, name string) *provision.JobSchedule {
		return &provision.JobSchedule{Env: h, Job: agents.Job{Name: name}}
	}), always, nil},
}

// validationName is what follows the kind in the key of provision.ValidationRecords.
const validationName = "validation"

// record of the domain, or the records that prove it to the certificate.
func record(h *provision.Env, name string) made {
	if name == validationName {
		r := &provision.ValidationRecords{Env: h}
		return made{r, engine.Manage(r)}
	}
	r := &provision.Record{Env: h, Name: name, Type: "A"}
	return made{r, engine.Manage(r)}
}

func kind(name string) (Kind, bool) {
	for _, k := range kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

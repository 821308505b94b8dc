package awssim

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// World is everything in the simulated account. It is plain data, so that a
// rehearsal can keep it in a file between commands.
type World struct {
	Account string
	Region  string
	// Serial makes ids: they are unique for the life of the account.
	Serial int
	// Generation counts the changes, so that two processes notice each other.
	Generation int
	// Clock ties the account's time to the machine's.
	Clock clockState
	// Settled is the tick up to which the account has lived.
	Settled time.Time
	// Denied are operations that the caller's policy does not allow, as
	// "Secrets Manager.PutSecretValue": to rehearse with, written into the file by hand.
	Denied []string `json:",omitempty"`
	// Operator is who calls; without policies of his own he may do all.
	Operator Operator

	VPCs               map[string]*VPC
	Subnets            map[string]*Subnet
	Addresses          map[string]*Address
	NATGateways        map[string]*NATGateway
	InternetGateways   map[string]*InternetGateway
	EgressOnlyGateways map[string]*EgressOnlyGateway `json:",omitempty"`
	RouteTables        map[string]*RouteTable
	VPCEndpoints       map[string]*VPCEndpoint
	SecurityGroups     map[string]*SecurityGroup
	NetworkInterfaces  map[string]*NetworkInterface
	LaunchTemplates    map[string]*LaunchTemplate   `json:",omitempty"`
	Instances          map[string]*Instance         `json:",omitempty"`
	AutoScalingGroups  map[string]*AutoScalingGroup `json:",omitempty"` // by name
	// LinuxImage is the newest image of Amazon Linux; "" is LinuxImage.
	LinuxImage string `json:",omitempty"`
	// ZoneIDs are the ids of zones by name, where they are not in the names' order;
	// each account has its own.
	ZoneIDs map[string]string
	// ImpairedZones are the names of zones that are not available at the moment.
	ImpairedZones []string
	// ZonesWithoutNAT are the names of zones in which EC2 makes no NAT gateway.
	ZonesWithoutNAT []string
	// BlockPublicAccess is the region's VPC Block Public Access: block-bidirectional,
	// block-ingress, or "" for off. VPCs in PublicAccessExclusions are left out of it.
	BlockPublicAccess      types.BlockPublicAccessMode
	PublicAccessExclusions []string

	// Everything of the load balancers, and certificates, by ARN.
	LoadBalancers map[string]*LoadBalancer
	TargetGroups  map[string]*TargetGroup
	Listeners     map[string]*Listener
	ListenerRules map[string]*ListenerRule
	Certificates  map[string]*Certificate
	HostedZones   map[string]*HostedZone
	DNSChanges    map[string]*DNSChange
	Buckets       map[string]*Bucket
	// FreedBuckets is when buckets were deleted, by name.
	FreedBuckets map[string]time.Time

	Roles         map[string]*IAMRole      // by lower-case name
	OIDCProviders map[string]*OIDCProvider // by ARN
	// ManagedPolicies are the account's own, by ARN. A test puts them in, or a rehearsal.
	ManagedPolicies     map[string]string   `json:",omitempty"`
	Clusters            map[string]*Cluster // by name
	Namespaces          map[string]*Namespace
	DiscoveryServices   map[string]*DiscoveryService
	DiscoveryOperations map[string]*DiscoveryOperation
	LogGroups           map[string]*LogGroup // by name
	Repositories        map[string]*Repository
	// BlobMounting is the account's setting for its registry.
	BlobMounting bool
	Topics       map[string]*Topic
	Alarms       map[string]*Alarm
	// AlarmMuteRules are by name.
	AlarmMuteRules map[string]*AlarmMuteRule
	Dashboards     map[string]string // bodies by name
	SamplingRules  map[string]*SamplingRule
	// TargetErrors has how many answers 5xx the agents gave in the last hour, by
	// target group. A test sets it, or a rehearsal.
	TargetErrors    map[string]int
	ScalableTargets map[string]*ScalableTarget // by service/cluster/service
	Queues          map[string]Queue           `json:",omitempty"` // of SQS, by name
	// EmptySeries is what metric math makes of a metric without a data point.
	EmptySeries emptySeries `json:",omitempty"`
	// QueueActivity is kept of each of Queues, Metrics are the last data points of what alarms by metric math
	// follow, and Sampled is up to which minute they are kept.
	QueueActivity map[string]QueueActivity `json:",omitempty"`
	Metrics       map[string][]MetricPoint `json:",omitempty"`
	Sampled       time.Time
	// ScheduleGroups are EventBridge Scheduler's by name, JobSchedules what is in them by group/name.
	ScheduleGroups map[string]*ScheduleGroup
	JobSchedules   map[string]*JobSchedule
	// StateMachines are those of Step Functions and Executions theirs, by ARN; RunningExecutions are the ARNs
	// of the executions that have not ended, the oldest first.
	StateMachines     map[string]*StateMachine
	Executions        map[string]*Execution
	RunningExecutions []string `json:",omitempty"`
	// EventRules are EventBridge's by name.
	EventRules map[string]*EventRule `json:",omitempty"`

	FileSystems  map[string]*FileSystem
	MountTargets map[string]*MountTarget
	AccessPoints map[string]*AccessPoint

	Secrets    map[string]*Secret    // by name
	Parameters map[string]*Parameter // by name
	// Seeded: the user's own nested secret has been put in.
	Seeded bool

	TaskDefinitions    map[string]*TaskDefinition // by ARN
	Families           map[string]int             // the last revision, which never starts over
	Services           map[string]*Service        // by ARN
	ServiceDeployments map[string]*ServiceDeployment
	ServiceRevisions   map[string]*ServiceRevision
	Tasks              map[string]*Task // by ARN
	// NoSpotCapacity has ECS place no task on Spot; InterruptSpot gives every
	// task on Spot its two minutes' notice. A test sets them, or a rehearsal.
	NoSpotCapacity bool
	InterruptSpot  bool
	// Redelivered has EventBridge Scheduler send each start once more, so much later: it promises one start at least.
	// With RedeliveredByOtherID the second one has another <aws.scheduler.execution-id>. A test sets them.
	Redelivered          time.Duration
	RedeliveredByOtherID bool
	// RuntimeMonitoring is GuardDuty's: it puts its agent into each task.
	RuntimeMonitoring bool
	// FargateVCPU is how much vCPU may run at once, by the quota's code; what is
	// not there is as in a new account.
	FargateVCPU map[string]float64

	Budgets map[string]*Budget // by name
	// CostAllocationTags are the tag keys that the bill counts by.
	CostAllocationTags map[string]bool
}

// newWorld makes an empty account: all its tables are there.
func newWorld(account, region string) *World {
	w := &World{Account: account, Region: region}
	for _, f := range reflect.ValueOf(w).Elem().Fields() {
		if f.Kind() == reflect.Map {
			f.Set(reflect.MakeMap(f.Type()))
		}
	}
	return w
}

// unique is the next number that ids are made of. Like AWS's it looks random, so
// that no code counts on the order of ids and the first digits tell one from
// another; and it is the same in each run.
func (w *World) unique() uint64 {
	w.Serial++
	x := uint64(w.Serial) * 0x9e3779b97f4a7c15 // each step can be undone, so no two are alike (splitmix64)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// id makes the next id: vpc-0a1b2c3d4e5f60718.
func (w *World) id(prefix string) string {
	return fmt.Sprintf("%s-0%016x", prefix, w.unique())
}

// arn builds an ARN of the account.
func (w *World) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, w.Region, w.Account, resource)
}

// hash is the unique end of an ARN of the load balancers: 16 hex digits.
func (w *World) hash() string {
	return fmt.Sprintf("%016x", w.unique())
}

// uuid is a unique id as ACM and ECS give it.
func (w *World) uuid() string {
	return uuid(w.hash(), w.hash())
}

// uuid is the id that texts have: the same texts have the same one.
func uuid(texts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(texts, " ")))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

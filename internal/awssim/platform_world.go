package awssim

import "github.com/aws/aws-sdk-go-v2/aws"

// PlatformWorld is the account's identities, registries, logs, metrics and scaling.
type PlatformWorld struct {
	Roles map[string]*IAMRole // by lower-case name
	// ManagedPolicies are the account's own, by ARN. A test puts them in, or a rehearsal.
	ManagedPolicies     map[string]string   `json:",omitempty"`
	Clusters            map[string]*Cluster // by name
	Namespaces          map[string]*Namespace
	DiscoveryServices   map[string]*DiscoveryService
	DiscoveryOperations map[string]*DiscoveryOperation
	LogGroups           map[string]*LogGroup // by name
	Repositories        map[string]*Repository
	// BlobMounting is the account's setting for its registry.
	BlobMounting  bool
	Topics        map[string]*Topic
	Alarms        map[string]*Alarm
	Dashboards    map[string]string // bodies by name
	SamplingRules map[string]*SamplingRule
	// TargetErrors has how many answers 5xx the agents gave in the last hour, by
	// target group. A test sets it, or a rehearsal.
	TargetErrors    map[string]int
	ScalableTargets map[string]*ScalableTarget // by service/cluster/service
}

func newPlatformWorld() PlatformWorld {
	return PlatformWorld{
		Roles: map[string]*IAMRole{}, Clusters: map[string]*Cluster{}, Namespaces: map[string]*Namespace{},
		DiscoveryServices: map[string]*DiscoveryService{}, DiscoveryOperations: map[string]*DiscoveryOperation{},
		LogGroups:    map[string]*LogGroup{},
		Repositories: map[string]*Repository{}, Topics: map[string]*Topic{}, Alarms: map[string]*Alarm{}, Dashboards: map[string]string{},
		SamplingRules: map[string]*SamplingRule{}, ScalableTargets: map[string]*ScalableTarget{},
	}
}

func (s *Sim) platformOperations() []operation {
	var ops []operation
	ops = append(ops, s.taggingOperations()...)
	ops = append(ops, s.clusterOperations()...)
	ops = append(ops, s.namespaceOperations()...)
	ops = append(ops, s.roleOperations()...)
	ops = append(ops, s.rolePolicyOperations()...)
	ops = append(ops, s.logGroupOperations()...)
	ops = append(ops, s.logStreamOperations()...)
	ops = append(ops, s.logEventOperations()...)
	ops = append(ops, s.logQueryOperations()...)
	ops = append(ops, s.metricFilterOperations()...)
	ops = append(ops, s.repositoryOperations()...)
	ops = append(ops, s.repositoryImageOperations()...)
	ops = append(ops, s.topicOperations()...)
	ops = append(ops, s.alarmOperations()...)
	ops = append(ops, s.dashboardOperations()...)
	ops = append(ops, s.metricDataOperations()...)
	ops = append(ops, s.samplingRuleOperations()...)
	ops = append(ops, s.scalableTargetOperations()...)
	ops = append(ops, s.scalingPolicyOperations()...)
	ops = append(ops, s.scheduledActionOperations()...)
	return ops
}

func (s *Sim) settlePlatform() {
	s.settleClusters()
	s.settleNamespaces()
	s.settleScheduledActions()
}

// taggedPlatform are this group's things that the tagging API lists. Roles are
// not among them: it does not know IAM's roles.
func (s *Sim) taggedPlatform() []tagged {
	var all []tagged
	for _, c := range s.world.Clusters {
		if !c.Inactive && s.visible(c.Created) {
			all = append(all, tagged{c.ARN, c.Tags})
		}
	}
	for _, n := range s.world.Namespaces {
		if s.namespaceMade(n) {
			all = append(all, tagged{n.ARN, n.Tags})
		}
	}
	for _, g := range s.world.LogGroups {
		if s.visible(g.Created) {
			all = append(all, tagged{g.ARN, g.Tags})
		}
	}
	for _, r := range s.world.Repositories {
		if s.visible(r.Created) {
			all = append(all, tagged{r.ARN, r.Tags})
		}
	}
	for _, t := range s.world.Topics {
		all = append(all, tagged{t.ARN, t.Tags})
	}
	for _, t := range s.world.ScalableTargets {
		all = append(all, tagged{t.ARN, t.Tags})
	}
	for _, r := range s.world.SamplingRules {
		all = append(all, tagged{aws.ToString(r.Rule.RuleARN), r.Tags})
	}
	for _, a := range s.world.Alarms {
		if a.Policy == "" {
			all = append(all, tagged{*a.Alarm.AlarmArn, a.Tags})
		}
	}
	return all
}

package awssim

import (
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// noun is one kind of thing that is simulated: its operations, what happens to it
// by itself, and what of it is in the account. It is in the file of its name.
type noun struct {
	ops []operation
	// settle has happen what is due at s.now(); nil is nothing.
	settle func()
	// each tells of all that there is; nil is nothing. The inventory, the tagging API
	// and the bill are made of it.
	each func(tell func(thing))
}

// thing is one thing in the account.
type thing struct {
	kind string // as the inventory says it
	name string
	tags cloud.Tags
	// gone: it is not there, AWS only lists it for a while.
	gone bool
	// arn is its name in the tagging API, which lists it when it is visible; "" is not listed.
	arn   string
	since time.Time
	// bills are what it costs; tags and since are the thing's own where they are left out.
	bills []metered
}

// declared are all nouns. What happens by itself happens in this order: the network
// before what is in it, target groups before the services that wait for them.
func (s *Sim) declared() []noun {
	return []noun{
		s.callerIdentityNoun(),
		s.taggingNoun(),
		s.serviceQuotaNoun(),

		s.ec2TagNoun(),
		s.vpcNoun(),
		s.zoneNoun(),
		s.internetGatewayNoun(),
		s.vpcCIDRBlockNoun(),
		s.egressOnlyGatewayNoun(),
		s.subnetNoun(),
		s.subnetCIDRBlockNoun(),
		s.routeTableNoun(),
		s.routeNoun(),
		s.routeTableAssociationNoun(),
		s.securityGroupNoun(),
		s.securityGroupRuleNoun(),
		s.elasticIPNoun(),
		s.natGatewayNoun(),
		s.vpcEndpointNoun(),
		s.networkInterfaceNoun(),
		s.launchTemplateNoun(),
		s.instanceNoun(),
		s.autoScalingGroupNoun(),

		s.elbTagNoun(),
		s.loadBalancerNoun(),
		s.targetGroupNoun(),
		s.listenerNoun(),
		s.listenerRuleNoun(),
		s.certificateNoun(),
		s.hostedZoneNoun(),

		s.bucketNoun(),
		s.objectNoun(),
		s.roleNoun(),
		s.rolePolicyNoun(),
		s.oidcProviderNoun(),
		s.logGroupNoun(),
		s.logStreamNoun(),
		s.logEventNoun(),
		s.logQueryNoun(),
		s.metricFilterNoun(),
		s.repositoryNoun(),
		s.repositoryImageNoun(),
		s.fileSystemNoun(),
		s.mountTargetNoun(),
		s.accessPointNoun(),
		s.topicNoun(),
		s.alarmNoun(),
		s.alarmMuteRuleNoun(),
		s.dashboardNoun(),
		s.metricDataNoun(),
		s.samplingRuleNoun(),
		s.secretNoun(),
		s.parameterNoun(),

		s.ecsTagNoun(),
		s.clusterNoun(),
		s.namespaceNoun(),
		s.scalableTargetNoun(),
		s.scalingPolicyNoun(),
		s.scheduledActionNoun(),
		s.scheduleGroupNoun(),
		s.jobScheduleNoun(),
		s.taskDefinitionNoun(),
		s.deploymentNoun(),
		s.taskNoun(),
		s.serviceNoun(),
		s.executionNoun(),
		s.stateMachineNoun(),
		s.eventRuleNoun(),

		s.budgetNoun(),
		s.costExplorerNoun(),
		s.priceListNoun(),
	}
}

// each tells of everything in the account.
func (s *Sim) each(tell func(thing)) {
	for _, n := range s.nouns {
		if n.each != nil {
			n.each(tell)
		}
	}
}

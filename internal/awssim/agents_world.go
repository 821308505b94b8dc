package awssim

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// AgentsWorld is the part of the account that belongs to the agents group:
// secrets, task definitions, services and their tasks.
type AgentsWorld struct {
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
	// RuntimeMonitoring is GuardDuty's: it puts its agent into each task.
	RuntimeMonitoring bool
	// FargateVCPU is how much vCPU may run at once, by the quota's code; what is
	// not there is as in a new account.
	FargateVCPU map[string]float64
}

func newAgentsWorld() AgentsWorld {
	return AgentsWorld{
		Secrets: map[string]*Secret{}, Parameters: map[string]*Parameter{},
		TaskDefinitions: map[string]*TaskDefinition{}, Families: map[string]int{}, Services: map[string]*Service{},
		ServiceDeployments: map[string]*ServiceDeployment{}, ServiceRevisions: map[string]*ServiceRevision{}, Tasks: map[string]*Task{},
	}
}

func (s *Sim) agentsOperations() []operation {
	var ops []operation
	ops = append(ops, s.callerIdentityOperations()...)
	ops = append(ops, s.ecsTagOperations()...)
	ops = append(ops, s.secretOperations()...)
	ops = append(ops, s.parameterOperations()...)
	ops = append(ops, s.taskDefinitionOperations()...)
	ops = append(ops, s.serviceOperations()...)
	ops = append(ops, s.deploymentOperations()...)
	ops = append(ops, s.taskOperations()...)
	ops = append(ops, s.serviceQuotaOperations()...)
	return ops
}

func (s *Sim) settleAgents() {
	s.seedNestedSecret()
	s.settleSecrets()
	s.settleECS()
}

// taggedAgents are this group's things that the tagging API lists.
func (s *Sim) taggedAgents() []tagged {
	var all []tagged
	for _, x := range s.world.Secrets {
		if s.visible(x.Created) && x.DeleteAt.IsZero() {
			all = append(all, tagged{x.ARN, x.Tags})
		}
	}
	for _, p := range s.world.Parameters {
		if s.visible(p.Created) {
			all = append(all, tagged{s.parameterARN(p), p.Tags})
		}
	}
	for arn, d := range s.world.TaskDefinitions {
		if s.visible(d.Created) && d.status() == types.TaskDefinitionStatusActive {
			all = append(all, tagged{arn, d.Tags})
		}
	}
	for _, x := range s.world.Services {
		if s.visible(x.Created) && x.Status != "INACTIVE" {
			all = append(all, tagged{x.ARN, x.Tags})
		}
	}
	return all
}

// taskDefinitionTags are those of a revision, or nil.
func (s *Sim) taskDefinitionTags(arn string) cloud.Tags {
	if d := s.world.TaskDefinitions[arn]; d != nil {
		return d.Tags
	}
	return nil
}

// serviceTags are those of a service, or nil.
func (s *Sim) serviceTags(arn string) cloud.Tags {
	if x := s.world.Services[arn]; x != nil && x.Status != "INACTIVE" {
		return x.Tags
	}
	return nil
}

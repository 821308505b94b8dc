package awssim

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Deployment is one of a service's deployments in progress: the primary one, and
// those before it that still have tasks.
type Deployment struct {
	ID     string
	Status string // PRIMARY, ACTIVE
	// Ledger and Revision are the ARNs of its service deployment and revision.
	Ledger   string
	Revision string
	Config   ServiceConfig
	Desired  int
	Failed   int
	Rollout  types.DeploymentRolloutState
	Reason   string
	// Endpoints of Service Connect that its tasks can resolve: the ones that
	// were there when it began.
	Endpoints []string
	Created   time.Time
	Updated   time.Time
	// RetryAt is when a next task is tried after one has failed.
	RetryAt time.Time
	// HealthySince is when all of its tasks were healthy; zero when they are not.
	HealthySince time.Time
	// RollbackOf is the service deployment that this one undoes.
	RollbackOf string
}

func (s *Sim) deploymentNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.ListServiceDeployments", s.listServiceDeployments, "Service", "Cluster", "Status", "CreatedAt").pages("ServiceDeployments", 20, 100),
			on("ECS.DescribeServiceDeployments", s.describeServiceDeployments, "ServiceDeploymentArns"),
			on("ECS.StopServiceDeployment", s.stopServiceDeployment, "ServiceDeploymentArn", "StopType"),
			on("ECS.DescribeServiceRevisions", s.describeServiceRevisions, "ServiceRevisionArns"),
		},
	}
}

// deploy begins a deployment of what the service is configured to now; the one
// before it continues until the new one's tasks are healthy. undoes names the
// service deployment that this one rolls back, "" for none.
func (s *Sim) deploy(x *Service, undoes string) *Deployment {
	d := &Deployment{
		ID: fmt.Sprintf("ecs-svc/%019d", s.world.unique()>>1), Status: "PRIMARY", Config: x.Config, Desired: x.Desired,
		Rollout: types.DeploymentRolloutStateInProgress, Created: s.now(), Updated: s.now(), RollbackOf: undoes,
	}
	d.Reason = "ECS deployment " + d.ID + " in progress."
	d.Endpoints = s.endpoints(x)
	d.Revision = s.world.arn("ecs", fmt.Sprintf("service-revision/%s/%s/%019d", x.Cluster, x.Name, s.world.unique()>>1))
	s.world.ServiceRevisions[d.Revision] = &ServiceRevision{ARN: d.Revision, Service: x.ARN, Config: x.Config, Created: s.now()}
	line := &ServiceDeployment{Service: x.ARN, Status: types.ServiceDeploymentStatusInProgress, Target: d.Revision, Created: s.now(), Threshold: threshold(x)}
	if undoes == "" {
		line.ARN = s.world.arn("ecs", fmt.Sprintf("service-deployment/%s/%s/%019d", x.Cluster, x.Name, s.world.unique()>>1))
		s.world.ServiceDeployments[line.ARN] = line
		d.Ledger = line.ARN
	} else {
		d.Ledger = undoes // a rollback is part of the deployment that failed
	}
	for _, old := range x.Deployments {
		line.Sources = append(line.Sources, old.Revision)
		old.Status = "ACTIVE"
		if old.Ledger != d.Ledger {
			s.closeLedger(old, types.ServiceDeploymentStatusStopped, "Superseded by a newer deployment.", s.now())
		}
	}
	x.Deployments = slices.Insert(x.Deployments, 0, d)
	s.register(x)
	return d
}

// threshold is how many failed tasks the circuit breaker takes. Of a count it is
// the count; of a percentage three at least and 200 at most, unless unbounded.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func threshold(x *Service) int {
	b := x.Deploy.DeploymentCircuitBreaker
	if b == nil || !b.Enable {
		return 0
	}
	kind, value := types.ThresholdTypeBoundedPercent, 50
	if t := b.ThresholdConfiguration; t != nil {
		kind, value = t.Type, int(t.Value)
	}
	share := int(math.Ceil(float64(x.Desired*value) / 100))
	switch kind {
	case types.ThresholdTypeCount:
		return value
	case types.ThresholdTypeBoundedPercent:
		return min(max(share, 3), 200)
	}
	return max(share, 1)
}

// taskFailed counts a task that did not get healthy, and opens the circuit.
func (s *Sim) taskFailed(x *Service, d *Deployment, at time.Time) {
	d.Failed++
	d.RetryAt = at.Add(min(time.Duration(d.Failed)*5*time.Second, time.Minute))
	limit := threshold(x)
	if l := s.world.ServiceDeployments[d.Ledger]; l != nil && d.RollbackOf == "" {
		l.Failures, l.Threshold = d.Failed, limit
	}
	if d.Status != "PRIMARY" || d.Rollout != types.DeploymentRolloutStateInProgress || limit == 0 || d.Failed < limit {
		return
	}
	d.Rollout, d.Reason, d.Updated = types.DeploymentRolloutStateFailed, "ECS deployment circuit breaker: tasks failed to start.", at
	s.tell(x, at, "(deployment %s) deployment failed: tasks failed to start.", d.ID)
	s.undo(x, d, "ECS deployment circuit breaker: rolling back.", x.Deploy.DeploymentCircuitBreaker.Rollback, at)
}

// undo goes back to the last deployment that completed. Without one the
// deployment just failed, and starts nothing more.
func (s *Sim) undo(x *Service, d *Deployment, reason string, rollback bool, at time.Time) {
	line := s.world.ServiceDeployments[d.Ledger]
	if d.RollbackOf != "" || !rollback || x.LastCompleted == nil || x.CompletedRev == d.Revision {
		status := types.ServiceDeploymentStatusStopped
		if d.RollbackOf != "" {
			status = types.ServiceDeploymentStatusRollbackFailed
		}
		s.closeLedger(d, status, d.Reason, at)
		d.Desired = 0
		return
	}
	x.Config = *x.LastCompleted
	d.Desired = 0
	next := s.deploy(x, d.Ledger)
	next.Revision = x.CompletedRev
	next.Reason = "ECS deployment circuit breaker: rolling back to deploymentId " + next.ID + "."
	if line != nil {
		line.Status = types.ServiceDeploymentStatusRollbackInProgress
		line.Rollback = &types.Rollback{Reason: &reason, StartedAt: &at, ServiceRevisionArn: aws.String(x.CompletedRev)}
	}
	s.tell(x, at, "rolling back to deployment %s.", next.ID)
}

// completed ends a deployment that got where it wanted.
func (s *Sim) completed(x *Service, d *Deployment, at time.Time) {
	d.Rollout, d.Updated = types.DeploymentRolloutStateCompleted, at
	d.Reason = "ECS deployment " + d.ID + " completed."
	status := types.ServiceDeploymentStatusSuccessful
	if d.RollbackOf != "" {
		status = types.ServiceDeploymentStatusRollbackSuccessful
	}
	s.closeLedger(d, status, "", at)
	config := d.Config
	x.LastCompleted, x.CompletedRev = &config, d.Revision
	s.unregister(x, at)
	s.tell(x, at, "(deployment %s) deployment completed.", d.ID)
	s.tell(x, at, "has reached a steady state.")
}

// stopServiceDeployment ends a deployment: it rolls back, or with ABORT leaves things as they are.
func (s *Sim) stopServiceDeployment(in *ecs.StopServiceDeploymentInput) (*ecs.StopServiceDeploymentOutput, error) {
	l := s.world.ServiceDeployments[aws.ToString(in.ServiceDeploymentArn)]
	if l == nil {
		return nil, fail("ServiceDeploymentNotFoundException", "The specified service deployment was not found.")
	}
	x := s.world.Services[l.Service]
	if x == nil || !l.Finished.IsZero() || l.Status != types.ServiceDeploymentStatusInProgress {
		return nil, fail("ConflictException", "The service deployment is in a state that can't be stopped: %s", l.Status)
	}
	d := x.Deployments[0]
	d.Rollout, d.Reason = types.DeploymentRolloutStateFailed, "Service deployment was stopped by the user."
	if in.StopType == types.StopServiceDeploymentStopTypeAbort {
		s.closeLedger(d, types.ServiceDeploymentStatusStopped, d.Reason, s.now())
	} else {
		s.undo(x, d, "Service deployment rollback was requested.", true, s.now())
	}
	s.schedule(s.now())
	return &ecs.StopServiceDeploymentOutput{ServiceDeploymentArn: &l.ARN}, nil
}

package awssim

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// steadyAfter is from all tasks healthy to COMPLETED.
	steadyAfter = 10 * time.Second
	// inactiveListed is how long a deleted service can be described.
	inactiveListed = time.Hour
	// placementTold is how often ECS says that it finds no capacity.
	placementTold = time.Minute
)

// settleECS has the scheduler do a round.
func (s *Sim) settleECS() {
	s.schedule(s.now())
	s.settleTaskDefinitions()
}

// busy tells whether anything is on its way, so that quiet hours cost nothing.
func (s *Sim) busy() bool {
	if s.world.InterruptSpot || s.unsettledGroups() || len(s.world.RunningExecutions) > 0 {
		return true
	}
	for _, t := range s.world.Tasks {
		if t.Status != "RUNNING" && t.Status != "STOPPED" || t.unsettled() {
			return true
		}
	}
	for _, x := range s.world.Services {
		if x.Status == "DRAINING" || x.Status == "ACTIVE" && (len(x.Deployments) > 1 || x.Deployments[0].Rollout == types.DeploymentRolloutStateInProgress || s.short(x)) {
			return true
		}
	}
	return false
}

func (s *Sim) short(x *Service) bool {
	primary := x.Deployments[0]
	running, pending := s.counts(primary.ID)
	return running+pending != x.Desired && primary.Rollout != types.DeploymentRolloutStateFailed
}

// schedule is one round: tasks move on, then services start and stop tasks.
func (s *Sim) schedule(at time.Time) {
	s.services = nil
	for _, t := range sorted(s.world.Tasks) {
		s.advance(t, at)
	}
	for _, x := range sorted(s.world.Services) {
		switch x.Status {
		case "ACTIVE":
			s.roll(x, at)
		case "DRAINING":
			s.drain(x, at)
		case "INACTIVE":
			if !at.Before(x.Deleted.Add(inactiveListed)) {
				delete(s.world.Services, x.ARN)
			}
		}
	}
}

func (s *Sim) drain(x *Service, at time.Time) {
	left := false
	for _, t := range s.tasksOf(x.ARN, "") {
		s.stop(t, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment)", at)
		left = left || t.Status != "STOPPED"
	}
	if !left {
		x.Status, x.Deleted, x.Deployments = "INACTIVE", at, nil
		s.unregister(x, at)
	}
}

// roll brings a service closer to its primary deployment.
func (s *Sim) roll(x *Service, at time.Time) {
	primary := x.Deployments[0]
	if primary.Rollout != types.DeploymentRolloutStateFailed {
		primary.Desired = x.Desired
	}
	s.startMissing(x, primary, at)
	healthy := 0
	for _, t := range s.standing(x.ARN, primary.ID) {
		if s.healthy(t, at) {
			healthy++
		}
	}
	s.stopSurplus(x, primary, healthy, at)
	x.Deployments = slices.DeleteFunc(x.Deployments, func(d *Deployment) bool {
		return d != primary && len(s.standing(x.ARN, d.ID)) == 0
	})
	if primary.Rollout != types.DeploymentRolloutStateInProgress {
		return
	}
	enough, deferred := early(x)
	if healthy < enough || len(x.Deployments) > 1 && !deferred || s.sourcesLeft(x, primary) && !deferred {
		primary.HealthySince = time.Time{}
		return
	}
	if primary.HealthySince.IsZero() {
		primary.HealthySince = at
	}
	if primary.Desired == 0 || !at.Before(primary.HealthySince.Add(steadyAfter)) {
		s.completed(x, primary, at)
	}
}

// early is how many healthy tasks complete a deployment, and whether it completes before the
// tasks of its source revisions are gone.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html
func early(x *Service) (enough int, deferred bool) {
	e := x.Deploy.EarlySuccessCriteria
	if e == nil || !e.Enable {
		return x.Desired, false
	}
	return int(math.Ceil(float64(x.Desired) * float64(aws.ToInt32(e.HealthyPercent)) / 100)), e.SourceServiceRevisionCleanup == types.ServiceRevisionCleanupDeferred
}

// sourcesLeft tells whether tasks of other deployments run or drain.
func (s *Sim) sourcesLeft(x *Service, primary *Deployment) bool {
	return slices.ContainsFunc(s.tasksOf(x.ARN, ""), func(t *Task) bool { return t.Deployment != primary.ID && t.Status != "STOPPED" })
}

// startMissing starts tasks of the primary deployment, within the maximum.
func (s *Sim) startMissing(x *Service, d *Deployment, at time.Time) {
	if at.Before(d.RetryAt) {
		return
	}
	most := int(math.Floor(float64(x.Desired) * float64(percent(x.Deploy.MaximumPercent, 200)) / 100))
	all, own := len(s.standing(x.ARN, "")), len(s.standing(x.ARN, d.ID))
	for own < d.Desired && all < max(most, d.Desired) {
		provider := nextProvider(d.Config.Strategy, s.standing(x.ARN, d.ID))
		if why := s.unplaceable(d, provider); why != "" {
			if !at.Before(x.PlacementTold.Add(placementTold)) {
				x.PlacementTold = at
				s.tell(x, at, "%s", why)
			}
			return
		}
		t := s.start(x, d, provider, at)
		s.tell(x, at, "has started 1 tasks: (task %s).", t.ID)
		own, all = own+1, all+1
	}
}

// unplaceable is why no task can be placed now, in the words of ECS's events; ""
// when one can.
func (s *Sim) unplaceable(d *Deployment, provider string) string {
	switch {
	case provider == "FARGATE_SPOT" && s.world.NoSpotCapacity:
		return "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	case s.overQuota(provider, d.Config.TaskDefinition):
		return "was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	}
	if role := s.unassumable(d.Config.TaskDefinition); role != "" {
		return "failed to launch a task with (error ECS was unable to assume the role '" + role + "' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.)."
	}
	return ""
}

// stopSurplus stops what is too much: of older deployments as far as the healthy
// tasks of the primary one allow, and of the primary one after a scale-in.
func (s *Sim) stopSurplus(x *Service, primary *Deployment, healthy int, at time.Time) {
	least := int(math.Ceil(float64(x.Desired) * float64(percent(x.Deploy.MinimumHealthyPercent, 100)) / 100))
	keep := max(0, least-healthy)
	if primary.Rollout == types.DeploymentRolloutStateFailed && primary.Desired == 0 {
		keep = x.Desired
	}
	for _, d := range x.Deployments[1:] {
		for _, t := range s.standing(x.ARN, d.ID) {
			if keep > 0 && d.Rollout != types.DeploymentRolloutStateFailed {
				keep--
				continue
			}
			s.stop(t, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment "+d.ID+")", at)
			s.tell(x, at, "has stopped 1 running tasks: (task %s).", t.ID)
		}
	}
	own := s.standing(x.ARN, primary.ID)
	for i := len(own) - 1; i >= primary.Desired; i-- {
		s.stop(own[i], types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment "+primary.ID+")", at)
		s.tell(x, at, "has stopped 1 running tasks: (task %s).", own[i].ID)
	}
}

func percent(p *int32, otherwise int32) int32 {
	if p == nil {
		return otherwise
	}
	return *p
}

// nextProvider keeps to a strategy: the base first, then by weight.
func nextProvider(strategy []types.CapacityProviderStrategyItem, have []*Task) string {
	if len(strategy) == 0 {
		return "FARGATE"
	}
	count := map[string]int32{}
	for _, t := range have {
		count[t.Provider]++
	}
	best, lowest := "", math.Inf(1)
	for _, i := range strategy {
		name := aws.ToString(i.CapacityProvider)
		if count[name] < i.Base {
			return name
		}
		if i.Weight > 0 {
			if load := float64(count[name]-i.Base) / float64(i.Weight); load < lowest {
				best, lowest = name, load
			}
		}
	}
	return best
}

// unassumable names a role of a task definition that cannot be assumed.
func (s *Sim) unassumable(taskDefinition string) string {
	d := s.world.TaskDefinitions[taskDefinition]
	if d == nil {
		return ""
	}
	for _, r := range []*string{d.Definition.ExecutionRoleArn, d.Definition.TaskRoleArn} {
		if r != nil && !s.assumable(*r) {
			return *r
		}
	}
	return ""
}

// standing are the tasks that have not been told to stop, oldest first; of one
// deployment, or of all.
func (s *Sim) standing(service, deployment string) []*Task {
	return slices.DeleteFunc(s.tasksOf(service, deployment), func(t *Task) bool { return t.Wanted == "STOPPED" })
}

// tasksOf are all of a service's tasks, or those of one of its deployments, oldest first.
func (s *Sim) tasksOf(service, deployment string) []*Task {
	if s.services == nil {
		s.services = map[string][]*Task{}
		for _, t := range sorted(s.world.Tasks) {
			s.services[t.Service] = append(s.services[t.Service], t)
		}
		for _, all := range s.services {
			slices.SortStableFunc(all, func(a, b *Task) int { return a.Created.Compare(b.Created) })
		}
	}
	var out []*Task
	for _, t := range s.services[service] {
		if deployment == "" || t.Deployment == deployment {
			out = append(out, t)
		}
	}
	return out
}

// counts are a deployment's running and pending tasks.
func (s *Sim) counts(deployment string) (running, pending int) {
	for _, t := range s.world.Tasks {
		switch {
		case t.Deployment != deployment || t.Wanted == "STOPPED":
		case t.Status == "RUNNING":
			running++
		default:
			pending++
		}
	}
	return running, pending
}

// servicesIn counts a cluster's services that are not INACTIVE.
func (s *Sim) servicesIn(cluster string) int {
	n := 0
	for _, x := range s.world.Services {
		if x.Cluster == cluster && x.Status != "INACTIVE" {
			n++
		}
	}
	return n
}

// tasksIn counts a cluster's tasks that are not STOPPED.
func (s *Sim) tasksIn(cluster string) int {
	n := 0
	for _, t := range s.world.Tasks {
		if t.Cluster == cluster && t.Status != "STOPPED" {
			n++
		}
	}
	return n
}

// desired is how many tasks a service is to have; false when there is none such.
func (s *Sim) desired(cluster, service string) (int, bool) {
	x := s.world.Services[s.serviceARN(cluster, service)]
	if x == nil || x.Status != "ACTIVE" {
		return 0, false
	}
	return x.Desired, true
}

// setDesired is what Application Auto Scaling does to a service.
func (s *Sim) setDesired(cluster, service string, n int) {
	if x := s.world.Services[s.serviceARN(cluster, service)]; x != nil && x.Status == "ACTIVE" && x.Desired != n {
		s.tell(x, s.now(), "has set desiredCount to %d via Application Auto Scaling.", n)
		x.Desired = n
	}
}

// taskID is 32 hex digits, as AWS's are.
func (s *Sim) taskID() string {
	return fmt.Sprintf("%016x%016x", s.world.unique(), s.world.unique())
}

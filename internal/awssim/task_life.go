package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// unsettled tells whether a running task will not stay as it is.
func (t *Task) unsettled() bool {
	return t.Status == "RUNNING" && (t.Service == "" || len(t.Behaviours) > 0 || t.Behaviour != "" || !t.WasHealthy || t.Checked && t.Health == types.HealthStatusUnknown || !t.StopAt.IsZero())
}

// start starts a task of a service's deployment.
func (s *Sim) start(x *Service, d *Deployment, provider string, at time.Time) *Task {
	return s.place(&Task{
		Service: x.ARN, Deployment: d.ID, Cluster: x.Cluster, Definition: d.Config.TaskDefinition, Provider: provider, Exec: d.Config.Exec, Config: d.Config, Created: at,
	})
}

// place puts a task into the subnet with the fewest of its service's.
func (s *Sim) place(t *Task) *Task {
	t.ID = s.taskID()
	t.ARN = s.world.arn("ecs", "task/"+t.Cluster+"/"+t.ID)
	t.Status, t.Wanted, t.Health = "PROVISIONING", "RUNNING", types.HealthStatusUnknown
	vpc := t.Config.Network.AwsvpcConfiguration
	used := map[string]int{}
	for _, o := range s.standing(t.Service, "") {
		used[o.Subnet]++
	}
	t.Subnet = slices.MinFunc(vpc.Subnets, func(a, b string) int { return used[a] - used[b] })
	eni := s.attachNetworkInterface(t.Subnet, vpc.SecurityGroups, "interface", s.world.arn("ecs", "attachment/"+t.attachment()), "amazon-ecs", vpc.AssignPublicIp == types.AssignPublicIpEnabled)
	t.Interface, t.IP = eni.ID, eni.PrivateIP
	s.world.Tasks[t.ARN], s.services = t, nil
	return t
}

// advance moves one task on to where it is at a time.
func (s *Sim) advance(t *Task, at time.Time) {
	if s.world.InterruptSpot && t.Provider == "FARGATE_SPOT" && t.Wanted == "RUNNING" && t.StopAt.IsZero() {
		t.StopAt = at.Add(spotNotice)
	}
	switch {
	case t.Status == "STOPPED":
		if !at.Before(t.StoppedAt.Add(stoppedListed)) {
			delete(s.world.Tasks, t.ARN)
			s.services = nil
		}
	case t.Wanted == "STOPPED":
		if !at.Before(t.StoppingAt.Add(s.stopTakes(t))) {
			s.stopped(t, t.StoppingAt.Add(s.stopTakes(t)))
		}
	case !t.StopAt.IsZero() && !at.Before(t.StopAt):
		s.stop(t, types.TaskStopCodeSpotInterruption, "Your Spot Task was interrupted.", at)
	case t.Status == "PROVISIONING" && !at.Before(t.Created.Add(taskProvisioning)):
		t.Status = "PENDING"
	case t.Status == "PENDING" && !at.Before(t.Created.Add(taskPulling)) && t.Started.IsZero():
		if reason := s.prepare(t); reason != "" {
			s.failTask(t, types.TaskStopCodeTaskFailedToStart, reason, at)
		} else if !at.Before(t.Created.Add(taskRunning)) {
			s.begin(t, at)
		}
	case t.Status == "RUNNING":
		s.follow(t, at)
	}
}

func (s *Sim) stopTakes(t *Task) time.Duration {
	if t.Started.IsZero() {
		return 0
	}
	return taskStopping
}

// run is the moment at which the containers start.
func (s *Sim) run(t *Task, at time.Time) {
	t.Status, t.Started, t.Checked = "RUNNING", at, s.checksItself(t)
	for _, lb := range t.Config.LoadBalancers {
		arn, port := aws.ToString(lb.TargetGroupArn), int(aws.ToInt32(lb.ContainerPort))
		s.registerTarget(arn, t.IP, port)
		s.answerTarget(arn, t.IP, port, t.Behaviour == "")
		if x := s.world.Services[t.Service]; x != nil {
			s.tell(x, at, "registered 1 targets in (target-group %s)", arn)
		}
	}
	if t.Service == "" && t.Behaviour == "" {
		s.perform(t, at)
		return
	}
	s.speak(t, at, "starting")
	if t.Behaviour == "" {
		s.speak(t, at.Add(time.Second), "listening")
		s.speak(t, at.Add(2*time.Second), "GET /health 200")
	}
}

// follow is what becomes of a running task.
func (s *Sim) follow(t *Task, at time.Time) {
	x := s.world.Services[t.Service]
	switch {
	case t.Behaviour == "crash" && !at.Before(t.Started.Add(crashAfter)):
		t.ExitCode = aws.Int32(1)
		s.speak(t, at, "ERROR simulated crash: exit 1")
		s.failTask(t, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", at)
		return
	case t.Behaviour == "oom" && !at.Before(t.Started.Add(crashAfter)):
		t.ExitCode, t.ContainerReason = aws.Int32(137), "OutOfMemoryError: Container killed due to memory usage"
		s.failTask(t, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", at)
		return
	}
	if s.fallen(t, at) != "" {
		s.failTask(t, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", at)
		return
	}
	if t.Service == "" {
		s.perform(t, at)
		return
	}
	if t.Checked && !at.Before(t.Started.Add(healthyAfter)) {
		t.Health = types.HealthStatusHealthy
		if t.Behaviour == "unhealthy" {
			t.Health = types.HealthStatusUnhealthy
		}
	}
	if x == nil {
		return
	}
	if s.healthy(t, at) {
		t.WasHealthy = true
		return
	}
	grace := time.Duration(aws.ToInt32(x.Grace)) * time.Second
	if at.Before(t.Started.Add(grace)) {
		return
	}
	for _, lb := range t.Config.LoadBalancers {
		arn := aws.ToString(lb.TargetGroupArn)
		if s.targetState(arn, t.IP, int(aws.ToInt32(lb.ContainerPort))) == "unhealthy" {
			s.tell(x, at, "(port %d) is unhealthy in (target-group %s) due to (reason Request timed out).", aws.ToInt32(lb.ContainerPort), arn)
			s.failTask(t, types.TaskStopCodeServiceSchedulerInitiated, "Task failed ELB health checks in (target-group "+arn+")", at)
			return
		}
	}
	if len(t.Config.LoadBalancers) == 0 && t.Health == types.HealthStatusUnhealthy {
		s.failTask(t, types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks", at)
	}
}

// checksItself tells whether an essential container of a task has a health check: the
// health of a task without any stays UNKNOWN.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func (s *Sim) checksItself(t *Task) bool {
	d := s.world.TaskDefinitions[t.Definition]
	return d != nil && slices.ContainsFunc(d.Definition.ContainerDefinitions, func(c types.ContainerDefinition) bool {
		return c.HealthCheck != nil && (c.Essential == nil || *c.Essential)
	})
}

// healthy tells whether a task counts for a deployment: its targets are healthy; without
// targets its containers are, or it has been running for a while where nothing checks it.
func (s *Sim) healthy(t *Task, at time.Time) bool {
	if t.Status != "RUNNING" || t.Wanted == "STOPPED" {
		return false
	}
	for _, lb := range t.Config.LoadBalancers {
		if st := s.targetState(aws.ToString(lb.TargetGroupArn), t.IP, int(aws.ToInt32(lb.ContainerPort))); st != "healthy" && st != "unused" {
			return false
		}
	}
	if len(t.Config.LoadBalancers) > 0 {
		return true
	}
	if !t.Checked {
		return !at.Before(t.Started.Add(healthyAfter))
	}
	return t.Health == types.HealthStatusHealthy
}

// failTask stops a task for a fault of its own, which its deployment counts
// unless it had been healthy.
func (s *Sim) failTask(t *Task, code types.TaskStopCode, reason string, at time.Time) {
	s.stop(t, code, reason, at)
	x := s.world.Services[t.Service]
	if x == nil {
		return
	}
	if code == types.TaskStopCodeTaskFailedToStart {
		// Each failed start is such an event, whatever it failed of.
		s.tell(x, at, "was unable to place a task. Reason: %s.", strings.TrimSuffix(reason, "."))
	}
	for _, d := range slices.Clone(x.Deployments) {
		if d.ID == t.Deployment && !t.WasHealthy {
			s.taskFailed(x, d, at)
		}
	}
}

// stop tells a task to stop: targets drain, SIGTERM, and SIGKILL after a while.
func (s *Sim) stop(t *Task, code types.TaskStopCode, reason string, at time.Time) {
	if t.Wanted == "STOPPED" {
		return
	}
	t.Wanted, t.StoppingAt, t.StopCode, t.Reason = "STOPPED", at, code, reason
	for _, lb := range t.Config.LoadBalancers {
		s.deregisterTarget(aws.ToString(lb.TargetGroupArn), t.IP, int(aws.ToInt32(lb.ContainerPort)))
	}
	t.Status = "DEACTIVATING"
	if t.ExitCode != nil || t.Started.IsZero() {
		s.stopped(t, at)
	}
}

func (s *Sim) stopped(t *Task, at time.Time) {
	t.Status, t.StoppedAt = "STOPPED", at
	if t.ExitCode == nil && !t.Started.IsZero() {
		t.ExitCode = aws.Int32(0) // a server ends by itself on SIGTERM
		if t.Service == "" {
			t.ExitCode = aws.Int32(128 + 15) // and a command dies of it
		}
	}
	s.releaseNetworkInterface(t.Interface, at.Add(interfaceLingers))
}

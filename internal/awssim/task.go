package awssim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// How long the phases of a Fargate task take. AWS publishes none of it: 25 to
// 60 s to RUNNING is what is seen, and one recorded event has the interface gone
// 12 s after the task stopped.
const (
	taskProvisioning = 12 * time.Second
	taskPulling      = 25 * time.Second
	taskPulled       = 42 * time.Second
	taskRunning      = 45 * time.Second
	taskStopping     = 30 * time.Second
	interfaceLingers = 12 * time.Second
	crashAfter       = 3 * time.Second
	healthyAfter     = 15 * time.Second
	spotNotice       = 2 * time.Minute
	stoppedListed    = time.Hour
)

// behaviourEnv in a container's environment makes its task behave like a tag of
// the registry does: crash, oom, unhealthy.
const behaviourEnv = "AWSSIM_BEHAVIOUR"

// Task is a simulated Fargate task.
type Task struct {
	ARN        string
	ID         string
	Service    string
	Deployment string
	Cluster    string
	Definition string
	Provider   string
	Exec       bool
	Status     string // PROVISIONING, PENDING, RUNNING, DEACTIVATING, STOPPED
	Wanted     string // RUNNING, STOPPED
	Behaviour  string
	Health     types.HealthStatus
	Interface  string
	Subnet     string
	IP         string
	Config     ServiceConfig
	Created    time.Time
	Started    time.Time
	StoppingAt time.Time
	StoppedAt  time.Time
	// StopAt is when a Spot interruption takes effect.
	StopAt   time.Time
	StopCode types.TaskStopCode
	Reason   string
	ExitCode *int32
	// ContainerReason is what the container itself says.
	ContainerReason string
	WasHealthy      bool
}

// fated tells whether a running task will not go on running by itself.
func (t *Task) fated() bool {
	return t.Status == "RUNNING" && (t.Behaviour != "" || t.Health != types.HealthStatusHealthy || !t.StopAt.IsZero())
}

func (s *Sim) taskNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.ListTasks", s.listTasks, "Cluster", "ServiceName", "Family", "DesiredStatus").pages("TaskArns", 100, 100),
			on("ECS.DescribeTasks", s.describeTasks, "Cluster", "Tasks", "Include"),
			on("ECS.StopTask", s.stopTask, "Cluster", "Task", "Reason"),
			on("ECS.ExecuteCommand", s.executeCommand, "Cluster", "Task", "Container", "Command", "Interactive"),
		},
		each: func(tell func(thing)) {
			for _, t := range s.world.Tasks {
				tell(thing{kind: "task", name: t.Service, gone: t.Status == "STOPPED", bills: s.taskBills(t)})
			}
		},
	}
}

// start puts a task into the subnet with the fewest of the service's.
func (s *Sim) start(x *Service, d *Deployment, provider string, at time.Time) *Task {
	id := s.taskID()
	t := &Task{
		ARN: s.world.arn("ecs", "task/"+x.Cluster+"/"+id), ID: id, Service: x.ARN, Deployment: d.ID, Cluster: x.Cluster, Definition: d.Config.TaskDefinition,
		Provider: provider, Exec: d.Config.Exec, Status: "PROVISIONING", Wanted: "RUNNING", Health: types.HealthStatusUnknown, Config: d.Config, Created: at,
	}
	vpc := d.Config.Network.AwsvpcConfiguration
	used := map[string]int{}
	for _, o := range s.standing(x.ARN, "") {
		used[o.Subnet]++
	}
	t.Subnet = slices.MinFunc(vpc.Subnets, func(a, b string) int { return used[a] - used[b] })
	eni := s.attachNetworkInterface(t.Subnet, vpc.SecurityGroups, "interface", t.ARN, "amazon-ecs", vpc.AssignPublicIp == types.AssignPublicIpEnabled)
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
			s.run(t, at)
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
	t.Status, t.Started = "RUNNING", at
	for _, lb := range t.Config.LoadBalancers {
		arn, port := aws.ToString(lb.TargetGroupArn), int(aws.ToInt32(lb.ContainerPort))
		s.registerTarget(arn, t.IP, port)
		s.answerTarget(arn, t.IP, port, t.Behaviour == "")
		if x := s.world.Services[t.Service]; x != nil {
			s.tell(x, at, "registered 1 targets in (target-group %s)", arn)
		}
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
	if !at.Before(t.Started.Add(healthyAfter)) {
		t.Health = types.HealthStatusHealthy
		if t.Behaviour == "unhealthy" {
			t.Health = types.HealthStatusUnhealthy
		}
	}
	if x == nil {
		return
	}
	if s.healthy(x, t) {
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

// healthy tells whether a task counts for a deployment.
func (s *Sim) healthy(_ *Service, t *Task) bool {
	if t.Status != "RUNNING" || t.Wanted == "STOPPED" {
		return false
	}
	for _, lb := range t.Config.LoadBalancers {
		if st := s.targetState(aws.ToString(lb.TargetGroupArn), t.IP, int(aws.ToInt32(lb.ContainerPort))); st != "healthy" && st != "unused" {
			return false
		}
	}
	return len(t.Config.LoadBalancers) > 0 || t.Health == types.HealthStatusHealthy
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
		t.ExitCode = aws.Int32(0)
	}
	s.releaseNetworkInterface(t.Interface, at.Add(interfaceLingers))
}

// speak writes a line of the task's first container to its log.
func (s *Sim) speak(t *Task, at time.Time, message string) {
	d := s.world.TaskDefinitions[t.Definition]
	if d == nil {
		return
	}
	c := d.Definition.ContainerDefinitions[0]
	if l := c.LogConfiguration; l != nil && l.Options["awslogs-group"] != "" {
		s.emitLog(l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]+"/"+aws.ToString(c.Name)+"/"+t.ID, message, at)
	}
}

func (s *Sim) listTasks(in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	service := ""
	if in.ServiceName != nil {
		x, err := s.service(in.Cluster, in.ServiceName)
		if err != nil {
			return nil, err
		}
		service = x.ARN
	}
	want := in.DesiredStatus
	if want == "" {
		want = types.DesiredStatusRunning
	}
	var all []string
	for _, t := range sorted(s.world.Tasks) {
		family := t.Definition[strings.LastIndexByte(t.Definition, '/')+1:]
		family, _, _ = strings.Cut(family, ":")
		if t.Cluster == c.Name && t.Wanted == string(want) && (service == "" || t.Service == service) && (in.Family == nil || *in.Family == family) {
			all = append(all, t.ARN)
		}
	}
	return &ecs.ListTasksOutput{TaskArns: all}, nil
}

// task finds by id or ARN.
func (s *Sim) task(cluster, ref *string) (*Task, error) {
	c, err := s.cluster(aws.ToString(cluster))
	if err != nil {
		return nil, err
	}
	id := aws.ToString(ref)[strings.LastIndexByte(aws.ToString(ref), '/')+1:]
	if t := s.world.Tasks[s.world.arn("ecs", "task/"+c.Name+"/"+id)]; t != nil {
		return t, nil
	}
	return nil, invalid("The referenced task was not found.")
}

func (s *Sim) describeTasks(in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	if n := len(in.Tasks); n == 0 || n > 100 {
		return nil, invalid("Tasks cannot be empty and has 100 items at most.")
	}
	out := &ecs.DescribeTasksOutput{}
	for _, ref := range in.Tasks {
		t, err := s.task(in.Cluster, &ref)
		if err != nil {
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(ref), Reason: aws.String("MISSING")})
			continue
		}
		out.Tasks = append(out.Tasks, s.describeTask(t, slices.Contains(in.Include, types.TaskFieldTags)))
	}
	return out, nil
}

func (s *Sim) describeTask(t *Task, tags bool) types.Task {
	d := types.Task{
		TaskArn: &t.ARN, ClusterArn: aws.String(s.world.arn("ecs", "cluster/"+t.Cluster)), TaskDefinitionArn: &t.Definition, LastStatus: &t.Status, DesiredStatus: &t.Wanted,
		CapacityProviderName: &t.Provider, LaunchType: types.LaunchTypeFargate, PlatformVersion: aws.String("1.4.0"), StartedBy: &t.Deployment, CreatedAt: &t.Created,
		EnableExecuteCommand: t.Exec, HealthStatus: t.Health, Group: aws.String("service:" + t.Service[strings.LastIndexByte(t.Service, '/')+1:]), Version: 1,
		Attachments: []types.Attachment{{Type: aws.String("ElasticNetworkInterface"), Status: aws.String("ATTACHED"), Details: []types.KeyValuePair{
			{Name: aws.String("subnetId"), Value: &t.Subnet}, {Name: aws.String("networkInterfaceId"), Value: &t.Interface}, {Name: aws.String("privateIPv4Address"), Value: &t.IP},
		}}},
	}
	if n := s.world.Subnets[t.Subnet]; n != nil {
		d.AvailabilityZone = &n.AZ
	}
	if at := t.Created.Add(taskPulling); t.StopCode == "" && !s.now().Before(at) {
		d.PullStartedAt = &at
	}
	if at := t.Created.Add(taskPulled); t.StopCode == "" && !s.now().Before(at) {
		d.PullStoppedAt = &at
	}
	if !t.Started.IsZero() {
		d.StartedAt, d.Connectivity = &t.Started, types.ConnectivityConnected
	}
	if t.Wanted == "STOPPED" {
		d.StoppingAt, d.StopCode, d.StoppedReason = &t.StoppingAt, t.StopCode, &t.Reason
	}
	if t.Status == "STOPPED" {
		d.StoppedAt = &t.StoppedAt
	}
	if def := s.world.TaskDefinitions[t.Definition]; def != nil {
		d.Cpu, d.Memory = def.Definition.Cpu, def.Definition.Memory
		d.Containers = s.injected(t)
		for i, c := range def.Definition.ContainerDefinitions {
			d.Containers = append(d.Containers, s.describeContainer(t, i, c))
		}
	}
	if x := s.world.Services[t.Service]; tags && x != nil && x.PropagateTags == types.PropagateTagsService {
		d.Tags = toECSTags(x.Tags)
	}
	return d
}

// injected are the containers that AWS puts into a task and that no task definition
// names: Service Connect's proxy, and GuardDuty's agent where the account has
// runtime monitoring. AWS promises no order; here they come first.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
// https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html
func (s *Sim) injected(t *Task) []types.Container {
	names := []string{"aws-guardduty-agent-" + t.ID[:6]}
	if !s.world.RuntimeMonitoring {
		names = nil
	}
	if sc := t.Config.Connect; sc != nil && sc.Enabled {
		names = append(names, "ecs-service-connect-"+t.ID[:5])
	}
	var out []types.Container
	for i, name := range names {
		c := types.Container{
			Name: &name, LastStatus: &t.Status, TaskArn: &t.ARN, HealthStatus: types.HealthStatusHealthy, ContainerArn: aws.String(t.ARN + "/" + name),
			RuntimeId: aws.String(fmt.Sprintf("%s-9%09d", t.ID, i)), NetworkInterfaces: []types.NetworkInterface{{PrivateIpv4Address: &t.IP}},
			ImageDigest: aws.String("sha256:" + strings.Repeat("5c", 32)),
		}
		if t.Status == "STOPPED" && !t.Started.IsZero() {
			c.ExitCode = aws.Int32(0)
		}
		out = append(out, c)
	}
	return out
}

func (s *Sim) describeContainer(t *Task, i int, c types.ContainerDefinition) types.Container {
	status := t.Status
	if status == "PROVISIONING" {
		status = "PENDING"
	}
	_, digest, _ := strings.Cut(aws.ToString(c.Image), "@")
	out := types.Container{
		Name: c.Name, Image: c.Image, LastStatus: &status, TaskArn: &t.ARN, HealthStatus: t.Health, ContainerArn: aws.String(t.ARN + "/" + fmt.Sprint(i)),
		RuntimeId: aws.String(fmt.Sprintf("%s-%010d", t.ID, i)), NetworkInterfaces: []types.NetworkInterface{{PrivateIpv4Address: &t.IP}},
	}
	if digest != "" && !t.Started.IsZero() {
		out.ImageDigest = &digest
	}
	if t.Status == "STOPPED" && i == 0 {
		out.ExitCode = t.ExitCode
		if t.ContainerReason != "" {
			out.Reason = &t.ContainerReason
		} else if t.StopCode == types.TaskStopCodeTaskFailedToStart {
			out.Reason = &t.Reason
		}
	}
	if t.Exec && t.Status == "RUNNING" {
		out.ManagedAgents = []types.ManagedAgent{{Name: types.ManagedAgentNameExecuteCommandAgent, LastStatus: aws.String("RUNNING")}}
	}
	return out
}

func (s *Sim) stopTask(in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	t, err := s.task(in.Cluster, in.Task)
	if err != nil {
		return nil, err
	}
	s.stop(t, types.TaskStopCodeUserInitiated, aws.ToString(in.Reason), s.now())
	s.schedule(s.now())
	d := s.describeTask(t, false)
	return &ecs.StopTaskOutput{Task: &d}, nil
}

func (s *Sim) executeCommand(in *ecs.ExecuteCommandInput) (*ecs.ExecuteCommandOutput, error) {
	t, err := s.task(in.Cluster, in.Task)
	if err != nil {
		return nil, err
	}
	if !in.Interactive {
		return nil, invalid("Interactive is the only mode supported currently.")
	}
	if t.Status != "RUNNING" {
		return nil, invalid("The execute command failed because the task is not running. Wait and try again.")
	}
	d := s.world.TaskDefinitions[t.Definition]
	if d != nil && in.Container != nil && !slices.ContainsFunc(d.Definition.ContainerDefinitions, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == *in.Container }) {
		return nil, invalid("The container %s does not exist in the task.", *in.Container)
	}
	if !t.Exec {
		return nil, invalid("The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.")
	}
	return &ecs.ExecuteCommandOutput{
		ClusterArn: aws.String(s.world.arn("ecs", "cluster/"+t.Cluster)), TaskArn: &t.ARN, ContainerName: in.Container, Interactive: true,
		Session: &types.Session{SessionId: aws.String("ecs-execute-command-" + t.ID), StreamUrl: aws.String("wss://ssmmessages.simulated/v1/data-channel/" + t.ID), TokenValue: aws.String("simulated")},
	}, nil
}

package awssim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
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
	// Checked: an essential container has a health check.
	Checked bool
	// What RunTask was told of a task that belongs to no service.
	StartedBy string
	// Told: EventBridge knows that it has stopped.
	Told      bool `json:",omitempty"`
	Token     string
	Tags      cloud.Tags
	Overrides *types.TaskOverride
	// Said is how many lines of its program such a task has written, and SidecarSaid how
	// many another container has.
	Said        int
	SidecarSaid map[string]int
	// Behaviours are those of the other containers, by name.
	Behaviours map[string]string
}

func (s *Sim) taskNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.RunTask", s.runTask, "Cluster", "TaskDefinition", "Count", "LaunchType", "CapacityProviderStrategy", "NetworkConfiguration", "Overrides", "StartedBy",
				"ClientToken", "EnableExecuteCommand", "EnableECSManagedTags", "PlatformVersion", "PropagateTags", "Tags"),
			on("ECS.ListTasks", s.listTasks, "Cluster", "ServiceName", "Family", "DesiredStatus", "StartedBy").pages("TaskArns", 100, 100),
			on("ECS.DescribeTasks", s.describeTasks, "Cluster", "Tasks", "Include"),
			on("ECS.StopTask", s.stopTask, "Cluster", "Task", "Reason"),
			on("SSM.StartSession", s.startSession, "Target", "DocumentName", "Parameters", "Reason"),
			on("ECS.ExecuteCommand", s.executeCommand, "Cluster", "Task", "Container", "Command", "Interactive"),
		},
		each: func(tell func(thing)) {
			for _, t := range s.world.Tasks {
				tell(thing{kind: "task", name: t.Service, gone: t.Status == "STOPPED", bills: s.taskBills(t)})
			}
		},
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
	if in.StartedBy != nil && (in.ServiceName != nil || in.Family != nil) {
		return nil, invalid("When you specify startedBy as the filter, it must be the only filter that you use.")
	}
	want := in.DesiredStatus
	if want == "" {
		want = types.DesiredStatusRunning
	}
	var all []string
	for _, t := range sorted(s.world.Tasks) {
		if t.Cluster == c.Name && t.Wanted == string(want) && (service == "" || t.Service == service) && (in.Family == nil || *in.Family == familyOf(t)) &&
			(in.StartedBy == nil || *in.StartedBy == cmp.Or(t.StartedBy, t.Deployment)) {
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
	if !t.Exec || readOnlyRoot(d, aws.ToString(in.Container)) {
		return nil, invalid("The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.")
	}
	return &ecs.ExecuteCommandOutput{
		ClusterArn: aws.String(s.world.arn("ecs", "cluster/"+t.Cluster)), TaskArn: &t.ARN, ContainerName: in.Container, Interactive: true,
		Session: &types.Session{SessionId: aws.String("ecs-execute-command-" + t.ID), StreamUrl: aws.String("wss://ssmmessages.simulated/v1/data-channel/" + t.ID), TokenValue: aws.String("simulated")},
	}, nil
}

// readOnlyRoot tells whether a container cannot write to its file system: the agent of ECS
// Exec, which has to, does not run in it then.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
func readOnlyRoot(d *TaskDefinition, container string) bool {
	return d != nil && slices.ContainsFunc(d.Definition.ContainerDefinitions, func(c types.ContainerDefinition) bool {
		return aws.ToBool(c.ReadonlyRootFilesystem) && (container == "" || aws.ToString(c.Name) == container)
	})
}

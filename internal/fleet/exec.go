package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// ExecAPI is what a session needs of *ecs.Client; a test tells its container the command by it.
type ExecAPI interface {
	tasks.ServicesAPI
	tasks.API
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	ExecuteCommand(context.Context, *ecs.ExecuteCommandInput, ...func(*ecs.Options)) (*ecs.ExecuteCommandOutput, error)
}

// Plugin connects the terminal with a session: AWS's session-manager-plugin.
type Plugin interface {
	// Present is nil, or an error that says how to install it.
	Present() error
	// Run ends with the session and gives the command's exit code.
	Run(s types.Session, target string) (int, error)
}

// Exec opens a session in a running task.
type Exec struct {
	ECS     ExecAPI
	Roles   *iam.Client
	Plugin  Plugin
	Cluster string
	Agent   string
	// Service is the name of the agent's service; "" is the agent's own.
	Service string
	// Task is how the task's id begins; "" takes the youngest that can.
	Task string
	// Container is one of the task's; "" is the agent's own.
	Container string
}

// Missing is the one prerequisite that is not there, and what to do.
type Missing struct{ What, Do string }

func (e *Missing) Error() string { return e.What }

// Try is what to do about it.
func (e *Missing) Try() string { return e.Do }

// shell is bash where there is one; slim images have none.
const shell = `/bin/sh -c 'if [ -x /bin/bash ]; then exec /bin/bash; fi; exec /bin/sh'`

// Run runs a command, or a shell when there is none, and gives its exit code.
func (e *Exec) Run(ctx context.Context, command string) (int, error) {
	if err := e.Plugin.Present(); err != nil {
		return 0, err
	}
	t, err := e.pick(ctx)
	if err != nil {
		return 0, err
	}
	if command == "" {
		command = shell
	}
	c, _ := tasks.Container(t, e.container())
	out, err := e.ECS.ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster: &e.Cluster, Task: t.TaskArn, Container: c.Name, Command: &command, Interactive: true,
	})
	if cloud.Is(err, "TargetNotConnectedException") {
		return 0, e.unconnected(ctx, t)
	}
	if err != nil {
		return 0, fmt.Errorf("open a session in task %s: %w", tasks.Short(aws.ToString(t.TaskArn)), err)
	}
	return e.Plugin.Run(*out.Session, e.target(t, c))
}

// container is the name of the container that the session is in.
func (e *Exec) container() string { return cmp.Or(e.Container, e.Agent) }

// target names a container to Session Manager:
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html
func (e *Exec) target(t types.Task, c types.Container) string {
	return fmt.Sprintf("ecs:%s_%s_%s", e.Cluster, tasks.ID(aws.ToString(t.TaskArn)), aws.ToString(c.RuntimeId))
}

// pick chooses the youngest running task that takes sessions.
func (e *Exec) pick(ctx context.Context) (types.Task, error) {
	services, err := tasks.Services(ctx, e.ECS, e.Cluster, []string{cmp.Or(e.Service, e.Agent)})
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return types.Task{}, fmt.Errorf("read the service of %s: %w", e.Agent, err)
	}
	if len(services) == 0 {
		return types.Task{}, &Missing{e.Agent + " has no service", "karmactl up"}
	}
	running, err := tasks.Of(ctx, e.ECS, e.Cluster, cmp.Or(e.Service, e.Agent), types.DesiredStatusRunning)
	if err != nil {
		return types.Task{}, fmt.Errorf("read the tasks of %s: %w", e.Agent, err)
	}
	running = slices.DeleteFunc(running, func(t types.Task) bool {
		c, has := tasks.Container(t, e.container())
		return aws.ToString(t.LastStatus) != "RUNNING" || !has || aws.ToString(c.LastStatus) == "STOPPED" || !strings.HasPrefix(tasks.ID(aws.ToString(t.TaskArn)), e.Task)
	})
	slices.SortFunc(running, func(a, b types.Task) int { return aws.ToTime(b.StartedAt).Compare(aws.ToTime(a.StartedAt)) })
	switch {
	case len(running) == 0 && e.Task != "":
		return types.Task{}, &Missing{fmt.Sprintf("%s has no running task %s", e.Agent, e.Task), "karmactl status"}
	case len(running) == 0 && services[0].DesiredCount == 0:
		return types.Task{}, &Missing{e.Agent + " has no running task: it is scaled to 0", "karmactl scale " + e.Agent + "=1"}
	case len(running) == 0 && e.Container != "":
		return types.Task{}, &Missing{fmt.Sprintf("%s has no task in which the container %s runs", e.Agent, e.Container), "karmactl logs " + e.Agent + " --container " + e.Container + " --since 1h"}
	case len(running) == 0:
		return types.Task{}, &Missing{e.Agent + " has no running task", "karmactl logs " + e.Agent + " --since 1h"}
	}
	for _, t := range running {
		if t.EnableExecuteCommand {
			return t, nil
		}
	}
	if services[0].EnableExecuteCommand {
		return types.Task{}, &Missing{
			fmt.Sprintf("task %s of %s is older than the setting exec: true, which only new tasks get", tasks.Short(aws.ToString(running[0].TaskArn)), e.Agent),
			"karmactl deploy " + e.Agent + " --restart",
		}
	}
	return types.Task{}, &Missing{"sessions are off for " + e.Agent, "set exec: true for it in agents.yaml, then karmactl up and karmactl deploy " + e.Agent + " --restart"}
}

// unconnected finds out why the agent in a task does not answer: its role may
// not, or it has no path. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
func (e *Exec) unconnected(ctx context.Context, t types.Task) error {
	allowed, err := e.allowed(ctx, t)
	switch {
	case err != nil:
		return &Missing{
			"the ECS Exec agent in the task is not connected: the task role may lack ssmmessages, or there is no path to it; which one cannot be told: " + err.Error(),
			"karmactl status --drift",
		}
	case !allowed:
		return &Missing{"the task role of " + e.Agent + " lacks the permission ssmmessages:CreateControlChannel, OpenControlChannel, CreateDataChannel, OpenDataChannel", "karmactl up --only " + e.Agent}
	}
	return &Missing{
		"the task has no path to ssmmessages, or started less than a minute ago",
		"try again in a minute; else check that the subnets reach the internet (network.nat), or add ssmmessages to network.endpoints, and karmactl up",
	}
}

// allowed tells whether the task's role has ssmmessages in one of its own policies.
func (e *Exec) allowed(ctx context.Context, t types.Task) (bool, error) {
	d, err := e.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: t.TaskDefinitionArn})
	if err != nil {
		return false, err
	}
	arn := aws.ToString(d.TaskDefinition.TaskRoleArn)
	if arn == "" {
		return false, nil
	}
	role := aws.String(arn[strings.LastIndexByte(arn, '/')+1:])
	policies, err := cloud.Pages(ctx, iam.NewListRolePoliciesPaginator(e.Roles, &iam.ListRolePoliciesInput{RoleName: role}),
		func(out *iam.ListRolePoliciesOutput) []string { return out.PolicyNames })
	if err != nil {
		return false, err
	}
	for _, name := range policies {
		p, err := e.Roles.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: &name})
		if err != nil {
			return false, err
		}
		if strings.Contains(aws.ToString(p.PolicyDocument), "ssmmessages") {
			return true, nil
		}
	}
	return false, nil
}

// errNoExitCode is a session that ended before its command did.
var errNoExitCode = errors.New("the session ended before the command did: its exit code is not known")

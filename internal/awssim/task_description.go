package awssim

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// describeDefinition adds what a task has of its definition.
func (s *Sim) describeDefinition(d *types.Task, t *Task) {
	def := s.world.TaskDefinitions[t.Definition]
	if def == nil {
		return
	}
	d.Cpu, d.Memory = def.Definition.Cpu, def.Definition.Memory
	if o := t.Overrides; o != nil && o.Cpu != nil {
		d.Cpu, d.Memory = o.Cpu, o.Memory
	}
	d.EphemeralStorage = def.Definition.EphemeralStorage
	d.Attributes = []types.Attribute{{Name: aws.String("ecs.cpu-architecture"), Value: aws.String(processor(def))}}
	d.Containers = s.injected(t)
	for i, c := range s.containersOf(t) {
		d.Containers = append(d.Containers, s.describeContainer(t, i, c))
	}
}

func (s *Sim) describeTask(t *Task, tags bool) types.Task {
	d := types.Task{
		TaskArn: &t.ARN, ClusterArn: aws.String(s.world.arn("ecs", "cluster/"+t.Cluster)), TaskDefinitionArn: &t.Definition, LastStatus: &t.Status, DesiredStatus: &t.Wanted,
		CapacityProviderName: &t.Provider, LaunchType: types.LaunchTypeFargate, PlatformVersion: aws.String("1.4.0"), StartedBy: aws.String(cmp.Or(t.StartedBy, t.Deployment)), CreatedAt: &t.Created,
		EnableExecuteCommand: t.Exec, HealthStatus: t.Health, Group: aws.String(taskGroup(t)), Version: 1, Overrides: t.Overrides,
		Attachments: []types.Attachment{{Id: aws.String(t.attachment()), Type: aws.String("ElasticNetworkInterface"), Status: aws.String("ATTACHED"), Details: []types.KeyValuePair{
			{Name: aws.String("subnetId"), Value: &t.Subnet}, {Name: aws.String("networkInterfaceId"), Value: &t.Interface}, {Name: aws.String("privateIPv4Address"), Value: &t.IP},
		}}},
	}
	if d.Overrides == nil {
		d.Overrides = new(types.TaskOverride)
		for _, c := range s.containersOf(t) {
			d.Overrides.ContainerOverrides = append(d.Overrides.ContainerOverrides, types.ContainerOverride{Name: c.Name})
		}
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
	s.describeDefinition(&d, t)
	if x := s.world.Services[t.Service]; tags && x != nil && x.PropagateTags == types.PropagateTagsService {
		d.Tags = toECSTags(x.Tags)
	} else if tags && t.Service == "" {
		d.Tags = toECSTags(t.Tags)
	}
	return d
}

// attachment is the id of the task's network interface in ECS.
func (t *Task) attachment() string { return uuid(t.ID, "attachment") }

// containerARN is the ARN of a container in a task.
func (s *Sim) containerARN(t *Task, name string) string {
	return s.world.arn("ecs", "container/"+t.Cluster+"/"+t.ID+"/"+uuid(t.ID, name))
}

// containersOf are the containers that a task's definition names.
func (s *Sim) containersOf(t *Task) []types.ContainerDefinition {
	if def := s.world.TaskDefinitions[t.Definition]; def != nil {
		return def.Definition.ContainerDefinitions
	}
	return nil
}

// processor is the value of the attribute that Fargate gives a task:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
func processor(d *TaskDefinition) string {
	if p := d.Definition.RuntimePlatform; p != nil && p.CpuArchitecture == types.CPUArchitectureArm64 {
		return "arm64"
	}
	return "x86_64"
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
			Name: &name, LastStatus: &t.Status, TaskArn: &t.ARN, HealthStatus: types.HealthStatusHealthy, ContainerArn: aws.String(s.containerARN(t, name)),
			RuntimeId: aws.String(fmt.Sprintf("%s-9%09d", t.ID, i)), NetworkInterfaces: s.describeAttachment(t),
			ImageDigest: aws.String("sha256:" + strings.Repeat("5c", 32)),
		}
		if t.Status == "STOPPED" && !t.Started.IsZero() {
			c.ExitCode = aws.Int32(0)
		}
		out = append(out, c)
	}
	return out
}

// describeSidecar says how far a container beside the first is. It has a status of its own,
// and at the end of the task an exit code if it has run.
func (s *Sim) describeSidecar(t *Task, c *types.Container) {
	x, pulled := s.courses(t)[aws.ToString(c.Name)], t.Created.Add(taskRunning)
	until := s.now()
	if t.Wanted == "STOPPED" {
		until = t.StoppingAt
	}
	switch {
	case t.Status == "PROVISIONING" || until.Before(pulled.Add(x.starts+x.lag)) || x.never:
	case !x.endless && !until.Before(pulled.Add(x.ends)):
		c.LastStatus, c.ExitCode = aws.String("STOPPED"), &x.code
		if t.behaviourOf(aws.ToString(c.Name)) == "oom" {
			c.Reason = aws.String("OutOfMemoryError: Container killed due to memory usage")
		}
	case t.Status == "STOPPED":
		c.ExitCode = aws.Int32(x.stopped)
	case t.Status == "PENDING":
		c.LastStatus = aws.String("RUNNING")
	}
}

// describeAttachment is the task's interface, as its containers have it. Tasks in a subnet that assigns them have an
// address of IPv6 beside the other one, unless the account's setting dualStackIPv6 is off:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
func (s *Sim) describeAttachment(t *Task) []types.NetworkInterface {
	out := types.NetworkInterface{AttachmentId: aws.String(t.attachment()), PrivateIpv4Address: &t.IP}
	if n := s.world.NetworkInterfaces[t.Interface]; n != nil {
		out.Ipv6Address = optional(n.IPv6)
	}
	return []types.NetworkInterface{out}
}

func (s *Sim) describeContainer(t *Task, i int, c types.ContainerDefinition) types.Container {
	status := t.Status
	if status == "PROVISIONING" {
		status = "PENDING"
	}
	_, digest, _ := strings.Cut(aws.ToString(c.Image), "@")
	out := types.Container{
		Name: c.Name, Image: c.Image, LastStatus: &status, TaskArn: &t.ARN, HealthStatus: t.Health, ContainerArn: aws.String(s.containerARN(t, aws.ToString(c.Name))),
		RuntimeId: aws.String(fmt.Sprintf("%s-%010d", t.ID, i)), NetworkInterfaces: s.describeAttachment(t),
	}
	if digest != "" && !t.Started.IsZero() {
		out.ImageDigest = &digest
	}
	if i > 0 {
		s.describeSidecar(t, &out)
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

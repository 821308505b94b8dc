package provision

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// TagImage is the image reference of agents.yaml that a revision was made from.
// While the file still says the same, the revision keeps its digest, from any
// source: a tag that moved does not make a plan dirty.
const TagImage = "karmactl:image"

// LabelTag is the Docker label of an agent's container with what a person called its image: a tag, or a commit.
const LabelTag = "karmactl.tag"

// TaskDefinitionSpec is what we own of a revision.
type TaskDefinitionSpec struct {
	// Reference is the image as agents.yaml names it; Image is by digest if it could be pinned.
	Reference string
	Image     string
	// Tag is what a person called the image, "" without such a word. Of another word alone no revision is made.
	Tag string
	// CPU is in Fargate units, Memory in MiB.
	CPU    int
	Memory int
	Arch   string
	// ExecutionRole and TaskRole are ARNs.
	ExecutionRole string
	TaskRole      string
	// Port is 0 without one.
	Port int
	// PortName is what Service Connect knows the port by.
	PortName    string
	Command     Command
	Environment Variables
	// Secrets are references by variable, never values.
	Secrets     Variables
	HealthCheck HealthCheck
	// Credentials is the secret with username and password of the image's registry, or "".
	Credentials string
	// Entrypoint, WorkDir and User replace the image's own; "" is the image's.
	Entrypoint    Command
	WorkDir, User string
	// ReadOnly mounts the root file system read-only.
	ReadOnly bool
	// Ulimits are limits by name: N, or SOFT:HARD where the two differ.
	Ulimits Variables
	// Storage is the task's own disk in GiB; 0 is Fargate's 20.
	Storage int
	// Volumes are what is mounted, and where.
	Volumes Volumes
	// StopTimeout is in seconds.
	StopTimeout int
	// Log are the options of the log driver awslogs; without any there is no log.
	Log Variables
	// Init runs an init process, which ECS Exec should have.
	Init bool
	// After are the containers that the agent's own starts after, and their conditions.
	After Variables
	// Containers are the others.
	Containers Containers
	Tags       cloud.Tags
}

// readTaskDefinition is a revision in our words.
func readTaskDefinition(agent string, d *types.TaskDefinition, tags cloud.Tags) TaskDefinitionSpec {
	s := TaskDefinitionSpec{
		Reference: tags[TagImage], ExecutionRole: aws.ToString(d.ExecutionRoleArn), TaskRole: aws.ToString(d.TaskRoleArn), Arch: string(types.CPUArchitectureX8664), Tags: tags,
	}
	delete(s.Tags, TagImage)
	s.CPU, _ = strconv.Atoi(aws.ToString(d.Cpu))
	s.Memory, _ = strconv.Atoi(aws.ToString(d.Memory))
	if p := d.RuntimePlatform; p != nil && p.CpuArchitecture != "" {
		s.Arch = string(p.CpuArchitecture)
	}
	if e := d.EphemeralStorage; e != nil {
		s.Storage = int(e.SizeInGiB)
	}
	s.Volumes = readVolumes(d)
	for _, c := range d.ContainerDefinitions {
		if aws.ToString(c.Name) != agent {
			if s.Containers == nil {
				s.Containers = Containers{}
			}
			s.Containers[aws.ToString(c.Name)] = readContainer(c)
			continue
		}
		s.Image, s.Command, s.StopTimeout = aws.ToString(c.Image), c.Command, int(aws.ToInt32(c.StopTimeout))
		s.Tag = c.DockerLabels[LabelTag]
		s.Entrypoint, s.WorkDir, s.User = c.EntryPoint, aws.ToString(c.WorkingDirectory), aws.ToString(c.User)
		if r := c.RepositoryCredentials; r != nil {
			s.Credentials = aws.ToString(r.CredentialsParameter)
		}
		s.ReadOnly, s.Ulimits = aws.ToBool(c.ReadonlyRootFilesystem), ulimitsOf(c)
		s.Init = c.LinuxParameters != nil && aws.ToBool(c.LinuxParameters.InitProcessEnabled)
		for _, p := range c.PortMappings {
			s.Port, s.PortName = int(aws.ToInt32(p.ContainerPort)), aws.ToString(p.Name)
		}
		s.Environment = Variables(cloud.FromSDK(c.Environment, func(e types.KeyValuePair) (string, string) { return aws.ToString(e.Name), aws.ToString(e.Value) }))
		s.Secrets = Variables(cloud.FromSDK(c.Secrets, func(x types.Secret) (string, string) { return aws.ToString(x.Name), aws.ToString(x.ValueFrom) }))
		if c.LogConfiguration != nil {
			s.Log = c.LogConfiguration.Options
		}
		s.HealthCheck, s.After = readHealthCheck(c), readDependsOn(c)
	}
	return s
}

// input registers a revision of a family with the agent's container in it.
func (s TaskDefinitionSpec) input(family, agent string) *ecs.RegisterTaskDefinitionInput {
	tags := maps.Clone(s.Tags)
	if s.Reference != "" {
		tags[TagImage] = s.Reference
	}
	in := &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: aws.String(strconv.Itoa(s.CPU)), Memory: aws.String(strconv.Itoa(s.Memory)), Tags: toECSTags(tags),
		RuntimePlatform:      &types.RuntimePlatform{CpuArchitecture: types.CPUArchitecture(s.Arch), OperatingSystemFamily: types.OSFamilyLinux},
		ContainerDefinitions: []types.ContainerDefinition{container(agent, s)},
	}
	if s.Storage > 0 {
		in.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: int32(s.Storage)}
	}
	in.Volumes = s.Volumes.input()
	if s.ExecutionRole != "" {
		in.ExecutionRoleArn = &s.ExecutionRole
	}
	if s.TaskRole != "" {
		in.TaskRoleArn = &s.TaskRole
	}
	for _, name := range slices.Sorted(maps.Keys(s.Containers)) {
		c := s.Containers[name].definition(name)
		c.MountPoints = s.Volumes.mountPoints(name)
		in.ContainerDefinitions = append(in.ContainerDefinitions, c)
	}
	return in
}

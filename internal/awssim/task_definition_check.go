package awssim

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// fargateMemory are the sizes that Fargate has, in MiB by CPU units:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
func fargateMemory(cpu, memory int) bool {
	step := func(from, to, by int) bool { return memory >= from && memory <= to && (memory-from)%by == 0 }
	switch cpu {
	case 256:
		return memory == 512 || memory == 1024 || memory == 2048
	case 512:
		return step(1024, 4096, 1024)
	case 1024:
		return step(2048, 8192, 1024)
	case 2048:
		return step(4096, 16384, 1024)
	case 4096:
		return step(8192, 30720, 1024)
	case 8192:
		return step(16384, 61440, 4096)
	case 16384:
		return step(32768, 122880, 8192)
	}
	return false
}

func checkTaskDefinition(in *ecs.RegisterTaskDefinitionInput) error {
	bad := func(format string, args ...any) error { return fail("ClientException", format, args...) }
	if !ecsFamily.MatchString(aws.ToString(in.Family)) {
		return bad("Family contains invalid characters.")
	}
	if n := len(in.ContainerDefinitions); n == 0 || n > maxContainers {
		return bad("Too many containers.")
	}
	if b, err := json.Marshal(in); err != nil || len(b) > maxTaskDefinition {
		return bad("Actual length: '%d'. Max allowed length is '65536' bytes.", len(b))
	}
	if slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate) {
		if in.NetworkMode != types.NetworkModeAwsvpc {
			return bad("Fargate only supports network mode ‘awsvpc’.")
		}
		cpu, _ := strconv.Atoi(aws.ToString(in.Cpu))
		memory, _ := strconv.Atoi(aws.ToString(in.Memory))
		if !fargateMemory(cpu, memory) {
			return bad("No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values.", aws.ToString(in.Cpu), aws.ToString(in.Memory))
		}
	}
	if e := in.EphemeralStorage; e != nil && (e.SizeInGiB < 21 || e.SizeInGiB > 200) {
		return bad("EphemeralStorage size must be between 21 and 200 GiB.")
	}
	names, essential := map[string]bool{}, false
	for _, c := range in.ContainerDefinitions {
		if names[aws.ToString(c.Name)] {
			return bad("Container.name should be unique: %s", aws.ToString(c.Name))
		}
		names[aws.ToString(c.Name)] = true
		essential = essential || c.Essential == nil || *c.Essential
		if err := checkContainer(in, c); err != nil {
			return err
		}
	}
	if !essential {
		return bad("Invalid 'essential' setting: at least one container must be essential.")
	}
	if err := checkShares(in); err != nil {
		return err
	}
	if err := checkVolumes(in); err != nil {
		return err
	}
	return checkDependencies(in.ContainerDefinitions)
}

// checkShares: what the containers keep for themselves fits into the task.
func checkShares(in *ecs.RegisterTaskDefinitionInput) error {
	cpu, _ := strconv.Atoi(aws.ToString(in.Cpu))
	memory, _ := strconv.Atoi(aws.ToString(in.Memory))
	shares, reserved := 0, 0
	for _, c := range in.ContainerDefinitions {
		shares += int(c.Cpu)
		reserved += int(aws.ToInt32(cmp.Or(c.MemoryReservation, c.Memory)))
		if n := aws.ToInt32(c.Memory); n != 0 && n < 6 {
			return fail("ClientException", "Invalid setting for container '%s'. 'memory' must be at least 6 MiB.", aws.ToString(c.Name))
		}
		if memory > 0 && int(aws.ToInt32(c.Memory)) > memory {
			return fail("ClientException", "The 'memory' setting for container '%s' is greater than for the task.", aws.ToString(c.Name))
		}
	}
	if cpu > 0 && shares > cpu {
		return fail("ClientException", "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.")
	}
	if memory > 0 && reserved > memory {
		return fail("ClientException", "The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.")
	}
	return nil
}

// checkDependencies: a container waits for others of the task, and no circle of them waits.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func checkDependencies(all []types.ContainerDefinition) error {
	byName := map[string]types.ContainerDefinition{}
	for _, c := range all {
		byName[aws.ToString(c.Name)] = c
	}
	for _, c := range all {
		for _, d := range c.DependsOn {
			on, there := byName[aws.ToString(d.ContainerName)]
			switch {
			case !there:
				return fail("ClientException", "Container '%s' depends on container '%s', which is not in the task definition.", aws.ToString(c.Name), aws.ToString(d.ContainerName))
			case !slices.Contains(d.Condition.Values(), d.Condition):
				return fail("ClientException", "Invalid dependency condition: %s", d.Condition)
			case (d.Condition == types.ContainerConditionSuccess || d.Condition == types.ContainerConditionComplete) && (on.Essential == nil || *on.Essential):
				return fail("ClientException", "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")
			case d.Condition == types.ContainerConditionHealthy && on.HealthCheck == nil:
				return fail("ClientException", "A dependency container with HEALTHY condition must have a health check: %s", aws.ToString(d.ContainerName))
			}
		}
	}
	left := maps.Clone(byName)
	for len(left) > 0 {
		before := len(left)
		for name, c := range left {
			if !slices.ContainsFunc(c.DependsOn, func(d types.ContainerDependency) bool { _, waits := left[aws.ToString(d.ContainerName)]; return waits }) {
				delete(left, name)
			}
		}
		if len(left) == before {
			return fail("ClientException", "The dependencies of the containers form a cycle.")
		}
	}
	return nil
}

func checkPort(container string, p types.PortMapping) error {
	switch {
	case p.ContainerPort == nil || *p.ContainerPort < 1 || *p.ContainerPort > 65535:
		return fail("ClientException", "Invalid 'containerPort' setting for container '%s'", container)
	case p.HostPort != nil && *p.HostPort != *p.ContainerPort:
		return fail("ClientException", "When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
	case p.Name != nil && !portName.MatchString(*p.Name):
		return fail("ClientException", "The port mapping name '%s' contains invalid characters.", *p.Name)
	case p.AppProtocol != "" && p.Name == nil:
		return fail("ClientException", "The appProtocol parameter requires a port mapping name.")
	}
	return nil
}

func checkContainer(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	bad := func(format string, args ...any) error { return fail("ClientException", format, args...) }
	name := aws.ToString(c.Name)
	if !ecsFamily.MatchString(name) {
		return bad("Container.name contains invalid characters.")
	}
	if aws.ToString(c.Image) == "" {
		return bad("Container.image should not be null or empty.")
	}
	if n := c.StopTimeout; n != nil && (*n < 2 || *n > 120) {
		return bad("Container stop timeout %d is not valid. It must be between 2 and 120 seconds.", *n)
	}
	for _, p := range c.PortMappings {
		if err := checkPort(name, p); err != nil {
			return err
		}
	}
	if h := c.HealthCheck; h != nil {
		in := func(n *int32, from, to int32) bool { return n == nil || *n >= from && *n <= to }
		if len(h.Command) < 2 || !in(h.Interval, 5, 300) || !in(h.Timeout, 2, 60) || !in(h.Retries, 1, 10) || !in(h.StartPeriod, 0, 300) {
			return bad("The health check of container '%s' is not valid.", name)
		}
	}
	seen := map[string]bool{}
	for _, e := range c.Environment {
		seen[aws.ToString(e.Name)] = true
	}
	for _, x := range c.Secrets {
		from := aws.ToString(x.ValueFrom)
		if seen[aws.ToString(x.Name)] {
			return bad("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", aws.ToString(x.Name))
		}
		seen[aws.ToString(x.Name)] = true
		if strings.Contains(from, ":secretsmanager:") && !asmARN.MatchString(from) || !strings.Contains(from, ":secretsmanager:") && !ssmARN.MatchString(from) {
			return bad("an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.")
		}
	}
	if in.ExecutionRoleArn == nil && (len(c.Secrets) > 0 || c.RepositoryCredentials != nil || c.LogConfiguration != nil && c.LogConfiguration.LogDriver == types.LogDriverAwslogs) {
		return bad("Fargate requires task definition to have execution role ARN to support log driver awslogs and secrets.")
	}
	if err := checkUlimits(in, c); err != nil {
		return err
	}
	return checkLog(c)
}

// checkUlimits: Fargate sets every limit itself but the number of open files.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html
func checkUlimits(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	for _, u := range c.Ulimits {
		switch {
		case u.Name != types.UlimitNameNofile && slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate):
			return fail("ClientException", "Fargate compatible task definitions do not support the ulimit %s", u.Name)
		case u.SoftLimit > u.HardLimit || u.SoftLimit < 0 || u.HardLimit > maxOpenFiles:
			return fail("ClientException", "Invalid ulimit %s of container %s: soft %d, hard %d", u.Name, aws.ToString(c.Name), u.SoftLimit, u.HardLimit)
		}
	}
	return nil
}

// maxOpenFiles is the kernel's own bound (fs.nr_open): no process may have more.
const maxOpenFiles = 1 << 20

func checkLog(c types.ContainerDefinition) error {
	l := c.LogConfiguration
	if l == nil || l.LogDriver != types.LogDriverAwslogs {
		return nil
	}
	for _, need := range []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} {
		if l.Options[need] == "" {
			return fail("ClientException", "Log driver awslogs requires options: %s", need)
		}
	}
	for k, v := range l.Options {
		switch k {
		case "awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "awslogs-datetime-format", "awslogs-multiline-pattern", "max-buffer-size":
		case "mode":
			if v != "blocking" && v != "non-blocking" {
				return fail("ClientException", "Log driver awslogs: mode %q is not valid", v)
			}
		default:
			return fail("ClientException", "Log driver awslogs disallows options: %s", k)
		}
	}
	return nil
}

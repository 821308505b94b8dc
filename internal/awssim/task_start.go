package awssim

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
	"github.com/karmacadabra/karmactl/internal/awssim/registry"
)

// prepare is what Fargate does before a container starts: secrets, then images,
// each with the rights of the execution role. The text is the reason why it cannot.
func (s *Sim) prepare(t *Task) string {
	d := s.world.TaskDefinitions[t.Definition]
	if d == nil {
		return ""
	}
	if !s.reachesInternet(t) || s.shutOut(t) {
		return "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: dial tcp: i/o timeout"
	}
	if why := s.mountable(t, d.Definition); why != "" {
		return why
	}
	arch := "amd64"
	if p := d.Definition.RuntimePlatform; p != nil && p.CpuArchitecture == types.CPUArchitectureArm64 {
		arch = "arm64"
	}
	role := s.taskPrincipal(aws.ToString(d.Definition.ExecutionRoleArn), t.ID)
	for i, c := range d.Definition.ContainerDefinitions {
		if reason := s.startable(role, c); reason != "" {
			return reason
		}
		behaviour, failure := s.pull(aws.ToString(c.Image), arch)
		if failure != "" {
			return failure
		}
		for _, e := range c.Environment {
			if aws.ToString(e.Name) == behaviourEnv {
				behaviour = registry.BehaviourOf(aws.ToString(e.Value))
			}
		}
		t.behaves(i, aws.ToString(c.Name), strings.TrimSuffix(strings.TrimSuffix(behaviour, "amd64-only"), "arm64-only"))
	}
	return ""
}

// behaves notes how one of a task's containers behaves.
func (t *Task) behaves(i int, container, behaviour string) {
	switch {
	case i == 0:
		t.Behaviour = behaviour
	case behaviour != "":
		if t.Behaviours == nil {
			t.Behaviours = map[string]string{}
		}
		t.Behaviours[container] = behaviour
	}
}

// startable is why the execution role cannot have a container started; "" when it can.
func (s *Sim) startable(role iam.Principal, c types.ContainerDefinition) string {
	const secrets = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	const stream = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: "
	image := aws.ToString(c.Image)
	repository, ours := ecrRepository(image)
	if ours {
		if why := s.refusal(role, "ecr:GetAuthorizationToken", "*"); why != "" {
			return secrets + "unable to retrieve ecr registry auth: service call has been retried 1 time(s): " + why
		}
	}
	if reason := s.signedIn(role, c.RepositoryCredentials); reason != "" {
		return secrets + reason
	}
	for _, x := range c.Secrets {
		if reason := s.injectable(role, aws.ToString(x.ValueFrom)); reason != "" {
			return secrets + reason
		}
	}
	if l := c.LogConfiguration; l != nil && l.Options["awslogs-group"] != "" {
		group := l.Options["awslogs-group"]
		if why := s.refusal(role, "logs:CreateLogStream", s.world.arn("logs", "log-group:"+group+":log-stream:"+l.Options["awslogs-stream-prefix"])); why != "" {
			return stream + why + ": exit status 1"
		}
		if s.world.LogGroups[group] == nil {
			return stream + "ResourceNotFoundException: The specified log group does not exist. : exit status 1"
		}
	}
	if ours {
		for _, action := range []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
			if why := s.refusal(role, action, repository); why != "" {
				return "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + image + ": unexpected status from HEAD request: 403 Forbidden: " + strings.TrimPrefix(why, "AccessDeniedException: ")
			}
		}
	}
	return ""
}

// refusal is AWS's answer to an action that a role is not allowed, "" when it is.
func (s *Sim) refusal(role iam.Principal, action, resource string) string {
	r := iam.Request{Action: action, Resource: resource}
	if d := iam.Decide(role, r); !d.Allowed {
		return "AccessDeniedException: " + d.Denial(role, r)
	}
	return ""
}

// taskPrincipal is a role as a task has it; one that is not there may do nothing.
func (s *Sim) taskPrincipal(roleARN, task string) iam.Principal {
	for _, r := range s.world.Roles {
		if r.ARN == roleARN {
			return s.rolePrincipal(r, task)
		}
	}
	return iam.Principal{ARN: roleARN}
}

// ecrRepository is the ARN of the repository that an image of ECR is in, whosever
// account's it is; false for an image of another registry.
func ecrRepository(image string) (arn string, ecr bool) {
	host, path, _ := strings.Cut(image, "/")
	parts := strings.Split(host, ".")
	if len(parts) < 6 || parts[1] != "dkr" || parts[2] != "ecr" {
		return "", false
	}
	path, _, _ = strings.Cut(path, "@")
	path, _, _ = strings.Cut(path, ":")
	return "arn:aws:ecr:" + parts[3] + ":" + parts[0] + ":repository/" + path, true
}

// reachesInternet tells whether the task's subnet has a default route that works
// for it. A VPC without route tables was put there by a test.
func (s *Sim) reachesInternet(t *Task) bool {
	subnet := s.world.Subnets[t.Subnet]
	if subnet == nil {
		return true
	}
	table := s.tableOf(subnet)
	if table == nil {
		return true
	}
	for _, r := range table.Routes {
		if r.Destination != "0.0.0.0/0" {
			continue
		}
		if nat := s.world.NATGateways[r.Target]; nat != nil {
			return nat.State == "available"
		}
		if n := s.world.NetworkInterfaces[r.Target]; n != nil {
			return n.Forwards && n.PublicIP != "" && s.forwards(s.world.Instances[n.Instance]) && s.admits(n.Groups, subnet.CIDR)
		}
		return strings.HasPrefix(r.Target, "igw-") && t.Config.Network.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled
	}
	return false
}

// tableOf is the route table that a subnet follows.
func (s *Sim) tableOf(subnet *Subnet) *RouteTable {
	var table *RouteTable
	for _, rt := range sorted(s.world.RouteTables) {
		if rt.VPC != subnet.VPC {
			continue
		}
		if rt.Main && table == nil {
			table = rt
		}
		if slices.ContainsFunc(rt.Associations, func(a RouteTableAssociation) bool { return a.Subnet == subnet.ID }) {
			table = rt
		}
	}
	return table
}

// lostInIPv6 tells whether a task has an address of IPv6 and no way out for it: what it calls that has addresses of
// both kinds is tried by IPv6 first, and it waits. Fargate itself pulls and logs by IPv4:
// https://github.com/aws/containers-roadmap/issues/2792
func (s *Sim) lostInIPv6(task *Task) bool {
	n, subnet := s.world.NetworkInterfaces[task.Interface], s.world.Subnets[task.Subnet]
	if n == nil || n.IPv6 == "" || subnet == nil {
		return false
	}
	t := s.tableOf(subnet)
	return t != nil && !slices.ContainsFunc(t.Routes, func(r Route) bool {
		g := s.world.EgressOnlyGateways[r.Target]
		return r.Destination == "::/0" && g != nil && g.VPC == t.VPC
	})
}

// admits tells whether groups let everything in from a block of addresses.
func (s *Sim) admits(groups []string, cidr string) bool {
	return slices.ContainsFunc(groups, func(id string) bool {
		g := s.world.SecurityGroups[id]
		return g != nil && slices.ContainsFunc(g.Ingress, func(r SecurityGroupRule) bool { return r.Protocol == "-1" && r.CIDR == cidr })
	})
}

// Online counts the tasks that run and reach the internet, by their group: service:STACK-AGENT.
func (s *Sim) Online() (map[string]int, error) {
	out := map[string]int{}
	err := s.transact(false, func() error {
		s.settle()
		for _, t := range s.world.Tasks {
			if t.Status == "RUNNING" && t.StoppedAt.IsZero() && s.reachesInternet(t) && !s.lostInIPv6(t) {
				out[taskGroup(t)]++
			}
		}
		return nil
	})
	return out, err
}

// shutOut tells whether private DNS leads the task to an interface endpoint that
// does not let it in at port 443. A working NAT path does not help:
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
func (s *Sim) shutOut(t *Task) bool {
	subnet := s.world.Subnets[t.Subnet]
	if subnet == nil {
		return false
	}
	for _, e := range s.world.VPCEndpoints {
		if e.VPC == subnet.VPC && e.PrivateDNS && len(e.Groups) > 0 && e.Deleted.IsZero() && !s.lets(e.Groups, t, 443) {
			return true
		}
	}
	return false
}

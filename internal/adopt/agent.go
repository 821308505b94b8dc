package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	discoverytypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
	"github.com/karmacadabra/karmactl/internal/provision"
)

func ecsTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

// cluster gives the cluster and the namespace their keys.
func (j *judge) cluster() {
	c := j.Cluster
	name := aws.ToString(c.ClusterName)
	if status := aws.ToString(c.Status); status != "ACTIVE" {
		j.obstacle("cluster "+name, "it is "+status, "wait until it is ACTIVE, and look again")
	}
	if own := provision.ClusterName(j.Config.Stack()); name != own {
		j.obstacle("cluster "+name, "the cluster of this stack would be "+own, "write project and environment in agents.yaml so that PROJECT-ENVIRONMENT is its name")
	}
	j.take("cluster", "cluster", name, "", ecsTags(c.Tags))
	for _, n := range j.Namespaces {
		if n.Type != discoverytypes.NamespaceTypeHttp && n.Type != discoverytypes.NamespaceTypeDnsPrivate {
			j.rest("namespace", aws.ToString(n.Id), aws.ToString(n.Name), "its type is "+string(n.Type)+", and karmactl's are HTTP namespaces: Service Connect is the same with both")
			continue
		}
		j.take("namespace", "namespace", aws.ToString(n.Name), "", nil, differ("type", string(n.Type), string(discoverytypes.NamespaceTypeHttp)))
	}
}

// agent gives a service and what is its own their keys.
func (j *judge) agent(a agents.Agent) {
	i := slices.IndexFunc(j.Services, func(s live.Service) bool { return aws.ToString(s.ServiceName) == j.ServiceOf[a.Name] })
	if i < 0 {
		j.obstacle("agent "+a.Name, "the cluster has no service "+j.ServiceOf[a.Name], "name the one that it is in agents.yaml (service: NAME), or leave the agent out")
		return
	}
	s := j.Services[i]
	name := aws.ToString(s.ServiceName)
	tags := ecsTags(s.Tags)
	j.take(engine.Key("service/"+a.Name), "service", aws.ToString(s.ServiceArn), name, tags, serviceDiffers(s)...)
	j.steady(a.Name, s)
	j.kind(a.Name, s)
	main, differs, ok := j.containers(a, s)
	if !ok {
		return
	}
	j.volumes(a, s, main)
	d := s.Definition
	family := aws.ToString(d.Family)
	if own := j.Config.Stack() + "-" + a.Name; family != own {
		j.rest("task definition", aws.ToString(d.TaskDefinitionArn), family, "karmactl's revisions are of the family "+own)
	} else {
		j.definition(a, s, differs)
	}
	j.logs(a, main)
	j.image(a, s, main)
	for _, b := range s.LoadBalancers {
		j.target(a, aws.ToString(b.TargetGroupArn))
	}
	j.scales(a, name)
}

// definition gives the revision that runs its key.
func (j *judge) definition(a agents.Agent, s live.Service, differs []string) {
	d := s.Definition
	differs = append(differs,
		differ("execution role", lastOf(aws.ToString(d.ExecutionRoleArn)), "a role of the agent's own"), differ("task role", lastOf(aws.ToString(d.TaskRoleArn)), "a role of the agent's own"))
	j.take(engine.Key("task-definition/"+a.Name), "task definition", aws.ToString(d.TaskDefinitionArn), fmt.Sprintf("%s:%d", aws.ToString(d.Family), d.Revision), ecsTags(s.DefinitionTags), differs...)
}

// serviceDiffers are the settings of a service that karmactl makes otherwise.
func serviceDiffers(s live.Service) []string {
	least, most, breaker := int32(100), int32(200), "off" // AWS's own where nothing is said
	if d := s.DeploymentConfiguration; d != nil {
		if d.MinimumHealthyPercent != nil {
			least = *d.MinimumHealthyPercent
		}
		if d.MaximumPercent != nil {
			most = *d.MaximumPercent
		}
		if b := d.DeploymentCircuitBreaker; b != nil && b.Enable {
			breaker = "on"
		}
	}
	return []string{
		differ("healthy tasks in a deployment", fmt.Sprintf("%d to %d %%", least, most), "100 to 200 %"),
		differ("circuit breaker", breaker, "on"),
	}
}

// steady says what of a service is under way: what moves cannot be compared.
func (j *judge) steady(agent string, s live.Service) {
	what := "service " + aws.ToString(s.ServiceName)
	switch {
	case aws.ToString(s.Status) != "ACTIVE":
		j.obstacle(what, "it is "+aws.ToString(s.Status), "leave it out, or wait until it is ACTIVE")
	case len(s.Deployments) > 1:
		j.obstacle(what, fmt.Sprintf("%d deployments are under way", len(s.Deployments)), "wait until its deployment has ended, and look again")
	case s.RunningCount != s.DesiredCount || s.PendingCount > 0:
		j.obstacle(what, fmt.Sprintf("%d of its %d tasks run", s.RunningCount, s.DesiredCount), "bring "+agent+" to its tasks first: what does not run well now is not taken over")
	}
}

// kind says what of a service agents.yaml cannot express.
func (j *judge) kind(agent string, s live.Service) {
	what := "service " + aws.ToString(s.ServiceName)
	if l := s.LaunchType; l != "" && l != types.LaunchTypeFargate {
		j.obstacle(what, "its launch type is "+string(l), "run "+agent+" on Fargate first")
	}
	for _, c := range s.CapacityProviderStrategy {
		if p := aws.ToString(c.CapacityProvider); p != provision.OnDemand && p != provision.FargateSpot {
			j.obstacle(what, "its tasks are placed by the capacity provider "+p, "run "+agent+" on FARGATE or FARGATE_SPOT first")
		}
	}
	if c := s.DeploymentController; c != nil && c.Type != types.DeploymentControllerTypeEcs {
		j.obstacle(what, "its deployments are those of "+string(c.Type), "give it the deployment controller ECS, for which AWS makes a new service")
	}
	if c := s.DeploymentConfiguration; c != nil && c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling {
		j.obstacle(what, "its strategy of deployment is "+string(c.Strategy), "set it to ROLLING")
	}
	if p := s.Definition.RuntimePlatform; p != nil && strings.HasPrefix(string(p.OperatingSystemFamily), "WINDOWS") {
		j.obstacle(what, "its tasks run on "+string(p.OperatingSystemFamily), "run "+agent+" on Linux first")
	}
	if s.ResourceManagementType == types.ResourceManagementTypeEcs {
		j.obstacle(what, "it is of ECS Express Mode: its load balancer, groups and scaling are ECS's own, and go with it", "build it beside: karmactl init reads what aws ecs describe-express-gateway-service answers")
	}
	if s.SchedulingStrategy == types.SchedulingStrategyDaemon {
		j.obstacle(what, "it is a daemon", "run it as a replica service")
	}
	if n := len(s.LoadBalancers); n > 1 { // a worker has none
		j.obstacle(what, fmt.Sprintf("it is in %d target groups", n), "an agent has one")
	}
	if n := len(s.ServiceRegistries); n > 0 {
		j.obstacle(what, "it registers its tasks in Cloud Map (service discovery)", "let callers use Service Connect, and take the registry off")
	}
	if n := s.NetworkConfiguration; n == nil || n.AwsvpcConfiguration == nil {
		j.obstacle(what, "its tasks are not in network mode awsvpc", "run "+agent+" on Fargate first")
	}
}

// logs gives the log group its key.
func (j *judge) logs(a agents.Agent, c types.ContainerDefinition) {
	group := ""
	if c.LogConfiguration != nil {
		group = c.LogConfiguration.Options["awslogs-group"]
	}
	own := provision.LogGroupName(j.Config.Stack(), a.Name)
	if group == "" {
		j.rest("container", aws.ToString(c.Name), "", "it does not log to CloudWatch Logs: the agent's first deployment does")
		return
	}
	for _, g := range j.LogGroups {
		switch {
		case aws.ToString(g.LogGroupName) != group || slices.Contains(j.mine, group):
		case group != own:
			j.rest("log group", group, "", "karmactl's is "+own+": the agent logs there from its first deployment on")
		default:
			j.take(engine.Key("log-group/"+a.Name), "log group", group, "", nil)
		}
	}
}

// image says whether what runs could be started again.
func (j *judge) image(a agents.Agent, s live.Service, c types.ContainerDefinition) {
	repository, own := live.OwnRepository(aws.ToString(c.Image), j.Account.ID, j.Account.Region)
	if !own {
		return
	}
	i := slices.IndexFunc(j.Repositories, func(r live.Repository) bool { return aws.ToString(r.RepositoryName) == repository })
	if i < 0 {
		j.obstacle("service "+aws.ToString(s.ServiceName), "the repository "+repository+" of its image is not there", "push the image again: a task that stops could not be replaced")
		return
	}
	r := j.Repositories[i]
	if repository == j.Config.Project+"/"+a.Name {
		j.take(engine.Key("repository/"+a.Name), "repository", repository, "", nil)
	} else if !slices.Contains(j.mine, repository) {
		j.rest("repository", repository, "", "agents may take their images from it; karmactl deploy pushes to "+j.Config.Project+"/"+a.Name)
	}
	for _, t := range j.Tasks {
		if aws.ToString(t.Group) != "service:"+aws.ToString(s.ServiceName) {
			continue
		}
		for _, x := range t.Containers {
			if d := aws.ToString(x.ImageDigest); aws.ToString(x.Name) == aws.ToString(c.Name) && d != "" && !r.Digests[d] {
				j.obstacle("service "+aws.ToString(s.ServiceName), "the image that it runs, "+d+", is not in "+repository+" any more", "deploy it again first: a task that stops could not be replaced")
				return
			}
		}
	}
}

// target gives a target group and the rules that lead to it their keys.
func (j *judge) target(a agents.Agent, arn string) {
	for _, g := range j.TargetGroups {
		if aws.ToString(g.TargetGroupArn) != arn {
			continue
		}
		name := aws.ToString(g.TargetGroupName)
		if g.Protocol != elbtypes.ProtocolEnumHttp {
			j.obstacle("target group "+name, "its protocol is "+string(g.Protocol), "agents take requests over HTTP")
			return
		}
		port := ""
		if p := int(aws.ToInt32(g.Port)); p != a.Port {
			port = fmt.Sprintf("port %d, karmactl's own is %d", p, a.Port)
		}
		j.take(engine.Key("target-group/"+a.Name), "target group", arn, name, j.EdgeTags[arn], port)
		j.rules(a.Name, arn)
		return
	}
	if arn != "" {
		j.obstacle("target group "+arn, "the service of "+a.Name+" names it, and it is not there", "give the service a target group that is there")
	}
}

// scales gives what scales an agent its keys.
func (j *judge) scales(a agents.Agent, service string) {
	for _, t := range j.Targets {
		if id := aws.ToString(t.ResourceId); lastOf(id) == service {
			j.take(engine.Key("scalable-target/"+a.Name), "scalable target", id, "", nil)
		}
	}
	for _, p := range j.Policies {
		id, name := aws.ToString(p.ResourceId), aws.ToString(p.PolicyName)
		if lastOf(id) != service {
			continue
		}
		metric := ""
		if c := p.TargetTrackingScalingPolicyConfiguration; c != nil && c.PredefinedMetricSpecification != nil {
			metric = map[string]string{"ECSServiceAverageCPUUtilization": "cpu", "ECSServiceAverageMemoryUtilization": "memory"}[string(c.PredefinedMetricSpecification.PredefinedMetricType)]
		}
		if metric == "" {
			j.rest("scaling policy", id+"#"+name, name, "karmactl scales by the use of CPU and memory")
			continue
		}
		j.take(engine.Key("scaling-policy/"+a.Name+"/"+metric), "scaling policy", id+"#"+name, name, nil, differ("name", name, j.Config.Stack()+"-"+a.Name+"-"+metric))
	}
}

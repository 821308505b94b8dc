package importer

import (
	"slices"
	"strings"
)

// express reads what `aws ecs describe-express-gateway-service` answers: one container behind
// a load balancer that ECS keeps.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ECSExpressGatewayService.html
type express struct{ *reading }

// isExpress tells whether JSON is such an answer.
func isExpress(t *tree) bool {
	return strings.Contains(t.get("service", "serviceArn").str(), ":ecs:") && t.get("service", "activeConfigurations") != nil
}

// ReadExpress makes an agent of each service whose description is in path, a file or a folder.
func ReadExpress(dir, path string, o Options) (*Result, error) {
	roots, said, err := answersOf[Express].read(dir, path)
	if err != nil {
		return nil, err
	}
	r := &express{&reading{opts: o, roots: roots}}
	for _, t := range r.roots {
		r.service(t.get("service"), len(r.roots) == 1)
	}
	return r.finish("ECS Express Mode, "+said, "the answers of aws ecs describe-express-gateway-service")
}

func (r *express) service(t *tree, alone bool) {
	a := r.described(t, t.get("serviceName"), t.get("serviceArn"))
	for _, tag := range t.get("tags").list() {
		r.tag(tag)
	}
	all := t.get("activeConfigurations").list()
	now := newest(all)
	for _, c := range all {
		if c != now {
			c.settle(own, "an older revision, of which tasks still ran")
		}
	}
	if now != nil {
		r.configuration(a, now, alone)
	}
	r.askPath(a)
	t.get("infrastructureRoleArn").own("karmactl keeps the load balancer and the scaling with your own rights")
	t.settle(own, "ECS tells it of what runs")
}

// newest is the configuration that was made last, which a deployment under way brings; nil is
// that there is none.
func newest(all []*tree) *tree {
	var out *tree
	for _, c := range all {
		if out == nil || c.get("createdAt").str() > out.get("createdAt").str() {
			out = c
		}
	}
	return out
}

// tag carries a tag over for all resources of the stack.
func (r *express) tag(t *tree) {
	k, v := t.get("key").str(), t.get("value").str()
	i := slices.IndexFunc(r.fleet.tags, func(p pair) bool { return p.name == k })
	switch {
	case strings.HasPrefix(k, "aws:"):
		t.settle(own, "AWS's own")
		return
	case looksSecret(v):
		t.settle(left, secretTag)
		return
	case i >= 0 && r.fleet.tags[i].text != v:
		t.settle(left, "tags are of the whole stack, and another service has "+k+" otherwise")
		return
	case i < 0:
		r.fleet.tags = append(r.fleet.tags, pair{k, v})
	}
	t.get("key").carry("tags." + k)
	t.get("value").carry("tags." + k)
}

// configuration carries a revision over.
func (r *express) configuration(a *agent, t *tree, alone bool) {
	r.container(a, t.get("primaryContainer"))
	cpu, memory := t.get("cpu"), t.get("memory")
	units, _ := cpu.number()
	mib, _ := memory.number()
	r.size(a, units, mib, orNil(cpu).at)
	cpu.carry(a.key("cpu"))
	memory.carry(a.key("memory"))
	if arch := t.get("cpuArchitecture"); arch.str() == "ARM64" {
		a.arch = "arm64"
		arch.carry(a.key("arch"))
	} else {
		arch.own("x86_64")
	}
	if path := t.get("healthCheckPath"); path != nil {
		a.health.path = path.str()
		path.carry(a.key("health.path"))
	}
	a.spot = &spot{} // Express Mode has Fargate on demand alone
	r.scaling(a, t.get("scalingTarget"))
	r.ways(a, t.get("ingressPaths"), alone)
	t.get("networkConfiguration", "subnets").settle(own, "subnets of the stack's own VPC: network: {vpc: vpc-…, public: […], private: […]} names one that is there")
	t.get("networkConfiguration", "securityGroups").settle(own, "a group of the agents' own, that lets in the load balancer and the other agents")
	t.get("executionRoleArn").own("each agent has a role of its own, that reads its image and its secrets")
	t.get("taskRoleArn").leave("an agent has a role of its own: write its rights into permissions")
	t.get("taskDefinitionArn").own("a task definition of its own")
	t.settle(own, "ECS tells it of what runs")
}

func (r *express) container(a *agent, t *tree) {
	a.port = 80
	if n, ok := t.get("containerPort").number(); ok {
		a.port = n
		t.get("containerPort").carry(a.key("port"))
	} else {
		r.note(orNil(t).at, "nothing says where %s listens: 80 is written, as Express Mode has it", a.name)
	}
	image := t.get("image")
	a.image = image.str()
	image.carry(a.key("image"))
	r.fleet.carryCredentials(a, t.get("repositoryCredentials", "credentialsParameter"))
	a.carryCommand(t.get("command"), texts(t.get("command")))
	for _, v := range t.get("environment").list() {
		name := v.get("name").str()
		r.variable(a, name, v.get("value"))
		v.get("name").own("the variable's name")
	}
	for _, v := range t.get("secrets").list() {
		a.carrySecret(v, v.get("name").str(), v.get("valueFrom").str())
	}
	t.get("awsLogsConfiguration").settle(own, "CloudWatch Logs, a group for each agent")
}

// scaling carries over how many tasks there are, and the one measure that moves their number.
func (r *express) scaling(a *agent, t *tree) {
	if t == nil {
		return
	}
	low, _ := t.get("minTaskCount").number()
	high, _ := t.get("maxTaskCount").number()
	hold, _ := t.get("autoScalingTargetValue").number()
	s := &scale{min: max(low, 1), max: max(high, low, 1), none: true}
	key := "scale.cpu"
	switch t.get("autoScalingMetric").str() {
	case "AVERAGE_MEMORY":
		s.memory, key = hold, "scale.memory"
	case "REQUEST_COUNT_PER_TARGET":
		s.requests, key = hold, "scale.requests"
	default:
		if s.cpu = hold; hold == 0 {
			s.cpu = 60 // its default
		}
	}
	a.scale = s
	t.get("minTaskCount").carry(a.key("scale.min"))
	t.get("maxTaskCount").carry(a.key("scale.max"))
	t.get("autoScalingMetric").carry(a.key(key))
	t.get("autoScalingTargetValue").carry(a.key(key))
}

// ways are where the service is reached: names that ECS gave it.
func (r *express) ways(a *agent, t *tree, alone bool) {
	for _, w := range t.list() {
		if w.get("accessType").str() == "PRIVATE" {
			r.fleet.internal = true
			w.get("accessType").carry("load_balancer.internal")
		} else {
			w.get("accessType").own("a public agent is behind a load balancer that all of the internet reaches")
		}
		a.carryAddress(w.get("endpoint"), alone)
	}
}

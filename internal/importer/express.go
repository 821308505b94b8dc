package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// expressFiles are where the answers of ECS Express Mode are looked for.
var expressFiles = []string{"express*.json", "express/*.json"}

// express reads what `aws ecs describe-express-gateway-service` answers: one container behind
// a load balancer that ECS keeps.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ECSExpressGatewayService.html
type express struct{ *reading }

// isExpress tells whether a JSON file is such an answer.
func isExpress(path string) bool {
	src, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	t, err := jsonTree("", src)
	return err == nil && strings.Contains(t.get("service", "serviceArn").str(), ":ecs:") && t.get("service", "activeConfigurations") != nil
}

// ReadExpress makes an agent of each service whose description is in path, a file or a folder.
func ReadExpress(dir, path string, o Options) (*Result, error) {
	r := &express{&reading{opts: o}}
	files := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		files = nil
		for _, p := range []string{"*.json", "express/*.json"} {
			found, err := filepath.Glob(filepath.Join(path, p))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
		files = slices.DeleteFunc(files, func(f string) bool { return !isExpress(f) })
		slices.Sort(files)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("the description cannot be read: %w", err)
		}
		t, err := jsonTree(relative(dir, f), src)
		if err != nil {
			return nil, err
		}
		r.roots = append(r.roots, t)
	}
	for _, t := range r.roots {
		r.service(t.get("service"), len(r.roots) == 1)
	}
	said := relative(dir, path)
	if len(files) != 1 || files[0] != path {
		said = strings.TrimPrefix(said+"/", "./") + "*.json"
	}
	return r.finish("ECS Express Mode, "+said, "the answers of aws ecs describe-express-gateway-service")
}

func (r *express) service(t *tree, alone bool) {
	name := t.get("serviceName")
	a := r.fleet.addAgent(first(name.str(), "agent"), t.at)
	name.carry("agents." + a.name)
	arn := t.get("serviceArn")
	if parts := strings.Split(arn.str(), ":"); len(parts) > 3 && (r.fleet.region == "" || r.fleet.region == parts[3]) {
		r.fleet.region = parts[3]
		arn.carry("region")
	} else {
		arn.leave("a fleet is in one region: make another agents.yaml for the others")
	}
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
	if v := t.get("command"); v != nil {
		var line []string
		for _, w := range v.list() {
			line = append(line, w.str())
		}
		if safe(line...) {
			a.command = line
			v.carry(a.key("command"))
		} else {
			v.leave("it has something that looks like a secret: write command without it")
		}
	}
	for _, v := range t.get("environment").list() {
		name := v.get("name").str()
		r.variable(a, name, v.get("value"))
		v.get("name").own("the variable's name")
	}
	for _, v := range t.get("secrets").list() {
		s := secret{env: v.get("name").str()}
		s.from, s.key = splitSecret(v.get("valueFrom").str())
		a.setSecret(s)
		v.carry(a.key("secrets." + s.env))
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
		if name := w.get("endpoint"); alone {
			a.path = "/"
			name.carry(a.key("path"))
		} else {
			name.leave("each service has a name of its own there: write load_balancer.domain for AGENT.DOMAIN, or hosts; without it the agent is at /" + a.name)
		}
	}
}

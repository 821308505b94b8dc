package importer

import (
	"strings"
)

// appRunner reads what `aws apprunner describe-service` and describe-auto-scaling-configuration
// answer. A service of it is one container behind a name of its own.
// https://docs.aws.amazon.com/apprunner/latest/api/API_Service.html
type appRunner struct {
	*reading
	// scalings are the auto scaling configurations, by ARN.
	scalings map[string]*tree
}

// isAppRunner tells whether JSON is an answer of App Runner.
func isAppRunner(t *tree) bool {
	return strings.Contains(t.get("Service", "ServiceArn").str(), ":apprunner:") || strings.Contains(t.get("AutoScalingConfiguration", "AutoScalingConfigurationArn").str(), ":apprunner:")
}

// ReadAppRunner makes an agent of each service whose description is in path, a file or a folder.
func ReadAppRunner(dir, path string, o Options) (*Result, error) {
	roots, said, err := answersOf[AppRunner].read(dir, path)
	if err != nil {
		return nil, err
	}
	r := &appRunner{reading: &reading{opts: o, roots: roots}, scalings: map[string]*tree{}}
	var services []*tree
	for _, t := range roots {
		t.get("OperationId").own("told of the call")
		if s := t.get("AutoScalingConfiguration"); s != nil {
			r.scalings[s.get("AutoScalingConfigurationArn").str()] = s
		}
		if s := t.get("Service"); s != nil {
			services = append(services, s)
		}
	}
	for _, s := range services {
		r.service(s, len(services) == 1)
	}
	for _, s := range r.scalings {
		s.settle(own, "no service uses it")
	}
	return r.finish("App Runner, "+said, "the answers of aws apprunner describe-service")
}

func (r *appRunner) service(t *tree, alone bool) {
	a := r.described(t, t.get("ServiceName"), t.get("ServiceArn"))
	r.source(a, t.get("SourceConfiguration"))
	r.instance(a, t.get("InstanceConfiguration"))
	r.health(a, t.get("HealthCheckConfiguration"))
	r.scaling(a, t.get("AutoScalingConfigurationSummary"))
	r.network(t.get("NetworkConfiguration"))
	if o := t.get("ObservabilityConfiguration"); o != nil {
		if on, _ := o.get("ObservabilityEnabled").yes(); on {
			r.fleet.xray = true
			o.get("ObservabilityEnabled").carry("observability.xray")
		}
		o.settle(own, "tracing as the file has it")
	}
	t.get("EncryptionConfiguration").settle(left, "it is of the copy of the image that App Runner keeps: a repository that image names has a key of its own")
	a.carryAddress(t.get("ServiceUrl"), alone)
	t.settle(own, "App Runner tells it of what runs")
}

// source carries the image over, or what makes it.
func (r *appRunner) source(a *agent, t *tree) {
	image, code := t.get("ImageRepository"), t.get("CodeRepository")
	if id := image.get("ImageIdentifier"); id != nil {
		a.image = id.str()
		id.carry(a.key("image"))
	}
	r.container(a, image.get("ImageConfiguration"))
	image.get("ImageRepositoryType").own("the image's name says where it is")
	if code != nil {
		a.build = &build{context: first(strings.Trim(code.get("SourceDirectory").str(), "/"), ".")}
		code.get("SourceDirectory").carry(a.key("build.context"))
		code.get("RepositoryUrl").own("the code is built where karmactl runs")
		code.get("SourceCodeVersion").settle(own, "the code is built where karmactl runs")
		values := code.get("CodeConfiguration", "CodeConfigurationValues")
		r.container(a, values)
		for _, k := range []string{"Runtime", "BuildCommand"} {
			values.get(k).leave("App Runner made the image: write a Dockerfile that does it")
		}
		if s := code.get("CodeConfiguration", "ConfigurationSource"); strings.EqualFold(s.str(), "REPOSITORY") {
			s.leave("port, command and variables are in the code's apprunner.yaml: write them here")
		} else {
			s.own("what it has is read from here")
		}
	}
	if a.port == 0 {
		a.port = 8080
		r.note(t.at, "nothing says where %s listens: 8080 is written, as App Runner has it", a.name)
	}
	auto := t.get("AutoDeploymentsEnabled")
	if on, _ := auto.yes(); on {
		auto.leave("nothing deploys by itself: run karmactl deploy " + a.name + " where the image is pushed (docs/ci.md)")
	} else {
		auto.own("karmactl deploys when it is told")
	}
	t.get("AuthenticationConfiguration").settle(own, "the agent's own role reads its image, and the code is built where karmactl runs")
}

// container carries over how the container runs: of an image and of code it has the same keys.
func (r *appRunner) container(a *agent, t *tree) {
	if n, ok := t.get("Port").number(); ok {
		a.port = n
		t.get("Port").carry(a.key("port"))
	}
	a.carryCommand(t.get("StartCommand"), words(t.get("StartCommand").str()))
	for k, v := range t.get("RuntimeEnvironmentVariables").each() {
		r.variable(a, k, v)
	}
	for k, v := range t.get("RuntimeEnvironmentSecrets").each() {
		a.carrySecret(v, k, v.str())
	}
}

// instance carries the size over: "1024" or "1 vCPU", "2048" or "2 GB".
func (r *appRunner) instance(a *agent, t *tree) {
	cpu, memory := t.get("Cpu"), t.get("Memory")
	units, ok := cpu.number()
	if !ok {
		units, _ = cpuUnits(strings.TrimSuffix(cpu.str(), "vCPU"))
	}
	mib, ok := memory.number()
	if !ok {
		mib, _ = mebibytes(strings.ReplaceAll(memory.str(), " ", ""))
	}
	r.size(a, units, mib, orNil(cpu).at)
	cpu.carry(a.key("cpu"))
	memory.carry(a.key("memory"))
	t.get("InstanceRoleArn").leave("an agent has a role of its own: write its rights into permissions")
}

// health carries the check over. One of TCP has no counterpart: a load balancer asks a path.
func (r *appRunner) health(a *agent, t *tree) {
	h := &a.health
	protocol, path := t.get("Protocol"), t.get("Path")
	if strings.EqualFold(protocol.str(), "HTTP") {
		protocol.own("the load balancer asks over HTTP")
		if path != nil {
			h.path = path.str()
			path.carry(a.key("health.path"))
		}
	} else {
		protocol.leave("the load balancer asks over HTTP: write health.path with a path that answers 200")
		path.own("a check of TCP asks no path")
	}
	a.carryTargetCheck(t, targetCheck{"Interval", "Timeout", "HealthyThreshold", "UnhealthyThreshold", ""})
	a.checkTimes()
	r.askPath(a)
}

// scaling carries over how many instances there are, where the configuration is beside the
// service. What moves the number is counted in another way.
func (r *appRunner) scaling(a *agent, t *tree) {
	if t == nil {
		return
	}
	arn := t.get("AutoScalingConfigurationArn")
	s := r.scalings[arn.str()]
	if s == nil {
		arn.leave("how many instances it has is in another answer: put that of aws apprunner describe-auto-scaling-configuration beside this file, or write scale")
		t.settle(own, "the name of a configuration")
		return
	}
	low, _ := s.get("MinSize").number()
	high, _ := s.get("MaxSize").number()
	a.scale = &scale{min: max(low, 1), max: max(high, low, 1)}
	s.get("MinSize").carry(a.key("scale.min"))
	s.get("MaxSize").carry(a.key("scale.max"))
	s.get("MaxConcurrency").leave("requests at one time, and a load balancer counts those of a minute: write scale: {requests: …}, or cpu")
	arn.own("the configuration is read")
	t.settle(own, "the name of a configuration")
	s.settle(own, "the name of a configuration")
}

func (r *appRunner) network(t *tree) {
	egress := t.get("EgressConfiguration")
	if strings.EqualFold(egress.get("EgressType").str(), "VPC") {
		egress.settle(left, "the stack has a VPC of its own: network: {vpc: vpc-…, public: […], private: […]} names the one that it is to use")
	} else {
		egress.settle(own, "tasks reach the internet through the NAT gateway, or with addresses of their own")
	}
	if open := t.get("IngressConfiguration", "IsPubliclyAccessible"); open != nil {
		if public, _ := open.yes(); public {
			open.own("a public agent is behind a load balancer that all of the internet reaches")
		} else {
			r.fleet.internal = true
			open.carry("load_balancer.internal")
		}
	}
	if v := t.get("IpAddressType"); strings.EqualFold(v.str(), "DUAL_STACK") {
		v.leave("tasks and load balancer have IPv4 alone")
	} else {
		v.own("IPv4")
	}
}

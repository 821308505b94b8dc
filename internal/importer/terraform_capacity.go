package importer

import (
	"strconv"
	"strings"
)

func (x *terraform) sizeOf(a *agent, d, main *tree) {
	cpu, cpuTree := sized(d.get("cpu"), main.get("cpu"), 1024)
	memory, memoryTree := sized(d.get("memory"), main.first("memory", "memoryReservation"), 1)
	at := d.at
	if cpuTree != nil {
		at = cpuTree.at
	}
	x.size(a, cpu, memory, at)
	cpuTree.carry(a.key("cpu"))
	memoryTree.carry(a.key("memory"))
	for _, k := range []string{"cpu", "memory", "memoryReservation"} {
		if t := main.get(k); t != nil && t.outcome == unread {
			t.own("the container has the task for itself")
		}
	}
	if p := firstOf(d.get("runtime_platform")); p != nil {
		t := p.get("cpu_architecture")
		switch t.str() {
		case "ARM64":
			a.arch = "arm64"
			t.carry(a.key("arch"))
		case "X86_64":
			a.arch = "x86_64"
			t.carry(a.key("arch"))
		}
		if os := p.get("operating_system_family"); strings.HasPrefix(os.str(), "WINDOWS") {
			os.leave("agents run on Linux: their images have to be of it")
		} else {
			os.own("Linux")
		}
	}
}

// sized is a task's own size, else its container's. "1 vCPU" and "2GB" are read too.
func sized(task, container *tree, vcpu int) (int, *tree) {
	for _, t := range []*tree{task, container} {
		if n, ok := t.number(); ok && n > 0 {
			return n, t
		}
		s := strings.ToLower(strings.ReplaceAll(t.str(), " ", ""))
		if v, ok := strings.CutSuffix(s, "vcpu"); ok {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				return int(f * float64(vcpu)), t
			}
		}
		if v, ok := strings.CutSuffix(s, "gb"); ok {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				return int(f * 1024), t
			}
		}
	}
	return 0, nil
}

// capacity is the service's strategy, else its launch type, else the cluster's default.
func (x *terraform) capacity(a *agent, s *tree) {
	blocks := s.get("capacity_provider_strategy")
	if blocks == nil || len(blocks.items) == 0 {
		if t := s.get("launch_type"); t != nil {
			if t.str() != "FARGATE" {
				t.leave("karmactl runs agents on Fargate")
				return
			}
			a.spot = &spot{}
			t.carry(a.key("spot"))
			return
		}
		for _, c := range x.all("aws_ecs_cluster_capacity_providers") {
			if blocks = c.body.get("default_capacity_provider_strategy"); blocks != nil {
				break
			}
		}
		if blocks == nil {
			a.spot = &spot{} // ECS's own default
			return
		}
	}
	out := &spot{}
	for _, b := range blocks.list() {
		weight, _ := b.get("weight").number()
		base, _ := b.get("base").number()
		switch b.get("capacity_provider").str() {
		case "FARGATE_SPOT":
			out.enabled, out.weight = out.enabled || weight > 0 || b.get("weight") == nil, weight
			if base > 0 {
				b.get("base").leave("a base is on demand here")
				b.get("weight").carry(a.key("spot"))
				b.get("capacity_provider").carry(a.key("spot"))
				continue
			}
		case "FARGATE":
			out.demand, out.base = weight, base
		default:
			b.leave("karmactl runs agents on Fargate")
			continue
		}
		b.carry(a.key("spot"))
	}
	a.spot = out
}

// scaling joins the service's scalable target and its policies.
func (x *terraform) scaling(a *agent, s *resource) {
	desired := s.body.get("desired_count")
	count, said := desired.number()
	for _, t := range x.all("aws_appautoscaling_target") {
		id := t.body.get("resource_id").str()
		name := s.body.get("name").str()
		if !strings.Contains(id, "${"+s.addr+".") && (name == "" || !strings.HasSuffix(id, "/"+name)) {
			continue
		}
		out := &scale{none: true}
		out.min, _ = t.body.get("min_capacity").number()
		out.max, _ = t.body.get("max_capacity").number()
		t.body.get("min_capacity").carry(a.key("scale"))
		t.body.get("max_capacity").carry(a.key("scale"))
		t.body.settle(own, "autoscaling of its own")
		for _, p := range x.all("aws_appautoscaling_policy") {
			if pid := p.body.get("resource_id").str(); pid == id || strings.Contains(pid, "${"+t.addr+".") {
				x.policy(a, out, p.body)
			}
		}
		a.scale = out
		desired.own("between min and max, autoscaling decides")
		return
	}
	if said {
		a.scale = &scale{min: count, max: max(count, 1), none: true}
		desired.carry(a.key("scale"))
	} else {
		a.scale = &scale{min: 1, max: 1, none: true}
	}
}

func (x *terraform) policy(a *agent, out *scale, p *tree) {
	c := firstOf(p.get("target_tracking_scaling_policy_configuration"))
	metric := firstOf(c.get("predefined_metric_specification")).get("predefined_metric_type")
	into := map[string]*int{
		"ECSServiceAverageCPUUtilization": &out.cpu, "ECSServiceAverageMemoryUtilization": &out.memory, "ALBRequestCountPerTarget": &out.requests,
	}[metric.str()]
	if into == nil {
		p.leave("agents scale by CPU, memory, requests and the messages of a queue: for those write scale: {queue: {name: …, per_task: …}}")
		return
	}
	f, err := strconv.ParseFloat(c.get("target_value").str(), 64)
	if err != nil {
		p.leave("only Terraform knows its target: write scale: {cpu: …, memory: …, requests: …}")
		return
	}
	*into = int(f)
	c.get("target_value").carry(a.key("scale"))
	metric.carry(a.key("scale"))
	firstOf(c.get("predefined_metric_specification")).get("resource_label").settle(own, "the agent's own target group")
	c.get("scale_in_cooldown").leave("karmactl's own cooldowns")
	c.get("scale_out_cooldown").leave("karmactl's own cooldowns")
	p.settle(own, "autoscaling of its own")
}

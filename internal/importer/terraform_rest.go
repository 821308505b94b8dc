package importer

// notByAlarms is why alarms that end a deployment stay behind.
const notByAlarms = "ECS rolls back a deployment whose tasks fail; no alarm ends one"

// leaveSecondGroups leaves the target groups after the first one, and what leads requests to two
// revisions at a time.
func leaveSecondGroups(all *tree) {
	for i, t := range all.list() {
		t.get("advanced_configuration").settle(left, rolling)
		if t.get("load_balancer_name").said() {
			t.leave("Fargate has no Classic Load Balancer")
		}
		if i > 0 {
			t.settle(left, "an agent is behind one target group: a second port is another agent, or a path of this one")
		}
	}
}

// rolling is why other ways to deploy stay behind.
const rolling = "rolling deployments that are rolled back when they fail: blue/green, linear, canary, CODE_DEPLOY and EXTERNAL are not"

// leaveDeployment leaves of how a service is deployed what is no rolling deployment.
func leaveDeployment(t *tree) {
	t = firstOf(t)
	if s := t.get("strategy"); s.said() && s.str() != "ROLLING" {
		s.leave(rolling)
	}
	for _, k := range []string{"lifecycle_hooks", "lifecycle_hook", "canary_configuration", "linear_configuration", "early_success_criteria"} {
		t.get(k).settle(left, rolling)
	}
	if n, ok := t.get("bake_time_in_minutes").number(); ok && n > 0 {
		t.get("bake_time_in_minutes").leave(rolling)
	}
	alarms := firstOf(t.get("alarms"))
	if on, said := alarms.get("enable").yes(); on || !said {
		alarms.settle(left, notByAlarms)
	}
	if on, said := firstOf(t.get("deployment_circuit_breaker")).get("enable").yes(); said && !on {
		t.get("deployment_circuit_breaker").settle(left, "a deployment that fails is always rolled back")
	}
	t.settle(own, "a rolling deployment that is rolled back when it fails")
}

// leaveConnect leaves of Service Connect what agents.yaml does not say.
func leaveConnect(t *tree) {
	for i, s := range firstOf(t).get("service").list() {
		s.get("tls").settle(left, "agents call each other over HTTP inside of the VPC: Service Connect without TLS")
		if i > 0 {
			s.settle(left, "an agent has one port, and one name by which others call it")
		}
	}
	if a := firstOf(t).get("access_log_configuration"); a.said() {
		a.settle(left, "Service Connect writes no access log")
	}
}

// serviceRest gives an outcome to what needs no carrying.
func (x *terraform) serviceRest(s, d, c *tree) {
	for k, t := range s.each() {
		switch k {
		case "network_configuration":
			t.settle(own, "subnets and a security group of karmactl's own VPC")
		case "deployment_controller":
			if kind := firstOf(t).get("type").str(); kind != "" && kind != "ECS" {
				t.leave(rolling)
			}
			t.settle(own, "a rolling deployment that is rolled back when it fails")
		case "scheduling_strategy":
			if t.str() == "DAEMON" {
				t.leave("Fargate has no daemons")
			}
			t.settle(own, "so many tasks as scale says")
		case "volume_configuration":
			t.settle(left, "agents have no disks of EBS: storage makes the task's own larger, and volumes keeps files on EFS")
		case "placement_constraints", "ordered_placement_strategy", "placement_strategy":
			t.settle(left, "Fargate places tasks")
		case "load_balancer":
			leaveSecondGroups(t)
		case "deployment_configuration":
			leaveDeployment(t)
		case "alarms":
			t.settle(left, notByAlarms)
		case "service_registries":
			t.settle(left, "agents find each other through Service Connect: what else looks the service up in Cloud Map does not find it")
		case "service_connect_configuration":
			leaveConnect(t)
		case "vpc_lattice_configurations":
			t.settle(left, "one Application Load Balancer leads to the agents")
		}
	}
	s.settle(own, "a service of its own, in a cluster of its own")
	definitionRest(d)
	containerRest(c)
	d.get("container_definitions").settle(left, noCounterpart)
	d.settle(own, "a task definition of its own")
}

// definitionRest is for a task definition's keys.
func definitionRest(d *tree) {
	for k, t := range d.each() {
		switch k {
		case "volume":
			t.settle(left, unmounted)
		case "proxy_configuration", "pid_mode", "ipc_mode", "placement_constraints", "inference_accelerator", "inference_accelerators", "enable_fault_injection":
			if t.said() {
				t.settle(left, noCounterpart)
			}
		case "task_role_arn":
			t.settle(left, "each agent has a role of its own: write permissions with what it may do")
		case "network_mode":
			if t.str() != "awsvpc" {
				t.leave("Fargate has awsvpc: each task an address of its own")
			}
		case "requires_compatibilities":
			for _, v := range t.list() {
				if v.str() == "EC2" {
					v.leave("karmactl runs agents on Fargate")
				}
			}
		}
	}
}

// containerRest is for the agent's container.
func containerRest(c *tree) {
	c.get("name").own("the agent's name")
	c.get("essential").own("the task ends with it")
	for k, t := range c.each() {
		if !t.said() {
			t.settle(own, notSet)
			continue
		}
		switch k {
		case "portMappings":
			for i, p := range t.list() {
				if i > 0 && p.outcome == unread {
					p.settle(left, "an agent has one port")
				}
			}
			t.settle(own, "the agent's port")
		case "volumesFrom":
			t.settle(left, "a container takes no volumes of another one: write volumes with what has to stay")
		case "environmentFiles":
			t.settle(left, "write what is in it into env")
		}
	}
	c.settle(left, noCounterpart)
}

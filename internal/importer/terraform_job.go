package importer

import (
	"slices"
	"strings"
)

// trigger is what starts a task of ECS by a schedule: a schedule of EventBridge Scheduler with its
// target, or a rule of EventBridge with one of its targets.
type trigger struct {
	rule        *resource
	target, ecs *tree
	zone        *tree
	all         []*tree
}

// jobs makes a job of each schedule that starts tasks.
func (x *terraform) jobs() {
	if len(x.fleet.agents) == 0 {
		return
	}
	for _, s := range x.all("aws_scheduler_schedule") {
		target := firstOf(s.body.get("target"))
		if ecs := firstOf(target.get("ecs_parameters")); ecs != nil {
			x.job(trigger{rule: s, target: target, ecs: ecs, zone: s.body.get("schedule_expression_timezone"), all: []*tree{s.body}})
		}
	}
	for _, t := range x.all("aws_cloudwatch_event_target") {
		ecs, rule := firstOf(t.body.get("ecs_target")), x.ruleOf(t.body.get("rule").str())
		if ecs != nil && rule != nil && rule.body.get("schedule_expression") != nil {
			x.job(trigger{rule: rule, target: t.body, ecs: ecs, all: []*tree{rule.body, t.body}})
		}
	}
}

// ruleOf is the rule that a target names.
func (x *terraform) ruleOf(name string) *resource {
	if r := x.find(name, "aws_cloudwatch_event_rule"); r != nil {
		return r
	}
	all := x.all("aws_cloudwatch_event_rule")
	i := slices.IndexFunc(all, func(r *resource) bool { return name != "" && r.body.get("name").str() == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// refused is why a trigger becomes no job; "" is that it does.
func (t trigger) refused() (expression, why string) {
	b := t.rule.body
	expression, why = expressionOf(b.get("schedule_expression").str(), t.zone.str())
	on, said := b.get("is_enabled").yes()
	switch launch := t.ecs.get("launch_type").str(); {
	case why != "":
	case b.get("state").str() == "DISABLED" || said && !on:
		why = "it is disabled, and jobs run: write it under jobs when it is to run"
	case launch == "EC2" || launch == "EXTERNAL":
		why = "karmactl runs jobs on Fargate: write it under jobs"
	}
	return expression, why
}

func (x *terraform) job(t trigger) {
	expression, why := t.refused()
	d := x.find(t.ecs.get("task_definition_arn").str(), "aws_ecs_task_definition")
	var all []*tree
	if d != nil {
		all = containers(d.body)
	}
	if why == "" && len(all) == 0 {
		why = "its task definition is not here to read: " + readState
	}
	if why != "" {
		t.leave(why)
		return
	}
	over, main := t.override(), all[0]
	if c := namedContainer(all, over.get("name").str()); c != nil {
		main = c
	}
	image, of, command := main.get("image").str(), x.runs[d], over.get("command")
	known := image != "" && !reference.MatchString(image)
	if command == nil && (of != nil && len(of.command) == 0 || of == nil && !known && main.get("command") == nil) {
		t.leave("it runs its image's own command, which is not here to read: write it under jobs, with command")
		return
	}
	j := x.fleet.addJob(x.agentName(t.rule, main), t.rule.body.at)
	switch {
	case of != nil:
		j.of = of
		x.jobOfAgent(j, t, over)
	case known:
		x.jobOfItsOwn(j, j.agent, d, main, all, over)
	default:
		x.jobOfItsOwn(j, x.fleet.imageOf(j), d, main, all, over)
		if command == nil {
			command = main.get("command")
		}
		j.takeCommand(command)
	}
	t.rule.body.get("name").carry("jobs." + j.name)
	j.when(expression, t.rule.body.get("schedule_expression"), t.zone)
	x.triggerRest(t)
}

func (t trigger) leave(why string) {
	for _, b := range t.all {
		b.settle(left, why)
	}
}

// override is what the schedule's input says in place of a container's own settings.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tasks-scheduled-eventbridge-scheduler.html
func (t trigger) override() *tree {
	in := t.target.get("input")
	if in == nil || in.kind == scalar && !unfold(in) {
		in.leave("only Terraform knows it: write command")
		return nil
	}
	return firstOf(in.get("containerOverrides"))
}

// jobOfAgent is a job that runs an agent's own task definition with another command.
func (x *terraform) jobOfAgent(j *job, t trigger, over *tree) {
	j.command = j.of.command
	if c := over.get("command"); c != nil {
		x.commandOf(j.agent, c)
	}
	in := t.target.get("input")
	if cpu, memory := in.get("cpu"), in.get("memory"); cpu != nil || memory != nil {
		n, _ := cpu.number()
		m, _ := memory.number()
		x.size(j.agent, n, m, in.at)
		cpu.carry(j.key("cpu"))
		memory.carry(j.key("memory"))
	}
	for _, e := range over.get("environment").list() {
		e.leave("a job of an agent has the agent's variables: write it into its env, or give the job an image")
	}
}

// jobOfItsOwn reads the task definition that a schedule alone starts: into the job, or into the
// agent whose image it has.
func (x *terraform) jobOfItsOwn(j *job, a *agent, d *resource, main *tree, all []*tree, over *tree) {
	x.task(a, d.body, main, all)
	for _, e := range over.get("environment").list() {
		x.variable(a, e.get("name").str(), e.get("value"))
		e.get("name").set(e.get("value").outcome, e.get("value").key, e.get("value").why)
	}
	if c := over.get("command"); c != nil {
		x.commandOf(a, c)
	}
	j.leaveServices(main.first("healthCheck", "health_check"), main.get("portMappings"))
	x.serviceRest(nil, d.body, main)
}

// triggerRest gives an outcome to what needs no carrying, or has no counterpart.
func (x *terraform) triggerRest(t trigger) {
	if in := t.target.get("input"); in != nil {
		o := firstOf(in.get("containerOverrides"))
		o.get("name").own("the job's own container")
		in.settle(left, "a job says all for itself: write it under jobs")
	}
	b := t.rule.body
	if n, ok := t.ecs.get("task_count").number(); ok && n > 1 {
		t.ecs.get("task_count").leave("a run is one task")
	}
	if w := firstOf(b.get("flexible_time_window")); w.get("mode").str() == "FLEXIBLE" {
		w.settle(left, "a job starts within the minute")
	}
	for _, k := range []string{"start_date", "end_date"} {
		if v := b.get(k); v.said() {
			v.leave("a job runs from when it is in the file until it is out of it")
		}
	}
	b.get("kms_key_arn").settle(left, "AWS's own key encrypts the schedules")
	for _, s := range t.ecs.get("capacity_provider_strategy").list() {
		if s.get("capacity_provider").str() == "FARGATE_SPOT" {
			s.leave("jobs run on demand: nothing starts one again that Spot ends")
		}
	}
	if n, ok := firstOf(t.target.get("retry_policy")).get("maximum_retry_attempts").number(); ok && n == 0 {
		firstOf(t.target.get("retry_policy")).settle(left, oneStart)
	}
	firstOf(t.target.get("retry_policy")).settle(own, oneStart)
	t.target.get("dead_letter_config").settle(left, "starts that are given up go to no queue: status says when a job ran last")
	x.startsJobs(t.target.get("role_arn"))
	for _, r := range t.all {
		r.settle(own, itsSchedule)
	}
}

// startsJobs is the role that Scheduler or EventBridge starts the tasks with.
func (x *terraform) startsJobs(arn *tree) {
	role := x.find(arn.str(), "aws_iam_role")
	if role == nil {
		return
	}
	const why = "a role that may start the jobs' tasks, and no more"
	_, documents := x.policies(role)
	all, _ := x.statements(documents)
	for _, s := range all {
		if !slices.ContainsFunc(statementOf(s).Action, func(action string) bool {
			return !strings.EqualFold(action, "iam:PassRole") && !strings.HasPrefix(strings.ToLower(action), "ecs:")
		}) {
			s.settle(own, why)
		}
	}
	role.body.settle(own, why)
}

package agents

import (
	"math"
	"slices"
	"time"
)

// agentFields are the keys of an agent; the first two are one agent's alone.
func agentFields() []field[Agent] {
	return append([]field[Agent]{
		key("port", "The container's own port. Default: none, which makes it a worker: no one calls it, and it may call others.", integer(1, 65535), func(a *Agent) *int { return &a.Port }),
		key("service", "The name of its ECS service, for one that has another already. Default: the agent's name.", text(serviceRule), func(a *Agent) *string { return &a.Service }),
		key("public", "Whether the load balancer leads to it; false is for other agents only. A worker is not public.", boolean(), func(a *Agent) *bool { return &a.Public }),
		key("cpu", "CPU units; 256 is a quarter of a vCPU.", cpuUnits(FargateCPU()), func(a *Agent) *int { return &a.CPU }),
		key("memory", "MiB. Default: the least that goes with cpu.", mebibytes(512, 122880), func(a *Agent) *int { return &a.Memory }),
		key("arch", "CPU architecture of the image.", choice(ArchX86, ArchARM), func(a *Agent) *Arch { return &a.Arch }),
		key("spot", "Run on Fargate Spot, on demand, or on a mix.", spotValue(), func(a *Agent) *Spot { return &a.Spot }),
		key("scale", "How many tasks, and what makes more of them.", object("scale", scaleFields()), func(a *Agent) *Scale { return &a.Scale }),
		key("health", "How the load balancer and the container are checked.", object("health", healthFields()), func(a *Agent) *Health { return &a.Health }),
		key("env", "The plain environment. PORT, AGENT_NAME and the address of each agent that this one calls (VALIDATOR_URL) are there by themselves, and with xray OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL.", dict(envNameRule, "an environment variable", anyText(anyRule("a text")), func(string) string { return "" }), func(a *Agent) *map[string]string { return &a.Env }),
		key("secrets", "Environment variables from secrets: the key, or {key, from, optional}.", secretsValue(), func(a *Agent) *[]Secret { return &a.Secrets }),
		key("command", "Replaces the image's own command.", words(`a list of texts such as ["python", "agent.py"]`), func(a *Agent) *[]string { return &a.Command }),
		key("image", "The image to run; {agent} stands for the agent's name.", text(imageRule), func(a *Agent) *string { return &a.Image }),
		key("build", "How deploy --build makes the image.", buildValue(), func(a *Agent) **Build { return &a.Build }),
		key("calls", "The agents that this one calls, in circles too, or all for every other agent with a port: VALIDATOR_URL in its environment is http://validator:9001.", callsValue(), func(a *Agent) *Agent { return a }),
		key("permissions", "What the agent may do in AWS: {policy: ARN}, or {allow: [bedrock:InvokeModel], on: [ARN]}. Default: nothing.", permissionsValue(), func(a *Agent) *[]Permission { return &a.Permissions }),
		key("exec", "Allow a shell in running tasks (ECS Exec).", boolean(), func(a *Agent) *bool { return &a.Exec }),
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
		key("drain", "How long a task that leaves may finish its requests.", duration(0, time.Hour), func(a *Agent) *time.Duration { return &a.Drain }),
		key("stickiness", "How long the requests of one client go to the same task, by a cookie of the load balancer. Default: to any task.", duration(time.Second, 7*24*time.Hour), func(a *Agent) *time.Duration { return &a.Stickiness }),
		key("stop_timeout", "From SIGTERM to SIGKILL. Default: 120s on Spot, else 30s.", duration(2*time.Second, 120*time.Second), func(a *Agent) *time.Duration { return &a.StopTimeout }),
		key("request_timeout", "How long a request to it may take before Service Connect answers it with 504, another agent's as well as the load balancer's. One that neither calls nor is called has no Service Connect, and no limit but the load balancer's. Default: load_balancer.idle_timeout.", duration(time.Second, 24*time.Hour), func(a *Agent) *time.Duration { return &a.RequestTimeout }),
		key("release", "A command such as [python, migrate.py] that runs once, in a task of the new revision, before `up` or `deploy` rolls it out; when it fails, nothing rolls. A rollback runs none.", words(`a list of texts such as ["python", "migrate.py"]`), func(a *Agent) *[]string { return &a.Release }),
		key("sidecars", "Containers beside the agent's own in each task, by name; they reach each other at localhost.", sidecarsValue(), func(a *Agent) *[]Sidecar { return &a.Sidecars }),
		key("init", "Containers that have to succeed, one after the other, before the agent starts.", initValue(), func(a *Agent) *[]Sidecar { return &a.Init }),
		key("volumes", "Directories of the agent's containers that outlive its tasks, by name: on EFS, the same for all tasks of the agent; or, with ephemeral, that they share while the task lives. `down` keeps what is in them unless it is told --data.", volumesValue(), func(a *Agent) *[]Volume { return &a.Volumes }),
	}, slices.Concat(routeFields(), containerFields())...)
}

func scaleFields() []field[Scale] {
	return []field[Scale]{
		key("min", "Fewest tasks. At 0 only a queue, a schedule or karmactl scale starts one.", integer(0, 5000), func(s *Scale) *int { return &s.Min }),
		key("max", "Most tasks.", integer(1, 5000), func(s *Scale) *int { return &s.Max }),
		key("cpu", "Percentage of CPU to hold; 0 is no such policy. Default: 75, and 0 with a queue. None where min is max.", integer(0, 100), func(s *Scale) *int { return &s.CPUPercent }),
		key("memory", "Percentage of memory to hold; 0 is no such policy. Default: 80, and 0 with a queue. None where min is max.", integer(0, 100), func(s *Scale) *int { return &s.MemoryPercent }),
		key("requests", "Requests a minute to hold for each task, as the load balancer counts them; 0 is no such policy.", integer(0, 10000000), func(s *Scale) *int { return &s.Requests }),
		key("queue", "The SQS queue whose messages make tasks, from none and back. The agent's own permissions let it read them.", object("queue", []field[Queue]{
			need(key("name", "The queue's name, in this account and region.", text(queueRule), func(q *Queue) *string { return &q.Name })),
			key("per_task", "Messages to hold for each task, waiting and being worked on.", integer(1, 100000), func(q *Queue) *int { return &q.PerTask }),
		}), func(s *Scale) *Queue { return &s.Queue }),
	}
}

func healthFields() []field[Health] {
	return []field[Health]{
		key("path", "The path on the container itself.", text(healthPathRule), func(h *Health) *string { return &h.Path }),
		key("interval", "Between two checks.", duration(5*time.Second, 300*time.Second), func(h *Health) *time.Duration { return &h.Interval }),
		key("timeout", "How long an answer may take; less than interval.", duration(2*time.Second, 120*time.Second), func(h *Health) *time.Duration { return &h.Timeout }),
		key("healthy", "Good checks in a row until healthy.", integer(2, 10), func(h *Health) *int { return &h.Healthy }),
		key("unhealthy", "Bad checks in a row until unhealthy.", integer(2, 10), func(h *Health) *int { return &h.Unhealthy }),
		key("grace", "How long failing checks do not count after a start.", duration(0, math.MaxInt32*time.Second), func(h *Health) *time.Duration { return &h.Grace }),
		key("codes", "The HTTP statuses that count as healthy.", anyText(healthCodesRule), func(h *Health) *string { return &h.Codes }),
		key("command", "The container health check: a shell text, the list that ECS takes, or {run, interval, timeout, retries, start} with times of its own.", containerCheckValue(), func(h *Health) *ContainerCheck { return &h.Container }),
	}
}

package stack

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// fileAgents are the agents that a file may have.
var fileAgents = []string{"abracadabra", "karma-hello", "skill-extractor", "validator"}

// file is an agents.yaml that edits change.
type file struct {
	top    map[string]any
	agents map[string]map[string]any
}

func newFile() file {
	return file{
		top: map[string]any{
			"project": "karmacadabra", "environment": "prod", "region": "us-east-1",
			"network": map[string]any{"nat": "single", "endpoints": []string{"s3"}},
			"secrets": map[string]any{"nested": "karmacadabra", "entry": "{agent}-agent"},
		},
		agents: map[string]map[string]any{"validator": {}, "karma-hello": {}},
	}
}

// yaml is the file; JSON is YAML.
func (f file) yaml() string {
	all := map[string]any{}
	for name, a := range f.agents {
		agent := map[string]any{
			"port": 9001 + slices.Index(fileAgents, name), "image": "public.ecr.aws/docker/library/python:3.13-slim",
			"secrets": map[string]any{"PRIVATE_KEY": map[string]any{"key": "private_key", "optional": true}},
		}
		if v := f.agents["validator"]; name != "validator" && v != nil && !isWorker(v) {
			agent["calls"] = []string{"validator"}
		}
		maps.Copy(agent, a)
		if isWorker(agent) { // what needs a port is refused without one
			for _, k := range []string{"port", "public", "health"} {
				delete(agent, k)
			}
		}
		all[name] = agent
	}
	top := maps.Clone(f.top)
	top["agents"] = all
	b, err := json.MarshalIndent(top, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// isWorker tells whether edits have taken an agent's port away.
func isWorker(agent map[string]any) bool {
	port, stated := agent["port"]
	return stated && port == nil
}

// after is the file after an act, which changes it only when it is an edit.
func (f file) after(a act) file {
	if a.do != "edit" {
		return f
	}
	next := file{top: maps.Clone(f.top), agents: map[string]map[string]any{}}
	for name, agent := range f.agents {
		next.agents[name] = maps.Clone(agent)
	}
	edits()[a.what](next, a.n)
	return next
}

// edits are what a user may do to the file; n chooses a value.
func edits() map[string]func(f file, n int) {
	top := func(section string, values ...map[string]any) func(file, int) {
		return func(f file, n int) {
			merged := map[string]any{}
			if old, ok := f.top[section].(map[string]any); ok {
				maps.Copy(merged, old)
			}
			maps.Copy(merged, values[n%len(values)])
			f.top[section] = merged
		}
	}
	agent := func(field string, values ...any) func(file, int) {
		return func(f file, n int) {
			names := slices.Sorted(maps.Keys(f.agents))
			f.agents[names[n%len(names)]][field] = values[n%len(values)]
		}
	}
	return map[string]func(f file, n int){
		"an agent more": func(f file, n int) {
			name := fileAgents[n%len(fileAgents)]
			if f.agents[name] == nil {
				f.agents[name] = map[string]any{}
			}
		},
		"an agent less": func(f file, n int) {
			if names := slices.Sorted(maps.Keys(f.agents)); len(names) > 1 {
				delete(f.agents, names[n%len(names)])
			}
		},
		"port":    agent("port", 9101, 9102, 9103, 9104),
		"worker":  agent("port", nil, 9101),
		"private": agent("public", false, true),
		"unseen": func(f file, n int) {
			for _, a := range f.agents {
				a["public"] = n%2 == 1
			}
		},
		"size": func(f file, n int) { agent("cpu", 256, 512)(f, n); agent("memory", 1024, 1024)(f, n) },
		"env":  agent("env", map[string]any{"LEVEL": "debug"}, map[string]any{"LEVEL": "info", "MORE": "1"}),
		"spot": agent("spot", true, false),
		"beside": agent("sidecars", map[string]any{"cache": map[string]any{"image": "public.ecr.aws/docker/library/redis:8"}},
			map[string]any{"cache": map[string]any{"image": "public.ecr.aws/docker/library/redis:8", "essential": false, "wait": "none"}, "help": map[string]any{"command": []string{"help"}}}, nil),
		"before":  agent("init", []any{map[string]any{"name": "warm", "command": []string{"warm"}}}, []any{}),
		"arch":    agent("arch", "arm64", "x86_64"),
		"exec":    agent("exec", true, false),
		"health":  agent("health", map[string]any{"path": "/up", "interval": "15s"}, map[string]any{"path": "/health"}),
		"scale":   agent("scale", map[string]any{"min": 1, "max": 2, "cpu": 50}, map[string]any{"min": 2, "max": 3, "memory": 60}),
		"nat":     top("network", map[string]any{"nat": "none"}, map[string]any{"nat": "single"}, map[string]any{"nat": "per-az"}),
		"ways":    top("network", map[string]any{"endpoints": []string{"s3", "logs"}}, map[string]any{"endpoints": []string{}}, map[string]any{"endpoints": []string{"logs"}, "endpoint_azs": "one"}),
		"domain":  top("load_balancer", map[string]any{"domain": "agents.example.com"}, map[string]any{"domain": nil}),
		"prefix":  top("load_balancer", map[string]any{"strip_prefix": false}, map[string]any{"strip_prefix": true}),
		"idle":    top("load_balancer", map[string]any{"idle_timeout": "3m"}, map[string]any{"idle_timeout": "1m"}),
		"logs":    top("observability", map[string]any{"log_retention_days": 14}, map[string]any{"log_retention_days": 7}),
		"tracing": top("observability", map[string]any{"xray": true}, map[string]any{"xray": false}),
		"alarms": top("observability", map[string]any{"alarms": map[string]any{"enabled": false}},
			map[string]any{"alarms": map[string]any{"emails": []string{"ops@example.com"}}}, map[string]any{"alarms": map[string]any{"enabled": true}}),
		"dashboard": top("observability", map[string]any{"dashboard": false}, map[string]any{"dashboard": true}),
		"insights":  top("observability", map[string]any{"container_insights": true}, map[string]any{"container_insights": false}),
		"store":     top("secrets", map[string]any{"store": "ssm"}, map[string]any{"store": "secretsmanager"}),
		"tags":      top("tags", map[string]any{"Team": "agents"}, map[string]any{"Team": "others"}),
		"budget": func(f file, n int) {
			if n%3 == 0 {
				delete(f.top, "budget")
				return
			}
			f.top["budget"] = map[string]any{"monthly_usd": 300 + 100*(n%3), "emails": []string{"ops@example.com"}[:cmp.Compare(n%3, 1)]}
		},
	}
}

package importer

import (
	"strings"
)

// container carries over what a container definition says.
func (x *terraform) container(a *agent, c *tree) {
	x.takeImage(a, c.get("image"))
	x.fleet.carryCredentials(a, c.first("repositoryCredentials", "repository_credentials").first("credentialsParameter", "credentials_parameter"))
	for _, e := range c.get("environment").list() {
		name, value := e.get("name"), e.entry("value")
		if name == nil || value == nil {
			e.leave("it has no name and value that can be read")
			continue
		}
		x.variable(a, name.str(), value)
		name.set(value.outcome, value.key, value.why)
	}
	for k, v := range c.get("environment").each() {
		x.variable(a, k, v)
	}
	for _, s := range c.get("secrets").list() {
		x.secretOf(a, s.get("name").str(), s.first("valueFrom", "value_from"), s)
	}
	for k, v := range c.get("secrets").each() {
		x.secretOf(a, k, v, v)
	}
	if t := c.get("command"); t != nil && len(t.list()) > 0 {
		x.commandOf(a, t)
	}
	a.carrySettings(settings{
		entrypoint: c.first("entryPoint", "entry_point"), workdir: c.first("workingDirectory", "working_directory"), user: c.get("user"),
		readOnly: c.first("readonlyRootFilesystem", "readonly_root_filesystem"), ulimits: c.get("ulimits"),
		init: c.first("linuxParameters", "linux_parameters").first("initProcessEnabled", "init_process_enabled"),
		fill: (*tree).str, unknown: "only Terraform knows it",
	})
	if t := c.first("healthCheck", "health_check"); t != nil {
		x.containerCheck(a, t)
	}
	if t := c.first("stopTimeout", "stop_timeout"); t != nil {
		if n, ok := t.number(); ok {
			a.stopTimeout = a.within(t, "stopTimeout", n, 2, 120)
			t.carry(a.key("stop_timeout"))
		}
	}
	if l := c.get("logConfiguration"); l != nil {
		if l.get("logDriver").str() == "awslogs" {
			l.settle(own, "CloudWatch Logs, a group for each agent")
		} else {
			l.leave("logs go to CloudWatch Logs")
		}
	}
}

func (x *terraform) takeImage(a *agent, t *tree) {
	text := t.str()
	switch {
	case t == nil:
	case strings.Contains(text, "aws_ecr_repository"):
		t.leave("a repository of Terraform's: karmactl makes one for each agent, and deploy --build or deploy --image puts the image there; or write image with its registry")
		a.comments = append(a.comments, t.at.String()+" takes the image from a repository that Terraform makes: karmactl deploy "+a.name+" --build, or --image with the one that is there.")
	case reference.MatchString(text):
		t.leave("only Terraform knows it: write image with its registry and tag")
		a.comments = append(a.comments, t.at.String()+" has an image that only Terraform knows: write image here, or build.")
	default:
		a.image = text
		t.carry(a.key("image"))
	}
}

func (x *terraform) commandOf(a *agent, t *tree) {
	var all []string
	for _, w := range t.list() {
		all = append(all, w.str())
	}
	joined := strings.Join(all, " ")
	switch {
	case !safe(all...):
		t.leave("it has something that looks like a secret: write command without it")
	case reference.MatchString(joined):
		t.leave("only Terraform knows a part of it: write command")
	default:
		a.command = all
		t.carry(a.key("command"))
	}
}

// containerCheck carries ECS's own check over.
func (x *terraform) containerCheck(a *agent, t *tree) {
	var command []string
	for _, w := range t.get("command").list() {
		command = append(command, w.str())
	}
	if len(command) == 0 {
		t.leave("it has no command that can be read")
		return
	}
	if len(command) == 1 {
		command = []string{"CMD-SHELL", command[0]}
	}
	if reference.MatchString(strings.Join(command, " ")) {
		t.leave("only Terraform knows a part of it: write health.command")
		return
	}
	options := map[string]int{}
	for k, name := range map[string]string{"interval": "interval", "timeout": "timeout", "retries": "retries", "startPeriod": "start-period", "start_period": "start-period"} {
		if n, ok := t.get(k).number(); ok {
			options[name] = n
		}
	}
	x.check(a, t.get("command"), command, options)
	c := t.get("command")
	t.settle(c.outcome, c.why)
	for _, k := range t.items {
		if c.outcome == carried {
			k.carry(a.key("health.command"))
		}
	}
}

// secretOf finds which secret or parameter a reference means.
func (x *terraform) secretOf(a *agent, env string, from, entry *tree) {
	text := from.str()
	if env == "" || text == "" {
		entry.leave("it has no name and source that can be read")
		return
	}
	s := secret{env: env}
	if strings.HasPrefix(text, "${") {
		end := strings.Index(text, "}")
		if end < 0 {
			entry.leave("only Terraform knows it: write secrets: {" + env + ": {from: …}}")
			return
		}
		ref, rest := text[:end+1], text[end+1:]
		r := x.find(ref, "aws_secretsmanager_secret", "aws_secretsmanager_secret_version", "aws_ssm_parameter")
		if r != nil && r.kind == "aws_secretsmanager_secret_version" {
			if id := r.body.get("secret_id").str(); reference.MatchString(id) {
				r = x.find(id, "aws_secretsmanager_secret")
			}
		}
		if r == nil || r.body.get("name").str() == "" || reference.MatchString(r.body.get("name").str()) {
			entry.leave("only Terraform knows which secret it is: write secrets: {" + env + ": {from: NAME}}")
			return
		}
		name := r.body.get("name")
		s.from = name.str()
		if r.kind == "aws_ssm_parameter" && !strings.HasPrefix(s.from, "/") {
			s.from = "/" + s.from
		}
		if parts := strings.Split(rest, ":"); len(parts) > 1 {
			s.key = parts[1]
		}
		name.carry(a.key("secrets." + env))
	} else {
		s.from, s.key = splitSecret(text)
		if !strings.HasPrefix(s.from, "arn:") && !strings.HasPrefix(s.from, "/") {
			s.from = "/" + s.from // ECS takes a parameter's name
		}
	}
	a.setSecret(s)
	entry.carry(a.key("secrets." + env))
}

package importer

import (
	"cmp"
	"fmt"
	"strings"
)

// write writes the fleet. refused are paths that are left out.
func (f *fleet) write(head []string, from map[string]Place, refused map[string]string) *page {
	p := &page{keys: map[int]string{}, from: from, refused: refused}
	p.raw(0, "# yaml-language-server: $schema=./agents.schema.json")
	p.raw(0, "#")
	for _, h := range head {
		p.comment(0, h)
	}
	p.raw(0, "")
	p.text(0, "project", f.project)
	p.text(0, "environment", f.environment)
	p.text(0, "region", f.region)
	p.text(0, "permissions_boundary", f.boundary)
	f.writeSections(p)
	p.in(0, "agents", "agents", func() {
		for i, a := range f.agents {
			if i > 0 {
				p.raw(0, "")
			}
			a.write(p, 1, "agents."+a.name)
		}
	})
	p.in(0, "jobs", "jobs", func() {
		for _, j := range f.jobs {
			j.write(p, 1, "jobs."+j.name)
		}
	})
	p.in(0, "environments", "environments", func() {
		for _, o := range f.environments {
			key := "environments." + o.name
			p.in(1, key, o.name, func() {
				p.in(2, key+".agents", "agents", func() {
					for _, a := range o.agents {
						a.write(p, 3, key+".agents."+a.name)
					}
				})
			})
		}
	})
	return p
}

func (f *fleet) writeSections(p *page) {
	p.pairs(0, "tags", "tags", f.tags)
	p.pairs(0, "registries", "registries", f.registries)
	p.in(0, "budget", "budget", func() {
		p.text(1, "budget.monthly_usd", f.budget)
		p.texts(1, "budget.emails", f.emails)
	})
	p.in(0, "network", "network", func() {
		p.text(1, "network.cidr", f.cidr)
		p.texts(1, "network.azs", f.zones)
		p.text(1, "network.nat", f.nat)
		if f.noEndpoints {
			p.put(1, "network.endpoints", "[]")
		}
		p.texts(1, "network.endpoints", f.endpoints)
		p.text(1, "network.namespace", f.namespace)
	})
	p.in(0, "load_balancer", "load_balancer", func() {
		p.seconds(1, "load_balancer.idle_timeout", f.idleTimeout)
		p.truth(1, "load_balancer.strip_prefix", f.strip)
		if f.internal {
			p.put(1, "load_balancer.internal", "true")
		}
		if f.deletionProtection {
			p.put(1, "load_balancer.deletion_protection", "true")
		}
		p.text(1, "load_balancer.access_logs", f.accessLogs)
		p.text(1, "load_balancer.domain", f.domain)
		p.text(1, "load_balancer.certificate", f.certificate)
		p.text(1, "load_balancer.zone", f.zone)
		if f.noRecords {
			p.put(1, "load_balancer.records", "false")
		}
	})
	p.in(0, "observability", "observability", func() {
		p.number(1, "observability.log_retention_days", f.retention)
		if f.insights != "" {
			p.put(1, "observability.container_insights", f.insights)
		}
		if f.xray {
			p.put(1, "observability.xray", "true")
		}
		p.truth(1, "observability.dashboard", f.dashboard)
		p.truth(1, "observability.error_metric", f.errorMetric)
		p.in(1, "observability.alarms", "alarms", func() {
			p.truth(2, "observability.alarms.enabled", f.alarms)
			p.texts(2, "observability.alarms.kinds", f.alarmKinds)
			p.number(2, "observability.alarms.cpu", f.alarmCPU)
			p.number(2, "observability.alarms.memory", f.alarmMemory)
			p.texts(2, "observability.alarms.emails", f.alarmEmails)
		})
	})
	p.in(0, "secrets", "secrets", func() {
		p.put(1, "secrets.nested", `""`)
		if f.store == "ssm" {
			p.put(1, "secrets.store", "ssm")
		}
	})
}

// write writes an agent, or what an environment says of it.
func (a *agent) write(p *page, indent int, key string) {
	if _, no := p.refused[key]; no {
		return
	}
	p.in(indent, key, a.name, func() {
		p.open[len(p.open)-1].comments = a.comments
		in := indent + 1
		p.number(in, key+".port", a.port)
		p.text(in, key+".service", a.serviceName)
		p.truth(in, key+".public", a.public)
		p.number(in, key+".cpu", a.cpu)
		p.number(in, key+".memory", a.memory)
		p.text(in, key+".arch", a.arch)
		a.writeScale(p, in, key)
		h := a.health
		p.in(in, key+".health", "health", func() {
			p.text(in+1, key+".health.path", h.path)
			p.seconds(in+1, key+".health.interval", h.interval)
			p.seconds(in+1, key+".health.timeout", h.timeout)
			p.number(in+1, key+".health.healthy", h.healthy)
			p.number(in+1, key+".health.unhealthy", h.unhealthy)
			p.seconds(in+1, key+".health.grace", h.grace)
			p.text(in+1, key+".health.codes", h.codes)
			if len(h.container.command) > 0 {
				p.put(in+1, key+".health.command", h.container.yaml())
			}
		})
		a.writeEnv(p, in, key)
		a.container.write(p, in, key)
		p.texts(in, key+".command", a.command)
		p.text(in, key+".image", a.image)
		if b := a.build; b != nil {
			p.in(in, key+".build", "build", func() {
				p.put(in+1, key+".build.context", scalarText(cmp.Or(b.context, ".")))
				p.text(in+1, key+".build.dockerfile", b.dockerfile)
				p.text(in+1, key+".build.target", b.target)
				p.pairs(in+1, key+".build.args", "args", b.args)
			})
		}
		a.writePermissions(p, in, key)
		a.writeContainers(p, in, key)
		writeVolumes(p, in, key, a.volumes)
		if len(a.hosts) > 0 || a.path != "/"+a.name {
			p.text(in, key+".path", a.path)
		}
		p.texts(in, key+".hosts", a.hosts)
		if a.callsAll {
			p.put(in, key+".calls", "all")
		} else {
			p.texts(in, key+".calls", a.calls)
		}
		p.truth(in, key+".exec", a.exec)
		if a.drain != nil {
			p.put(in, key+".drain", fmt.Sprintf("%ds", *a.drain))
		}
		p.seconds(in, key+".stickiness", a.stickiness)
		p.seconds(in, key+".stop_timeout", a.stopTimeout)
		if a.port > 0 { // requests come in nowhere else
			p.seconds(in, key+".request_timeout", a.requestTimeout)
		}
	})
}

// writeEnv writes the variables, and where the secret ones come from.
func (a *agent) writeEnv(p *page, in int, key string) {
	p.pairs(in, key+".env", "env", a.env)
	p.in(in, key+".secrets", "secrets", func() {
		for _, s := range a.secrets {
			p.entry(in+1, key+".secrets."+s.env, s.env, s.yaml())
		}
	})
}

func (a *agent) writePermissions(p *page, in int, key string) {
	p.in(in, key+".permissions", "permissions", func() {
		for i, x := range a.permissions {
			p.listed(in+1, fmt.Sprintf("%s.permissions.%d", key, i), x.yaml())
		}
	})
}

func (a *agent) writeScale(p *page, in int, key string) {
	if s := a.spot; s != nil {
		switch {
		case !s.enabled:
			p.put(in, key+".spot", "false")
		case s.base == 0 && s.demand == 0:
			p.put(in, key+".spot", "true")
		default:
			p.put(in, key+".spot", fmt.Sprintf("{base: %d, spot: %d, on_demand: %d}", s.base, max(s.weight, 1), s.demand))
		}
	}
	if s := a.scale; s != nil {
		parts := []string{fmt.Sprintf("min: %d", s.min), fmt.Sprintf("max: %d", max(s.max, s.min, 1))}
		if s.cpu > 0 || s.none || s.memory > 0 {
			parts = append(parts, fmt.Sprintf("cpu: %d", s.cpu), fmt.Sprintf("memory: %d", s.memory))
		}
		if s.requests > 0 && a.port > 0 && (a.public == nil || *a.public) {
			parts = append(parts, fmt.Sprintf("requests: %d", s.requests))
		}
		p.put(in, key+".scale", "{"+strings.Join(parts, ", ")+"}")
	}
}

func (s secret) yaml() string {
	var parts []string
	if s.key != "" {
		parts = append(parts, "key: "+scalarText(s.key))
	}
	if s.from != "" {
		parts = append(parts, "from: "+quoted(s.from))
	}
	if s.optional {
		parts = append(parts, "optional: true")
	}
	if len(parts) == 1 && s.from == "" {
		return scalarText(s.key)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// yaml is the command alone, or with the times that it has of its own.
func (c check) yaml() string {
	run := flow(c.command)
	if c.interval+c.timeout+c.retries+c.start == 0 {
		return run
	}
	parts := []string{"run: " + run}
	for _, x := range []struct {
		name string
		n    int
		unit string
	}{{"interval", c.interval, "s"}, {"timeout", c.timeout, "s"}, {"retries", c.retries, ""}, {"start", c.start, "s"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d%s", x.name, x.n, x.unit))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

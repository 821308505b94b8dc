package importer

import (
	"strings"
)

// names finds project, environment, region and tags.
func (x *terraform) names() {
	f := &x.fleet
	take := func(into *string, key string, all ...*tree) {
		for _, t := range all {
			if *into == "" && t.str() != "" && !reference.MatchString(t.str()) {
				*into = t.str()
				t.carry(key)
			}
		}
	}
	v := func(names ...string) (out []*tree) {
		for _, n := range names {
			out = append(out, x.vars[n])
		}
		return out
	}
	take(&f.project, "project", v("project_name", "project", "app_name", "application", "name_prefix", "prefix", "name", "app", "service_name")...)
	take(&f.project, "project", x.locals["project"], x.locals["name"], x.locals["prefix"], x.locals["name_prefix"])
	take(&f.environment, "environment", v("environment", "env", "stage", "environment_name")...)
	take(&f.environment, "environment", x.locals["environment"], x.locals["env"])
	take(&f.region, "region", x.provider.get("region"))
	take(&f.region, "region", v("aws_region", "region")...)
	x.provider.get("profile").leave("--profile or AWS_PROFILE")
	x.tags()
	x.provider.settle(own, "a provider of Terraform's")
	if f.project == "" {
		x.namesOfCluster()
	}
	if f.region == "" {
		for _, r := range x.resources {
			if parts := strings.Split(r.body.entry("arn").str(), ":"); len(parts) > 5 && parts[0] == "arn" && parts[3] != "" {
				f.region = parts[3]
				break
			}
		}
	}
}

// namesOfCluster takes the cluster's name apart: acme-prod is acme in prod.
func (x *terraform) namesOfCluster() {
	for _, c := range x.all("aws_ecs_cluster") {
		t := c.body.get("name")
		name := t.str()
		if name == "" || reference.MatchString(name) {
			continue
		}
		for _, env := range []string{"prod", "production", "staging", "stage", "dev", "development", "test", "qa", "live"} {
			if before, ok := strings.CutSuffix(strings.TrimSuffix(name, "-cluster"), "-"+env); ok {
				x.fleet.project, x.fleet.environment = before, first(x.fleet.environment, env)
				t.carry("project environment")
				return
			}
		}
		x.fleet.project = strings.TrimSuffix(name, "-cluster")
		t.carry("project")
		return
	}
}

func (x *terraform) tags() {
	t := x.provider.get("default_tags")
	if t != nil && t.kind == list && len(t.items) > 0 {
		t = t.items[0].get("tags")
	}
	if t == nil {
		for _, name := range []string{"tags", "common_tags", "default_tags"} {
			if t = x.vars[name]; t == nil {
				t = x.locals[name]
			}
			if t != nil {
				break
			}
		}
	}
	if t == nil {
		for _, c := range x.all("aws_ecs_cluster") {
			t = c.body.get("tags")
		}
	}
	for k, v := range t.each() {
		switch {
		case k == "Name" || k == "Agent":
			v.own("karmactl names what it makes")
		case strings.EqualFold(k, "ManagedBy") || strings.EqualFold(k, "managed_by"):
			x.fleet.tags = append(x.fleet.tags, pair{k, "karmactl"})
			v.own("it is karmactl's now")
		case v.kind != scalar || reference.MatchString(v.str()):
			v.leave("only Terraform knows it: write tags: {" + k + ": …}")
		case looksSecret(v.str()):
			v.leave(secretTag)
		default:
			x.fleet.tags = append(x.fleet.tags, pair{k, v.str()})
			v.carry("tags." + k)
		}
	}
}

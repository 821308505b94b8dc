package main

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
)

// edits are the changes of the shipped file whose price the reference gives: a
// key, how the reference calls the change, and the change.
var edits = []struct{ path, name, yaml string }{
	{"agents.NAME.cpu", "`512` with 1024 MiB for all five", "defaults: {cpu: 512, memory: 1024}"},
	{"agents.NAME.memory", "`1024` for all five", "defaults: {memory: 1024}"},
	{"agents.NAME.arch", "`arm64` for all five", "defaults: {arch: arm64}"},
	{"agents.NAME.spot", "`false` for all five", "defaults: {spot: false}"},
	{"agents.NAME.spot.base", "`1` for all five", "defaults: {spot: {base: 1}}"},
	{"agents.NAME.spot.on_demand", "`1` for all five, two tasks each", "defaults: {spot: {on_demand: 1}, scale: {min: 2, max: 2}}\n    agents: {validator: {scale: {min: 2}}}"},
	{"agents.NAME.scale.min", "`2` for all five, `max` too", "defaults: {scale: {min: 2, max: 2}}\n    agents: {validator: {scale: {min: 2}}}"},
	{"agents.NAME.storage", "`50` for all five", "defaults: {storage: 50}"},
	{"agents.NAME.volumes", "one each for all five", "defaults: {volumes: {memory: {path: /data}}}"},
	{"agents.NAME.secrets.VARIABLE.from", "for all keys of all five", "defaults: {secrets: {PRIVATE_KEY: {from: shared, key: a}, OPENAI_API_KEY: {from: shared, key: b}}}"},
	{"network.azs", "`3`", "network: {azs: 3}"},
	{"network.nat", "`none`", "network: {nat: none}"},
	{"network.nat", "`per-az`", "network: {nat: per-az}"},
	{"network.endpoints", "`[]`", "network: {endpoints: []}"},
	{"network.endpoints", "`[s3, logs]`", "network: {endpoints: [s3, logs]}"},
	{"network.endpoint_azs", "`one` with `[s3, logs]`", "network: {endpoints: [s3, logs], endpoint_azs: one}"},
	{"load_balancer.domain", "with one (the hosted zone is there already)", "load_balancer: {domain: agents.example.com}"},
	{"observability.container_insights", "`on`", "observability: {container_insights: on}"},
	{"observability.xray", "`true`, with a million traces", "observability: {xray: true}\n    usage: {traces_m: 1}"},
	{"observability.log_retention_days", "`365`", "observability: {log_retention_days: 365}"},
	{"observability.alarms.enabled", "`false`", "observability: {alarms: {enabled: false}}"},
	{"secrets.store", "`ssm`", "secrets: {store: ssm}"},
	{"jobs.NAME.schedule", "`every day at 03:00`, ten minutes each with 256 CPU units", "jobs: {nightly: {agent: validator, command: [a], schedule: every day at 03:00}}"},
	{"usage.job_minutes", "`60` with such a job", "usage: {job_minutes: 60}\n    jobs: {nightly: {agent: validator, command: [a], schedule: every day at 03:00}}"},
	{"usage.nat_gb", "`100`", "usage: {nat_gb: 100}"},
	{"usage.logs_gb", "`50`", "usage: {logs_gb: 50}"},
	{"usage.images_gb", "`30`", "usage: {images_gb: 30}"},
	{"usage.efs_gb", "`50` with volumes", "usage: {efs_gb: 50}\n    defaults: {volumes: {memory: {path: /data}}}"},
	{"usage.egress_gb", "`200`", "usage: {egress_gb: 200}"},
	{"usage.cross_az_gb", "`100`", "usage: {cross_az_gb: 100}"},
	{"usage.lcu", "`1`", "usage: {lcu: 1}"},
	{"usage.free_tier", "`false`", "usage: {free_tier: false}"},
}

// prices are what the edits cost, by key, in words; and the shipped fleet's total.
// They are of the snapshot in the program, never of a user's own.
func prices() (changes map[string]string, base string, err error) {
	before, err := monthly("tags: {}")
	if err != nil {
		return nil, "", err
	}
	changes = map[string]string{}
	for _, e := range edits {
		after, err := monthly(e.yaml)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", e.path, err)
		}
		delta := after.Sub(before).Round(2)
		sign := "+"
		if delta.IsNegative() {
			sign = "−"
		}
		text := fmt.Sprintf("%s: %s%s", e.name, sign, cost.USD(delta.Abs()))
		if delta.IsZero() {
			text = fmt.Sprintf("%s: no change", e.name)
		}
		if changes[e.path] != "" {
			text = changes[e.path] + "; " + text
		}
		changes[e.path] = text
	}
	return changes, cost.USD(before), nil
}

// monthly is what the shipped fleet costs with an environment laid over it.
func monthly(overlay string) (decimal.Decimal, error) {
	var b strings.Builder
	b.Write(agents.Template())
	fmt.Fprintf(&b, "\nenvironments:\n  priced:\n    %s\n", overlay)
	cfg, err := agents.Parse("agents.yaml", []byte(b.String()), "priced")
	if err != nil {
		return decimal.Zero, err
	}
	book, err := cost.Open(cfg.Region, "")
	if err != nil {
		return decimal.Zero, err
	}
	e, err := cost.EstimateConfig(cfg, book)
	if err != nil {
		return decimal.Zero, err
	}
	if len(e.Missing) > 0 {
		return decimal.Zero, fmt.Errorf("prices are missing: %v", e.Missing)
	}
	return e.Total().Expected, nil
}

package stack

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// swept is a small stack with a resource of every kind: interface endpoints, a
// domain, mail, tracing, a budget, agents that call each other.
const swept = `project: karmacadabra
environment: prod
region: us-east-1
budget: {monthly_usd: 300, emails: [ops@example.com]}
tags: {Project: karmacadabra}
permissions_boundary: ` + boundless + `
role_path: /agents/
network: {nat: single, endpoints: [s3, logs]}
load_balancer: {domain: agents.example.com}
observability: {log_retention_days: 7, xray: true, alarms: {emails: [ops@example.com]}}
secrets: {nested: karmacadabra, entry: "{agent}-agent"}
defaults:
  image: public.ecr.aws/docker/library/python:3.13-slim
  scale: {min: 1, max: 3, cpu: 75, memory: 80}
  secrets:
    PRIVATE_KEY: {key: private_key, optional: true}
agents:
  validator:
    port: 9001
    entrypoint: [tini, --]
    workdir: /app
    user: 1000:1000
    ulimits: {nofile: 65536}
    storage: 50
    scale: {requests: 1000}
    sidecars:
      cache:
        image: public.ecr.aws/docker/library/redis:8
        health: [CMD, redis-cli, ping]
        memory: 64
        secrets: {PASSWORD: {key: private_key, optional: true}}
        volumes: {memory: {path: /cache, read_only: true}}
    init: [{name: warm, command: [python, warm.py]}]
    volumes: {memory: {path: /data}}
    permissions:
      - {policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess}
      - {allow: [bedrock:InvokeModel], on: ["arn:aws:bedrock:*::foundation-model/*"]}
  karma-hello:
    port: 9002
    calls: [validator]
  abracadabra:
    port: 9003
    calls: [validator]
jobs:
  nightly: {agent: validator, command: [python, digest.py], schedule: every day at 03:00, timezone: Europe/Berlin}
  weekly:
    image: public.ecr.aws/docker/library/node:22-slim
    schedule: every monday at 04:00
    retries: 1
    overlap: skip
    secrets: {WEBHOOK: {key: webhook, optional: true}}
    permissions: [{allow: [s3:PutObject], on: ["arn:aws:s3:::reports/*"]}]
    volumes: {memory: {of: validator/memory, path: /memory, read_only: true}, drafts: {path: /drafts}}
`

// sweptSSM is the same stack with its secrets in parameters.
var sweptSSM = strings.Replace(swept, "nested: karmacadabra", "nested: karmacadabra, store: ssm", 1)

// sweptChanged is the same stack with one of everything changed: a port, a size,
// a tag, a retention, an endpoint more, an agent less and another one new.
var sweptChanged = strings.NewReplacer(
	"port: 9001", "port: 9101\n    cpu: 512\n    memory: 1024",
	"tags: {Project: karmacadabra}", "tags: {Project: karmacadabra, Team: agents}",
	"log_retention_days: 7", "log_retention_days: 14",
	"endpoints: [s3, logs]", "endpoints: [s3, logs, ecr.api]",
	"monthly_usd: 300", "monthly_usd: 400",
	"node:22-slim", "node:24-slim",
	"abracadabra:\n    port: 9003", "skill-extractor:\n    port: 9004",
).Replace(swept)

// all has the sweeps try every call instead of a spread of them (make sweep).
func all() bool { return os.Getenv("KARMACTL_SWEEP") == "all" }

// stride is the distance of the calls that a sweep tries: step of them in make
// test-race, which has a quarter of an hour, sixteen times as far in make test.
func stride(step int) int {
	switch {
	case all():
		return 1
	case testing.Short():
		return 16 * step
	}
	return step
}

// spread lists the calls that a sweep tries: the first, the last, and every
// step-th between.
func spread(last, step int) []int {
	step = stride(step)
	var out []int
	for n := 1; n < last; n += step {
		out = append(out, n)
	}
	return append(out, last)
}

// stage is one command of a stack's life.
type stage struct {
	name string
	yaml string
	down bool
	// agents are the agents that a down takes; none is all.
	agents []string
}

func life() []stage {
	return []stage{{name: "up", yaml: swept}, {name: "an up with changes", yaml: sweptChanged}, {name: "down", yaml: sweptChanged, down: true}}
}

// run is one command, as the user would start it; a dead process fails it.
func (b *stackBench) run(s stage) error {
	b.t.Helper()
	b.cfg = parse(b.t, s.yaml)
	stack := b.fresh(false)
	stack.DeleteImages = true
	w := b.walkOf(stack)
	w.Record = &mortal{Memory: b.rec, sim: b.sim}
	if len(s.agents) > 0 {
		w.Only = stack.OnlyOf(s.agents)
	}
	walk := w.Up
	if s.down {
		walk = w.Down
	}
	res, err := walk(context.Background())
	if err != nil {
		return err
	}
	return res.Err()
}

// undisturbed is what a life is compared with: what is there after each stage,
// and the calls that it made.
type undisturbed struct {
	inventory [][]string
	calls     [][]awssim.Call
	mutations []int
}

func clean(t *testing.T) *undisturbed {
	t.Helper()
	var out undisturbed
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		for _, s := range life() {
			b.sim.ResetCalls()
			if err := b.run(s); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			out.mutations = append(out.mutations, len(b.sim.Mutations()))
			out.calls = append(out.calls, b.sim.Calls())
			b.settled()
			out.inventory = append(out.inventory, b.inventory())
		}
	})
	return &out
}

// generated are the ids that AWS makes up, which differ from run to run.
var generated = regexp.MustCompile(`[0-9a-f]{12,}|[0-9a-f-]{36}`)

// inventory is what is there, whatever its ids.
func (b *stackBench) inventory() []string {
	all := b.sim.Inventory()
	for i := range all {
		all[i] = generated.ReplaceAllString(all[i], "#")
	}
	slices.Sort(all)
	return all
}

// settled lets what lingers go: interfaces of stopped tasks, the tasks of a
// deployment that was replaced.
func (b *stackBench) settled() {
	synctest.Wait()
	for range 4 { // the account moves when it is looked at: what one look begins, a later one ends
		time.Sleep(5 * time.Minute)
		b.sim.Inventory()
	}
}

// same fails when the account is not as after an undisturbed run, or when a
// plan is not empty.
func (b *stackBench) same(s stage, want []string, what string) {
	b.t.Helper()
	b.settled()
	if diff := cmp.Diff(want, b.inventory()); diff != "" {
		b.t.Errorf("%s: %s: the account is not as it should be (-should +is):\n%s", s.name, what, diff)
	}
	if s.down {
		return
	}
	if again := b.planStack(); again.Changes() {
		b.t.Errorf("%s: %s: the plan after it is not empty: %s", s.name, what, verbs(again))
	}
}

package agents

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, environment, src string) *Config {
	t.Helper()
	c, err := Parse("agents.yaml", []byte(src), environment)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return c
}

func TestAFileThatNamesOneAgentAndItsPortIsEnough(t *testing.T) {
	got := parse(t, "", "agents: {validator: {port: 9001}}")
	want := defaultConfig()
	want.File = "agents.yaml"
	want.Network.Namespace = "karmacadabra.local"
	want.Secrets.Nested = "karmacadabra"
	want.Agents = []Agent{{
		Name: "validator", Port: 9001, Public: true, Path: "/validator", StripPrefix: true, CPU: 256, Memory: 512, Arch: ArchX86,
		Spot:  Spot{Enabled: true, SpotWeight: 1},
		Scale: Scale{Min: 1, Max: 3, CPUPercent: 75, MemoryPercent: 80},
		Health: Health{
			Path: "/health", Interval: 10 * time.Second, Timeout: 5 * time.Second,
			Healthy: 2, Unhealthy: 3, Grace: time.Minute, Codes: "200-299",
		},
		Env:  map[string]string{"PORT": "9001", "AGENT_NAME": "validator"},
		Exec: true, Drain: 30 * time.Second, Container: Container{Init: true}, StopTimeout: 2 * time.Minute, RequestTimeout: time.Minute,
	}}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestAgentsMayShareAPort(t *testing.T) {
	// Service Connect wants each name and port to be unique together, and every task has an address of its own.
	got := parse(t, "", "agents: {web: {port: 8080}, api: {port: 8080, calls: [web]}}")
	if len(got.Agents) != 2 || got.Agents[0].Port != got.Agents[1].Port {
		t.Errorf("agents: %+v", got.Agents)
	}
}

func TestAnAgentWithoutAPortIsAWorkerAndOnlyThePublicOnesAreTheLoadBalancers(t *testing.T) {
	got := parse(t, "", "agents: {web: {port: 8080, calls: [memory]}, memory: {port: 7000, public: false}, bot: {calls: [memory]}, idle: }")
	var public []string
	for _, a := range got.Public() {
		public = append(public, a.Name)
	}
	if diff := cmp.Diff([]string{"web"}, public); diff != "" {
		t.Errorf("public agents (-want +got):\n%s", diff)
	}
	bot, _ := got.Agent("bot")
	if diff := cmp.Diff(map[string]string{"AGENT_NAME": "bot", "MEMORY_URL": "http://memory:7000"}, bot.Env); diff != "" {
		t.Errorf("the worker's environment (-want +got):\n%s", diff)
	}
}

func TestTheShippedFleet(t *testing.T) {
	c, err := Load("../../config/agents.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	ports := map[string]int{}
	for _, a := range c.Agents {
		ports[a.Name] = a.Port
		if len(a.Command) == 0 || a.Health.Container.Command == nil || a.Image == "" {
			t.Errorf("%s lacks a command, a health check or an image", a.Name)
		}
		for _, s := range a.Secrets {
			if !s.Optional {
				t.Errorf("%s needs %s, which the stand-in image does not", a.Name, s.Env)
			}
		}
	}
	want := map[string]int{"validator": 9001, "karma-hello": 9002, "abracadabra": 9003, "skill-extractor": 9004, "voice-extractor": 9005}
	if diff := cmp.Diff(want, ports); diff != "" {
		t.Error(diff)
	}
	if c.Stack() != "karmacadabra-prod" || c.Region != "us-east-1" || c.Budget.MonthlyUSD != "100" {
		t.Errorf("stack %s, region %s, budget %s", c.Stack(), c.Region, c.Budget.MonthlyUSD)
	}
}

func TestTheFullFleetIsTheShippedOneWithEverythingOn(t *testing.T) {
	plain, err := Load("../../config/agents.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	full, err := Load("../../config/agents.full.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	plain.File = full.File
	plain.Budget.MonthlyUSD = "200"
	plain.Network.Endpoints = []string{"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}
	plain.Observability.ContainerInsights = InsightsOn
	plain.Observability.XRay = true
	for _, a := range plain.Agents {
		a.Env["OTEL_SERVICE_NAME"] = "karmacadabra-prod-" + a.Name
		a.Env["OTEL_EXPORTER_OTLP_ENDPOINT"], a.Env["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http://localhost:4318", "http/protobuf"
	}
	for i, a := range full.Agents {
		if len(a.Sidecars) != 1 || a.Sidecars[0].Name != "tracing" {
			t.Errorf("%s has the sidecars %v, want tracing", a.Name, a.Sidecars)
		}
		plain.Agents[i].Sidecars = a.Sidecars
	}
	if diff := cmp.Diff(plain, full); diff != "" {
		t.Errorf("they differ elsewhere (-shipped +full):\n%s", diff)
	}
}

func TestTheTemplateIsTheShippedFile(t *testing.T) {
	shipped, err := os.ReadFile("../../config/agents.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(shipped) != string(Template()) {
		t.Error("Template differs from config/agents.yaml")
	}
}

const everything = `
project: hello
environment: staging
region: eu-west-1
state: s3://my-bucket/prefix
tags: {Owner: me, Count: 3}
permissions_boundary: arn:aws:iam::123456789012:policy/team/boundary
role_path: /team/agents/
registries: {ghcr.io: acme/ghcr, "registry.example.com:5000": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:acme/own-AbCdEf"}
budget: {monthly_usd: 99.50, emails: [ops@example.com]}
network: {cidr: 10.1.0.0/16, azs: [eu-west-1a, eu-west-1b, eu-west-1c], nat: per-az, ipv6: true, endpoints: [s3, logs], endpoint_azs: one, namespace: agents.internal}
load_balancer: {internal: true, allow: [203.0.113.0/24], idle_timeout: 2m, strip_prefix: true, deletion_protection: true, access_logs: my-logs, domain: agents.example.com, zone: example.com, certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"}
observability:
  log_retention_days: 30
  container_insights: enhanced
  xray: true
  dashboard: true
  error_metric: true
  alarms: {enabled: true, kinds: [high-cpu, unhealthy], cpu: 90, memory: 91, min_healthy: 2, emails: [ops@example.com], topics: ["arn:aws:sns:eu-west-1:123456789012:on-call"]}
  queries: {slow: "fields @timestamp | sort @timestamp desc"}
secrets: {nested: old/all, entry: "{agent}", store: ssm}
hooks: {before_up: [make, check], after_up: [./tell.sh, up], before_deploy: [make, test], after_deploy: [./tell.sh], before_down: [make, backup], timeout: 2m}
usage: {nat_gb: 1, logs_gb: 2, images_gb: 3.5, efs_gb: 2, egress_gb: 4, cross_az_gb: 5, lcu: 0.5, traces_m: 6, free_tier: true}
jobs:
  nightly: {agent: a, command: [python, digest.py], schedule: every day at 03:00, timezone: Europe/Berlin, cpu: 256, memory: 512, timeout: 30m}
  weekly: {image: "public.ecr.aws/docker/library/{agent}:1", arch: arm64, command: [run], schedule: "rate(7 days)", env: {LEVEL: debug}, secrets: {KEY: key}, permissions: [{policy: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}], entrypoint: [tini, --], workdir: /app, user: 1000:1000, read_only: true, init_process: true, storage: 30, stop_timeout: 90s}
schedules:
  night: {days: [MON, WED-FRI], start: 22:00, stop: "06:00", timezone: Europe/Berlin, agents: [a]}
agents:
  a:
    port: 8080
    cpu: 1024
    memory: 4096
    arch: arm64
    spot: {base: 1, spot: 3, on_demand: 1, fallback: 5m}
    scale: {min: 2, max: 6, cpu: 60, memory: 70, requests: 1000, queue: {name: acme-jobs, per_task: 5}}
    health: {path: "/ok?x=1", interval: 30s, timeout: 20s, healthy: 3, unhealthy: 4, grace: 90s, codes: "200-299,406", command: {run: [CMD, /bin/check], interval: 20s, timeout: 3s, retries: 2, start: 60s}}
    env: {LEVEL: debug, DEBUG: true, N: 1.50}
    secrets: {KEY: key, OTHER: {from: existing, key: k, optional: true}}
    command: [run, 1]
    image: registry.example.com:5000/team/{agent}:1.2
    build: {context: src, dockerfile: Dockerfile.agent, target: final, args: {AGENT_NAME: "{agent}"}}
    path: /chat
    hosts: [chat.example.com]
    strip_prefix: true
    calls: all
    entrypoint: [tini, --]
    service: acme-validator
    workdir: /app
    user: 1000:1000
    init_process: true
    ulimits: {nofile: 65536}
    storage: 50
    sidecars:
      redis: {image: "public.ecr.aws/docker/library/{agent}:8", entrypoint: [tini, --], command: [redis-server], env: {LEVEL: debug}, secrets: {PASSWORD: {from: existing, key: k, optional: true}}, health: [CMD, redis-cli, ping], essential: true, cpu: 128, memory: 256, volumes: {memory: {read_only: true}}}
      helper: {command: [python, help.py], essential: false, wait: none}
    volumes:
      memory: {path: /data}
      models: {path: /models, efs: fs-0a1b2c3d4e5f60718, directory: /small, read_only: true}
      notes: {path: /notes, efs: fs-0a1b2c3d4e5f60718, access_point: fsap-0a1b2c3d4e5f60718}
      shared: {path: /shared, of: b/state}
      scratch: {path: /scratch, ephemeral: true}
    release: [python, release.py]
    init: [{name: migrate, command: [python, migrate.py]}, {name: restore, image: "ghcr.io/acme/restore:2"}]
    drain: 2m
    stickiness: 1h
    permissions: [{policy: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}, {allow: [s3:PutObject], on: ["arn:aws:s3:::acme-{agent}/*"]}]
    exec: true
    stop_timeout: 45s
    request_timeout: 90s
  b: {port: 8081, spot: false, read_only: true, volumes: {state: {path: /state}}}
`

func TestEveryFieldOfConfigCanBeSaid(t *testing.T) {
	c := parse(t, "", everything)
	// A network is made, or it is there already: no file says both.
	there := parse(t, "", regexp.MustCompile(`(?m)^network: .*$`).ReplaceAllString(everything, "network: {vpc: vpc-0a1b2c3d, public: [subnet-0a1b2c31, subnet-0a1b2c32], private: [subnet-0a1b2c33]}")).Network
	c.Network.VPC, c.Network.Public, c.Network.Private = there.VPC, there.Public, there.Private
	c.Pattern = parse(t, "pr-1", patterned).Pattern // everything is of the environment that its file is of
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		if v.IsZero() {
			t.Errorf("%s is not set by a file that says everything", path)
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			walk(path, v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	a, night := c.Agents[0], c.Schedules["night"]
	a.Container.ReadOnly = c.Agents[1].Container.ReadOnly // no agent can have exec and read_only
	redis := a.Sidecars[1]
	redis.Timer = true // a job's has it
	other := redis.Secrets[0]
	walk("Config", reflect.ValueOf(*c))
	walk("Agent", reflect.ValueOf(a))
	walk("Schedule", reflect.ValueOf(night))
	walk("Sidecar", reflect.ValueOf(redis))
	walk("Secret", reflect.ValueOf(other))
	models := a.Volumes[1]
	models.AccessPoint, models.Ephemeral, models.Of = a.Volumes[2].AccessPoint, a.Volumes[3].Ephemeral, a.Volumes[4].Of // no volume says all
	walk("Volume", reflect.ValueOf(models))
	walk("Mounted", reflect.ValueOf(redis.Volumes[0]))
	if night.Days != "MON,WED-FRI" || night.Start != "22:00" || a.Image != "registry.example.com:5000/team/a:1.2" || a.Build.Args["AGENT_NAME"] != "a" {
		t.Errorf("schedule %+v, image %s, build %+v", night, a.Image, a.Build)
	}
	weekly := c.Jobs["weekly"]
	walk("Container", reflect.ValueOf(Container{Entrypoint: weekly.Own.Container.Entrypoint, WorkDir: weekly.Own.Container.WorkDir, User: weekly.Own.Container.User, ReadOnly: weekly.Own.Container.ReadOnly, Init: weekly.Own.Container.Init, OpenFiles: 1, StorageGiB: weekly.Own.Container.StorageGiB}))
	if own := weekly.Own; own.Image != "public.ecr.aws/docker/library/weekly:1" || own.Arch != ArchARM || own.StopTimeout != 90*time.Second || own.Env["AGENT_NAME"] != "weekly" || own.Env["LEVEL"] != "debug" || len(own.Secrets) != 1 || len(own.Permissions) != 1 || weekly.CPU != 256 || weekly.Memory != 512 {
		t.Errorf("the job with an image is %+v", weekly)
	}
	want := map[string]string{
		"LEVEL": "debug", "DEBUG": "true", "N": "1.50", "PORT": "8080", "AGENT_NAME": "a", "B_URL": "http://b:8081", "OTEL_SERVICE_NAME": c.Stack() + "-a",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
	}
	if diff := cmp.Diff(want, a.Env); diff != "" {
		t.Error(diff)
	}
	var order []string
	for _, s := range a.Containers() {
		order = append(order, s.Name+" "+string(s.Wait))
	}
	if diff := cmp.Diff([]string{"migrate ", "restore ", "helper none", "redis healthy", "tracing start"}, order); diff != "" {
		t.Error(diff)
	}
	if redis.Image != "public.ecr.aws/docker/library/a:8" || redis.Health.Interval != 30*time.Second || redis.Health.Retries != 4 {
		t.Errorf("the sidecar is %+v", redis)
	}
	if c.Network.AZs != 3 || c.Agents[1].StopTimeout != 30*time.Second || c.Agents[1].RequestTimeout != c.LoadBalancer.IdleTimeout {
		t.Errorf("azs %d, stop timeout on demand %s, request timeout %s", c.Network.AZs, c.Agents[1].StopTimeout, c.Agents[1].RequestTimeout)
	}
}

func TestContainerInsightsTakesWordsAndBooleans(t *testing.T) {
	for said, want := range map[string]Insights{"off": InsightsOff, "on": InsightsOn, "true": InsightsOn, "false": InsightsOff, "enhanced": InsightsEnhanced} {
		c := parse(t, "", "observability: {container_insights: "+said+"}\nagents: {a: {port: 1}}")
		if got := c.Observability.ContainerInsights; got != want {
			t.Errorf("%s is read as %s", said, got)
		}
	}
}

func TestAMissingFileNamesThePathsAndInit(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Load("", "")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	want := "there is no config/agents.yaml and no agents.yaml"
	if err.Error() != want {
		t.Errorf("got %q", err)
	}
	if err := os.WriteFile("agents.yaml", []byte("agents: {a: {port: 1}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load("", ""); err != nil || c.File != "agents.yaml" {
		t.Errorf("the second default is not tried: %v", err)
	}
	if _, err := Load(filepath.Join("x", "y.yaml"), ""); err == nil || !strings.Contains(err.Error(), "y.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestFargateSizesAreThoseOfAWS(t *testing.T) {
	counts := map[int]int{256: 3, 512: 4, 1024: 7, 2048: 13, 4096: 23, 8192: 12, 16384: 12}
	for _, cpu := range FargateCPU() {
		if got := len(FargateMemory(cpu)); got != counts[cpu] {
			t.Errorf("cpu %d goes with %d sizes, want %d", cpu, got, counts[cpu])
		}
	}
	if FargateMemory(300) != nil {
		t.Error("cpu 300 is no Fargate size")
	}
}

func TestAContainersCheckFollowsTheLoadBalancersWithinECSsLimits(t *testing.T) {
	const file = `
agents:
  slow: {port: 1, health: {interval: 2m, timeout: 90s, unhealthy: 5, grace: 10m, command: check}}
  own: {port: 2, health: {command: {run: [CMD, check], interval: 15s, timeout: 4s, retries: 2, start: 120s}}}
  none: {port: 3}
`
	c := parse(t, "", file)
	for i, want := range []ContainerCheck{
		{Command: []string{"CMD-SHELL", "check"}, Interval: 2 * time.Minute, Timeout: 60 * time.Second, Retries: 5, Start: 300 * time.Second},
		{Command: []string{"CMD", "check"}, Interval: 15 * time.Second, Timeout: 4 * time.Second, Retries: 2, Start: 120 * time.Second},
		{},
	} {
		if diff := cmp.Diff(want, c.Agents[i].Health.Container); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.Agents[i].Name, diff)
		}
	}
	if slow := c.Agents[0].Health; slow.Timeout != 90*time.Second || slow.Grace != 10*time.Minute {
		t.Errorf("the load balancer's check is %s and %s, not as the file has it", slow.Timeout, slow.Grace)
	}
}

func TestAnEnvironmentNameIsWhateverECSTakes(t *testing.T) {
	c := parse(t, "", "agents: {search: {port: 9200, env: {discovery.type: single-node, LOG-LEVEL: debug, 2FA: x}, health: {codes: 200}}}")
	for name, want := range map[string]string{"discovery.type": "single-node", "LOG-LEVEL": "debug", "2FA": "x"} {
		if got := c.Agents[0].Env[name]; got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if codes := c.Agents[0].Health.Codes; codes != "200" {
		t.Errorf("codes are %q", codes)
	}
}

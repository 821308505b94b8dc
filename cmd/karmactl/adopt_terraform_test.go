package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// instances is a resource of Terraform's state with its instances, each as KEY ATTRIBUTES.
func instances(address string, of ...string) string {
	module, kind := "", address
	if i := strings.LastIndex(address, ".aws_"); i >= 0 {
		module, kind = fmt.Sprintf(`"module": %q, `, address[:i]), address[i+1:]
	}
	kind, name, _ := strings.Cut(kind, ".")
	return fmt.Sprintf(`{%s"mode": "managed", "type": %q, "name": %q, "instances": [%s]}`, module, kind, name, strings.Join(of, ","))
}

func instance(key, attributes string) string {
	if key != "" {
		key = `"index_key": ` + key + ", "
	}
	return "{" + key + `"attributes": {` + attributes + "}}"
}

// The state has two resources of one name, or parts of what was taken, or what was not
// taken: only what karmactl has now is let go of.
func TestTerraformIsToldToLetGoOfExactlyWhatWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		o.must("", takeIt...)
		id := func(key string) string {
			for line := range strings.Lines(said(t, o, "state", "list")) {
				if k, v, _ := strings.Cut(strings.TrimSpace(line), " "); k == key {
					return strings.TrimSpace(v)
				}
			}
			t.Fatalf("the state has no %s", key)
			return ""
		}
		table := id("route-table/public")
		service := func(agent string) string {
			return instance(`"`+agent+`"`, fmt.Sprintf(`"id": %q, "name": "acme-prod-%s"`, id("service/"+agent), agent))
		}
		state := terraformFile(t,
			instances("aws_ecs_cluster_capacity_providers.this", instance("", `"id": "acme-prod", "cluster_name": "acme-prod"`)),
			instances("aws_ecs_cluster.this", instance("", `"id": "arn:aws:ecs:us-east-1:123456789012:cluster/acme-prod", "name": "acme-prod"`)),
			instances("module.net.aws_route.public", instance("", fmt.Sprintf(`"id": "r-1", "route_table_id": %q, "destination_cidr_block": "0.0.0.0/0"`, table))),
			instances("module.net.aws_route_table_association.public",
				instance("0", fmt.Sprintf(`"id": "rtbassoc-1", "subnet_id": %q, "route_table_id": %q`, id("subnet/public-us-east-1a"), table)),
				instance("1", `"id": "rtbassoc-2", "subnet_id": "subnet-0fff", "route_table_id": "rtb-0fff"`)),
			instances("aws_ecs_service.agent", service("chat"), service("seller"), service("validator")),
			instances("aws_ecs_task_definition.agent", instance(`"chat"`, `"id": "acme-prod-chat", "family": "acme-prod-chat", "arn": "arn:aws:ecs:us-east-1:123456789012:task-definition/acme-prod-chat:1"`)),
			instances("aws_appautoscaling_policy.cpu", instance(`"chat"`, `"id": "acme-prod-chat-high-cpu", "name": "acme-prod-chat-cpu-autoscaling", "resource_id": "service/acme-prod/acme-prod-chat", "service_namespace": "ecs", "scalable_dimension": "ecs:service:DesiredCount"`)),
			instances("aws_security_group_rule.in", instance("", fmt.Sprintf(`"id": "sgrule-1", "security_group_id": %q`, id("sg/alb")))),
			instances("aws_iam_role.execution", instance("", `"id": "acme-prod-ecs-execution-20250611083000000000000002"`)),
			instances("aws_s3_bucket.other", instance("", `"id": "acme-prod"`)))
		golden(t, "adopt_let_go.txt", said(t, o, "adopt", "--from", state, "--yes"))
		golden(t, "adopt_undo.txt", said(t, o, "adopt", "--undo", "--from", state, "--yes"))
	})
}

// said is what a command that succeeds says.
func said(t *testing.T, o *office, args ...string) string {
	t.Helper()
	code, out := o.run("", args...)
	if code != 0 {
		t.Fatalf("%v exits %d:\n%s", args, code, out)
	}
	return out
}

// golden compares a text with a file of testdata; UPDATE_SCRIPTS=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join("testdata", name)
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func TestAnAddressLosesTheKeysOfItsInstances(t *testing.T) {
	for address, want := range map[string]string{
		"aws_vpc.main":                                 "aws_vpc.main",
		`aws_ecs_service.agent["a]b\"c"]`:              "aws_ecs_service.agent",
		`module.net["eu"].module.x[0].aws_subnet.p[1]`: "module.net.module.x.aws_subnet.p",
	} {
		if got := withoutKeys(address); got != want {
			t.Errorf("%s: %s, not %s", address, got, want)
		}
	}
}

package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/state"
)

var updatePolicy = flag.Bool("update-policy", false, "rewrite docs/iam-policy-*.json")

// maxManagedPolicy is IAM's limit on a managed policy, white space not counted:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxManagedPolicy = 6144

// maxInlinePolicies is the same of all inline policies of a role together.
const maxInlinePolicies = 10240

// serviceIDs are the SDK's service ids by the package's name.
var serviceIDs = map[string]string{
	"acm": "ACM", "applicationautoscaling": "Application Auto Scaling", "autoscaling": "Auto Scaling", "budgets": "Budgets", "cloudwatch": "CloudWatch",
	"cloudwatchlogs": "CloudWatch Logs", "costexplorer": "Cost Explorer", "ec2": "EC2", "ecr": "ECR", "ecs": "ECS", "efs": "EFS", "eventbridge": "EventBridge",
	"elasticloadbalancingv2": "Elastic Load Balancing v2", "iam": "IAM", "pricing": "Pricing",
	"resourcegroupstaggingapi": "Resource Groups Tagging API", "route53": "Route 53", "s3": "S3", "scheduler": "Scheduler", "sfn": "SFN",
	"secretsmanager": "Secrets Manager", "servicediscovery": "ServiceDiscovery", "servicequotas": "Service Quotas",
	"sns": "SNS", "ssm": "SSM", "sts": "STS", "xray": "XRay",
}

// asked are the permissions for all calls in the product's sources, with those
// that AWS asks on the caller's behalf: where there is a call, its input type is written.
func asked(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, root := range []string{"../../cmd", ".."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "awssim" || d.Name() == "wire" || d.Name() == "testdata" || d.Name() == "logstest"):
				return fs.SkipDir
			case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			all = append(all, askedIn(t, f)...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	all = append(all, awssim.RegistryNeeds()...) // pushes are no calls of the SDK
	all = append(all, "iam:PassRole")
	slices.Sort(all)
	return slices.Compact(all)
}

func askedIn(t *testing.T, f *ast.File) []string {
	t.Helper()
	services := map[string]string{}
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(path, "github.com/aws/aws-sdk-go-v2/service/")
		if !ok || strings.Contains(name, "/") {
			continue
		}
		id, ok := serviceIDs[name]
		if !ok {
			t.Fatalf("%s is not in the table of services", name)
		}
		if i.Name != nil {
			name = i.Name.Name
		}
		services[name] = id
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := s.X.(*ast.Ident); ok && services[pkg.Name] != "" {
				if op, ok := strings.CutSuffix(s.Sel.Name, "Input"); ok && op != "" {
					all = append(all, awssim.Needs(services[pkg.Name], op)...)
				}
			}
		}
		return true
	})
	return all
}

func TestTheOperatorsPoliciesAreWhatTheProductAsks(t *testing.T) {
	actions := asked(t)
	own := operatorPolicies(actions)
	inline := 0 // are the inline policies of the role that ci github makes
	for name, d := range map[string]document{"iam-policy-read.json": own.read, "iam-policy-change.json": own.change, "iam-policy-network.json": own.network, "iam-policy-ci.json": ciPolicy(actions)} {
		want, file := d.text(t), filepath.Join("..", "..", "docs", name)
		var small bytes.Buffer
		if err := json.Compact(&small, []byte(want)); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s has %d of %d characters", name, small.Len(), maxManagedPolicy)
		if name != "iam-policy-ci.json" {
			inline += small.Len()
		}
		if small.Len() > maxManagedPolicy-500 {
			t.Errorf("%s has %d characters, IAM takes %d, and the next resource needs room", name, small.Len(), maxManagedPolicy)
		}
		if *updatePolicy {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("docs/%s is not what the product asks; make gen rewrites it (-want +got):\n%s", name, diff)
		}
	}
	t.Logf("together they have %d of %d characters", inline, maxInlinePolicies)
	if inline > maxInlinePolicies-500 {
		t.Errorf("they have %d characters, and IAM takes %d in a role", inline, maxInlinePolicies)
	}
}

// The simulated account decides every call, every request of its registry and
// what AWS asks on the caller's behalf by these documents.
func TestAnOperatorWithThePublishedPoliciesMayDoAll(t *testing.T) {
	own := operatorPolicies(asked(t))
	for name, cfg := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, cfg)
				b.as(own.read)
				shown := b.planStack()
				b.as(own.all()...)
				b.upStack(shown)
				b.as(own.read)
				if res := b.planStack(); res.Changes() {
					t.Errorf("the plan of who may only look has changes: %s", verbs(res))
				}
				b.as(own.all()...)
				b.downStack()
				if n := len(b.sim.Decided()); n < 60 {
					t.Errorf("only %d permissions were decided", n)
				}
			})
		})
	}
}

// as has the account know its caller by these documents.
func (b *stackBench) as(documents ...document) {
	b.t.Helper()
	var texts []string
	for _, d := range documents {
		texts = append(texts, d.text(b.t))
	}
	if err := b.sim.Edit(func(w *awssim.World) { w.Operator.Policies = texts }); err != nil {
		b.t.Fatal(err)
	}
}

// What is missing is named as AWS names it, with what forbids it.
func TestALoadBalancerNeedsWhatAWSAsksForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleet(t, 1))
		b.as(operatorPolicies(slices.DeleteFunc(asked(t), func(a string) bool { return a == "ec2:GetSecurityGroupsForVpc" })).all()...)
		res, err := b.walkOf(b.fresh(false)).Up(context.Background())
		if err == nil {
			err = res.Err()
		}
		if err == nil || !strings.Contains(err.Error(), "is not authorized to perform: ec2:GetSecurityGroupsForVpc on resource: * because no identity-based policy allows the ec2:GetSecurityGroupsForVpc action") {
			t.Errorf("got %v", err)
		}
	})
}

// The user's own nested secret may be under a key of the user's own, of which Secrets
// Manager does not say which right is missing.
func TestASecretUnderTheUsersOwnKeyNeedsTheRightToDecrypt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.edit(func(w *awssim.World) {
			w.Secrets["karmacadabra"].KeyID = "arn:aws:kms:us-east-1:123456789012:key/8c1ff5f4-5cd1-4d2c-9d0e-3a3f4d5a6b7c"
		})
		own := operatorPolicies(asked(t))
		without := own
		without.read.Statement = slices.DeleteFunc(slices.Clone(own.read.Statement), func(a allow) bool { return a.Sid == "Keys" })
		b.as(without.all()...)
		var p *cloud.Problem
		err := cloud.Explain(b.attempt().Err(), cloud.Account{})
		if !errors.As(err, &p) || !strings.Contains(p.What, "permission kms:Decrypt is missing") || !strings.Contains(p.Do, "the key's own policy") {
			t.Errorf("without it: %v", err)
		}
		b.as(own.all()...)
		b.upStack(nil)
	})
}

// A state bucket of the user's own may encrypt with a key of the user's own.
func TestAStateUnderTheUsersOwnKeyNeedsTheRightsToEncryptAndDecrypt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.edit(func(w *awssim.World) {
			w.Buckets["karmactl-ours"] = &awssim.Bucket{
				Name: "karmactl-ours", Owner: w.Account, Region: w.Region, Objects: map[string][]*awssim.Object{},
				Encryption: "aws:kms", Key: "arn:aws:kms:us-east-1:123456789012:key/8c1ff5f4-5cd1-4d2c-9d0e-3a3f4d5a6b7c",
			}
		})
		store := state.NewS3(b.home.Clients.S3, state.S3Options{Bucket: "karmactl-ours", Prefix: "prod", Owner: "123456789012", Clock: b.home.Clock})
		own := operatorPolicies(asked(t))
		for _, c := range []struct {
			keys    bool
			missing string
			try     func() error
		}{
			{false, "kms:GenerateDataKey", func() error { _, err := store.Write(t.Context(), []byte("{}"), ""); return err }},
			{true, "", func() error { _, err := store.Write(t.Context(), []byte("{}"), ""); return err }},
			{false, "kms:Decrypt", func() error { _, _, err := store.Read(t.Context()); return err }},
			{true, "", func() error { _, _, err := store.Read(t.Context()); return err }},
		} {
			var policies []document
			for _, p := range own.all() {
				if !c.keys {
					p.Statement = slices.DeleteFunc(slices.Clone(p.Statement), func(a allow) bool { return a.Sid == "Keys" })
				}
				policies = append(policies, p)
			}
			b.as(policies...)
			err := c.try()
			var p *cloud.Problem
			if c.missing == "" && err != nil || c.missing != "" && (!errors.As(cloud.Explain(err, cloud.Account{}), &p) || !strings.Contains(p.What, "permission "+c.missing+" is missing")) {
				t.Errorf("with the right to use keys %t, want %q missing: %v", c.keys, c.missing, err)
			}
		}
	})
}

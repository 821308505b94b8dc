package stack

import (
	"bytes"
	"encoding/json"
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

	"github.com/karmacadabra/karmactl/internal/cloud"
)

var updatePolicy = flag.Bool("update-policy", false, "rewrite docs/iam-policy.json")

// maxManagedPolicy is IAM's limit on a managed policy, white space not counted:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxManagedPolicy = 6144

// allow is a statement of the operator's policy.
type allow struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// serviceIDs are the SDK's service ids by the package's name.
var serviceIDs = map[string]string{
	"acm": "ACM", "applicationautoscaling": "Application Auto Scaling", "budgets": "Budgets", "cloudwatch": "CloudWatch",
	"cloudwatchlogs": "CloudWatch Logs", "costexplorer": "Cost Explorer", "ec2": "EC2", "ecr": "ECR", "ecs": "ECS",
	"elasticloadbalancingv2": "Elastic Load Balancing v2", "iam": "IAM", "pricing": "Pricing",
	"resourcegroupstaggingapi": "Resource Groups Tagging API", "route53": "Route 53", "s3": "S3",
	"secretsmanager": "Secrets Manager", "servicediscovery": "ServiceDiscovery", "servicequotas": "Service Quotas",
	"sns": "SNS", "ssm": "SSM", "sts": "STS", "xray": "XRay",
}

// permissionsFor are the IAM actions that a call needs.
func permissionsFor(service, operation string) []string {
	switch service {
	case "STS":
		return nil // GetCallerIdentity cannot be denied
	case "Budgets": // has two actions for all that is not about tags
		if strings.HasPrefix(operation, "Describe") {
			return []string{"budgets:ViewBudget"}
		}
		if !strings.HasSuffix(operation, "Resource") {
			return []string{"budgets:ModifyBudget"}
		}
	}
	actions := []string{cloud.Action(service, operation)}
	switch service + "." + operation {
	case "S3.GetObject":
		actions = append(actions, "s3:GetObjectVersion") // state restore
	case "S3.DeleteObject":
		actions = append(actions, "s3:DeleteObjectVersion") // an emptied state bucket
	case "EC2.CreateVpcEndpoint":
		actions = append(actions, "route53:AssociateVPCWithHostedZone") // private DNS
	}
	return actions
}

// asked are the permissions for all calls in the product's sources: where there
// is a call, its input type is written.
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
					all = append(all, permissionsFor(services[pkg.Name], op)...)
				}
			}
		}
		return true
	})
	return all
}

// operatorPolicy grants actions, sorted by service: Read is what a plan needs,
// Values reads secrets and parameters, State is the state bucket's, Change is what up and down
// add. What only describes is joined under a wildcard, without which the policy
// would be larger than IAM takes; what reads values never is.
func operatorPolicy(actions []string) []allow {
	var read, change, values, state []string
	for _, a := range actions {
		service, op, _ := strings.Cut(a, ":")
		switch {
		case a == "iam:CreateServiceLinkedRole": // has its own condition
		case service == "s3":
			state = append(state, a)
		case a == "secretsmanager:GetSecretValue", a == "ssm:GetParameter":
			values = append(values, a)
		case strings.HasPrefix(op, "Describe"):
			read = append(read, service+":Describe*")
		case strings.HasPrefix(op, "List"):
			read = append(read, service+":List*")
		case strings.HasPrefix(op, "Get") || strings.HasPrefix(op, "View"):
			read = append(read, a)
		default:
			change = append(change, a)
		}
	}
	only := func(key string, values ...string) map[string]map[string][]string {
		return map[string]map[string][]string{"StringEquals": {key: values}}
	}
	whole := []string{"*"}
	all := []allow{
		{Sid: "Read", Action: slices.Compact(read), Resource: whole},
		{Sid: "Values", Action: values, Resource: whole},
		{Sid: "State", Action: state, Resource: []string{"arn:*:s3:::karmactl-*"}},
		{Sid: "Change", Action: change, Resource: whole},
		{Sid: "PassRoles", Action: []string{"iam:PassRole"}, Resource: whole, Condition: only("iam:PassedToService", "ecs-tasks.amazonaws.com")},
		{
			Sid: "LinkedRoles", Action: []string{"iam:CreateServiceLinkedRole"}, Resource: whole,
			Condition: only("iam:AWSServiceName", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com"),
		},
	}
	for i := range all {
		all[i].Effect = "Allow"
	}
	return all
}

// allows tells whether the policy has the action.
func allows(policy []allow, action string) bool {
	return slices.ContainsFunc(policy, func(s allow) bool {
		return slices.ContainsFunc(s.Action, func(a string) bool {
			prefix, wild := strings.CutSuffix(a, "*")
			return a == action || wild && strings.HasPrefix(action, prefix)
		})
	})
}

func TestTheOperatorsPolicyIsWhatTheProductAsks(t *testing.T) {
	want, err := json.MarshalIndent(struct {
		Version   string
		Statement []allow
	}{"2012-10-17", operatorPolicy(asked(t))}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	var small bytes.Buffer
	if err := json.Compact(&small, want); err != nil {
		t.Fatal(err)
	}
	if small.Len() > maxManagedPolicy {
		t.Errorf("the policy has %d characters, IAM takes %d", small.Len(), maxManagedPolicy)
	}
	file := filepath.Join("..", "..", "docs", "iam-policy.json")
	if *updatePolicy {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/iam-policy.json is not what the product asks; make gen rewrites it (-want +got):\n%s", diff)
	}
}

func TestTheOperatorsPolicyAllowsEveryCallOfTheScenarios(t *testing.T) {
	policy := operatorPolicy(asked(t))
	for _, name := range []string{"everything on", "with a domain", "parameters and mail"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := scenarios(t)[name]
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, cfg)
				b.planStack()
				b.upStack(nil)
				b.downStack()
				if len(b.sim.Calls()) < 100 {
					t.Fatalf("there were only %d calls", len(b.sim.Calls()))
				}
				for _, c := range b.sim.Calls() {
					for _, action := range permissionsFor(c.Service, c.Operation) {
						if !allows(policy, action) {
							t.Errorf("%s needs %s, which the policy does not allow", c.Name(), action)
						}
					}
				}
			})
		})
	}
}

package document_test

import (
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
)

var at = time.Date(2026, 11, 28, 15, 4, 5, 0, time.UTC)

// samples are one document of each kind: a golden each, and the examples of docs/json.md.
func samples() map[string]any {
	one, errors, half := 1, 3, 12.5
	summary := document.Summary{Create: 1, Update: 1, Unchanged: 112}
	changes := []document.Change{{
		Key: "task-definition/validator", Kind: "task-definition", Group: "agents", Agent: "validator", Verb: "update",
		Fields: []document.Field{{Field: "memory", Was: "512", Now: "1024"}},
	}}
	month := document.Range{Low: "78.00", Expected: "79.27", High: "129.00"}
	waiting := []document.Waiting{{Agent: "needy", Reason: "no value for its secret api_key (API_KEY)", Command: "karmactl secrets set needy api_key"}}
	return map[string]any{
		"Plan": document.Plan{
			Head: document.Of("Plan"), Stack: "karmacadabra-prod", Region: "us-east-1", Account: "123456789012", File: "config/agents.yaml",
			Summary: summary, Changes: changes, Waiting: waiting, Warnings: document.Warn("plain HTTP: send no keys through these URLs"),
			Cost: &document.PlanCost{
				Monthly: month, Delta: "2.87", PricesAsOf: "2026-09-11", Region: "us-east-1", Budget: "100",
				BestSaving: &document.BestSaving{Name: "no-nat", How: "network: {nat: none}", Monthly: "18.70", Risk: "tasks get public addresses, and outgoing ones change"},
				Lines:      []document.CostLine{{Name: "nat", About: "1 gateway + 1 address", Range: month}},
			},
		},
		"Result": document.Result{
			Head: document.Of("Result"), Outcome: "failed", Summary: summary, URLs: map[string]string{"validator": "http://example.com/validator/"}, Waiting: waiting,
			Failed:  []document.Problem{{Key: "service/worker", Error: "its image is not there", Suggestion: "push the image", Log: []string{"KeyError: 'PRIVATE_KEY'"}}},
			Blocked: []document.Problem{{Key: "alarm/worker/few-healthy", Error: "service/worker failed"}},
		},
		"Event": document.Event{
			Head: document.Of("Event"), At: "2026-11-28T15:04:05.25Z", Key: "deployment/validator", Phase: "waiting", Verb: "rollout", Detail: "rev 3: 1 of 1 runs",
			Rollout: &document.Rollout{
				Revisions: []document.RolloutRevision{{Revision: 3, State: "in progress", Desired: 1, Running: 1}},
				Tasks:     []document.RolloutTask{{ID: "0f1e2d", Revision: 3, Phase: "is healthy"}},
			},
		},
		"Deployment": document.Deployment{Head: document.Of("Deployment"), Deployed: document.Deployed{
			Agent: "validator", Revision: 3, Previous: 2, Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/karmacadabra/validator@sha256:4f5e", Tag: "v1.4.2", Outcome: "rolled_back",
			Reason: "tasks failed to start", ExitCode: &one, StoppedReason: "Essential container in task exited", Cause: "the program exits", Task: "0f1e2d",
			Log: []string{"KeyError: 'PRIVATE_KEY'"}, Fix: "karmactl secrets set validator private_key",
		}},
		"Error": document.Error{
			Head: document.Of("Error"), Code: 64, Message: "agents.yaml is not valid",
			Problems: []document.FileProblem{{File: "config/agents.yaml", Line: 7, Column: 9, Message: "port 80000", Allowed: "1 to 65535"}},
		},
		"Cost": document.Cost{
			Head: document.Of("Cost"), Stack: "karmacadabra-prod", Region: "us-east-1", Monthly: month, PricesAsOf: "2026-09-11", SpotAsOf: "2026-09-11", Budget: "100",
			Missing: []string{}, Components: []document.CostComponent{{
				Key: "nat/us-east-1a", Noun: "nat_gateway", Item: "NAT gateway", Unit: "hour", Quantity: "730", UnitPrice: "0.045", Monthly: "32.85", Low: "32.85", High: "32.85",
			}},
			Agents: []document.CostShare{{Name: "validator", Monthly: "2.87", Low: "2.87", High: "13.60"}}, Nouns: []document.CostShare{},
		},
		"Doctor": document.Doctor{
			Head: document.Of("Doctor"), Stack: "karmacadabra-prod", Region: "us-east-1", Passed: []string{"quotas"},
			Findings: []document.Finding{{
				Agent: "validator", Check: "start", Problem: "0 of 1 tasks run", Cause: "its image is not there", Evidence: []string{"CannotPullContainerError"}, Fix: "karmactl deploy validator",
			}},
		},
		"Status": document.Status{
			Head: document.Of("Status"), Stack: "karmacadabra-prod", Region: "us-east-1", At: at,
			Agents: []document.AgentStatus{{
				Name: "validator", Desired: 1, Running: 1, Revision: 3, Image: "sha256:4f5e", Healthy: 1, Spot: 1,
				CPU: &document.Usage{Now: 12.5, Hour: []*float64{nil, &half}}, Errors5xx: &errors, LastEvent: &document.LastEvent{At: at, Message: "has reached a steady state"},
			}},
			Jobs: []document.JobStatus{{
				Name: "nightly", Agent: "validator", Schedule: "every day at 03:00", Timezone: "Europe/Berlin", State: "enabled", Next: &at,
				Last: &document.JobRun{Task: "4f5e", Started: at, Listed: true, Ended: &at, ExitCode: &errors, Reason: "Essential container in task exited"},
			}},
			Attention: []document.Attention{{Agent: "validator", About: "5xx", Problem: "3 answers 5xx in the last hour", Command: "karmactl logs validator --level error"}},
			Drift:     []document.Drift{}, Cost: &document.StatusCost{Today: "2.61", Month: "79.27", PricesAsOf: "2026-09-11", Budget: "100"},
		},
		"Scale": document.Scale{
			Head: document.Of("Scale"), Summary: summary, Agents: []document.ScaledAgent{{Agent: "validator", WasMin: 1, WasMax: 3, Min: 2, Max: 2, Manual: true}},
			Changes: []document.Change{}, Notes: []string{}, Monthly: &document.Monthly{Was: "79.27", Now: "82.14", Delta: "+2.87", Budget: "100"},
		},
		"Secrets": document.Secrets{
			Head: document.Of("Secrets"), Stack: "karmacadabra-prod", Store: "secretsmanager", Summary: document.SecretsSummary{Updated: 1},
			Agents: []document.SecretsAgent{{Agent: "validator", Keys: []document.SecretsKey{{Key: "private_key", Result: "updated"}}}},
			Notes:  []string{}, Next: []string{"karmactl deploy validator --refresh-secrets"},
		},
		"SecretsStatus": document.SecretsStatus{
			Head: document.Of("SecretsStatus"), Stack: "karmacadabra-prod", Store: "secretsmanager", At: at, Next: []string{},
			Agents: []document.AgentSecrets{{
				Agent: "validator", Values: []document.SecretValue{{Env: "PRIVATE_KEY", Key: "private_key", Source: "karmacadabra-prod/validator", Value: "yes", Version: "1a2b", Changed: &at}},
				Tasks: []document.SecretTask{{ID: "0f1e2d", Revision: 3, Created: at, Injected: []string{"PRIVATE_KEY"}, Older: []string{}}},
			}},
		},
		"Outputs": document.Outputs{
			Head: document.Of("Outputs"), Stack: "karmacadabra-prod", Region: "us-east-1", Account: "123456789012", URLs: map[string]string{"validator": "http://example.com/validator/"},
			ConnectTo: "karmacadabra-prod-1.us-east-1.elb.amazonaws.com", Resources: map[string]document.Output{"vpc": {ID: "vpc-0a1b"}},
		},
		"Dashboard": document.Dashboard{Head: document.Of("Dashboard"), URL: "https://us-east-1.console.aws.amazon.com/cloudwatch/home"},
		"Open":      document.Open{Head: document.Of("Open"), Agent: "validator", URL: "http://example.com/validator/"},
		"Copy": document.Copy{
			Head: document.Of("Copy"), Agent: "validator", From: "validator:/data/x.json", To: "x.json", Files: 1, Bytes: 2,
			SHA256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", Left: []string{},
		},
		"Diagram":    document.Diagram{Head: document.Of("Diagram"), Stack: "karmacadabra-prod", Region: "us-east-1", Format: "mermaid", Text: "flowchart LR\n"},
		"Validation": document.Validation{Head: document.Of("Validation"), File: "config/agents.yaml", Stack: "karmacadabra-prod", Region: "us-east-1", Agents: []string{"validator"}, Warnings: []string{"validator may s3:* on everything in the account: name the ARNs in `on`, where AWS takes some"}},
		"Version":    document.Version{Head: document.Of("Version"), Version: "v1.0.0", Go: "go1.26.0", Platform: "linux/amd64"},
		"Adoption": document.Adoption{
			Head: document.Of("Adoption"), Cluster: "shop-prod", Stack: "shop-prod", Account: "123456789012", Region: "us-east-1", Notes: []string{}, New: []string{"role/task/api"},
			Agents:       []document.AdoptedAgent{{Name: "api", Service: "shop-prod-api"}},
			Counterparts: []document.Counterpart{{Key: "vpc", ID: "vpc-0a1b", Name: "shop-vpc", Address: "aws_vpc.main"}},
			Others:       []document.OtherResource{{ResourceKind: "role", ID: "arn:aws:iam::123456789012:role/shop-ecs", Why: "2 services share it"}},
			Obstacles:    []document.Obstacle{{What: "service shop-prod-api", Why: "its launch type is EC2", Instead: "run api on Fargate first"}},
			Next:         []string{"karmactl init --from-ecs shop-prod"},
		},
		"Cutover": document.Cutover{
			Head: document.Of("Cutover"), Stack: "shop-next", Outcome: "moved", Zone: "Z1", LoadBalancer: "shop-next-1.us-east-1.elb.amazonaws.com",
			Records:     []document.MovedRecord{{Name: "agents.example.com", Type: "CNAME", TTL: 300, From: "old-1.us-east-1.elb.amazonaws.com", To: "shop-next-1.us-east-1.elb.amazonaws.com"}},
			WaitSeconds: 300, Sides: []document.OldSide{{Name: "old-1.us-east-1.elb.amazonaws.com", Requests: new(0)}},
			Notes: []string{"chat.agents.example.com has a record of its own, which would win over the wildcard: it is deleted, and --back makes it again"},
			Next:  []string{"karmactl cutover --back, if they are to lead to the old fleet again"},
		},
		"Takeover": document.Takeover{
			Head: document.Of("Takeover"), Stack: "shop-prod", Outcome: "taken_over", Keys: []string{"vpc"}, File: "config/agents.yaml",
			Commands: []string{"terraform state rm 'aws_vpc.main'"}, Blocks: []string{"removed {\n  from = aws_vpc.main\n  lifecycle {\n    destroy = false\n  }\n}"}, Next: []string{"karmactl plan"},
		},
		"Import": document.Import{
			Head: document.Of("Import"), File: "config/agents.yaml", Source: "compose.yaml", Stack: "shop-prod", Region: "us-east-1", Agents: []string{"api"}, Notes: []string{}, NotRead: []string{},
			SecretsToDo: []string{"karmactl secrets set api api_key"}, Next: []string{"karmactl validate"},
			Account: document.Account{
				Carried: []document.Setting{{Place: document.Place{File: "compose.yaml", Line: 4}, Name: "services.api.image", Key: "agents.api.image", Values: 1}},
				Own:     []document.Setting{}, Left: []document.Setting{},
			},
		},
		"Access": document.Access{
			Head: document.Of("Access"), Stack: "karmacadabra-prod", Account: "123456789012", Repository: "acme/agents",
			Pulls: "repo:acme/agents:pull_request", Deploys: "repo:acme/agents:ref:refs/heads/main",
			PlanRole:   "arn:aws:iam::123456789012:role/karmacadabra-prod-us-east-1-github-plan",
			DeployRole: "arn:aws:iam::123456789012:role/karmacadabra-prod-us-east-1-github-deploy",
			Provider:   "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", Summary: document.Summary{Create: 1, Unchanged: 2},
			Changes: []document.Change{{Key: "role/deploy/github", Kind: "role", Group: "github", Verb: "create", Fields: []document.Field{}}},
			Notes:   []string{}, Workflow: "name: karmactl\n", File: ".github/workflows/karmactl.yml",
		},
		"State": document.State{
			Head: document.Of("State"), Stack: "karmacadabra-prod", Lineage: "8f14e45f", Serial: 121,
			Resources: map[string]document.Entry{"vpc": {ResourceKind: "vpc", ID: "vpc-0a1b", CreatedAt: at}},
		},
		"StateEntry": document.StateEntry{Head: document.Of("StateEntry"), Key: "alb", Entry: document.Entry{ResourceKind: "alb", ID: "arn:aws:…", Needs: []string{"sg/alb"}, CreatedAt: at}},
		"History": document.History{Head: document.Of("History"), Stack: "karmacadabra-prod", Region: "us-east-1", Complete: true, Runs: []document.Run{{
			Who: "ana", Command: "deploy", Began: at, Ended: at, Made: []string{}, Changed: []string{"task-definition/validator"}, Deleted: []string{},
		}}},
		"Stacks": document.Stacks{Head: document.Of("Stacks"), Account: "123456789012", Regions: []string{"us-east-1"}, Monthly: "76.55", Notes: []string{}, Stacks: []document.Stack{{
			Stack: "karmacadabra-prod", Project: "karmacadabra", Environment: "prod", Region: "us-east-1", Resources: 105, Agents: 5, Running: 5, Desired: 5,
			Monthly: "76.55", State: "s3://karmactl-state-123456789012-us-east-1/karmacadabra/prod", Changed: &at, Who: "ana", Command: "deploy",
		}}},
		"Revisions": document.Revisions{Head: document.Of("Revisions"), Agent: "validator", Revisions: []document.Revision{
			{Number: 8, Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/karmacadabra/validator@sha256:ab12", Tags: []string{"v1.4.2"}, Registered: at, Runs: true},
		}},
		"StateHistory": document.StateHistory{Head: document.Of("StateHistory"), Versions: []document.StateVersion{{ID: "3sL4", Time: at, Bytes: 18204, Serial: 121, Current: true}}},
		"TaskRun":      document.TaskRun{Head: document.Of("TaskRun"), Stack: "karmacadabra-prod", Name: "validator", Revision: 3, Command: []string{"python", "migrate.py"}, CPU: 256, Memory: 512, Hourly: "0.0123"},
		"StateChange": document.StateChange{Head: document.Of("StateChange"), Stack: "karmacadabra-prod", Command: "state unlock", Changed: true, Lock: &document.Lock{
			ID: "K5ZL", Who: "ana@office", PID: 4711, Command: "up", Since: at,
		}},
		"LogEvent": document.LogEvent{Head: document.Of("LogEvent"), Time: at, Agent: "validator", Task: "0f1e2d", ID: "3781", Message: "listening on 9001"},
		"LogQuery": document.LogQuery{
			Head: document.Of("LogQuery"), Query: "errors", Columns: []string{"agent", "count"}, Rows: []map[string]string{{"agent": "validator", "count": "3"}}, Matched: 3, Scanned: 4000, BytesScanned: 512000, Cost: "0.0000025",
		},
	}
}

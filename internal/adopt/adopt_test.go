package adopt

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
	"github.com/karmacadabra/karmactl/internal/live"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// built is the fleet of livetest in an account, while test looks at it.
func built(t *testing.T, shape livetest.Shape, test func(*livetest.Fleet, cloud.Account)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f, err := livetest.New(context.Background(), shape)
		if err != nil {
			t.Fatal(err)
		}
		test(f, cloud.Account{ID: awssim.DefaultAccount, Partition: "aws", Region: livetest.Region})
	})
}

func read(t *testing.T, f *livetest.Fleet) *live.Fleet {
	t.Helper()
	fleet, err := live.Read(context.Background(), f.Reader(), livetest.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	return fleet
}

// judged is the report on a fleet, whose agents.yaml is made of what before was.
func judged(t *testing.T, before, now *live.Fleet, account cloud.Account) *Report {
	t.Helper()
	res, err := importer.OfFleet(before, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	env := &provision.Env{Stack: res.Config.Stack(), Project: res.Config.Project, Account: account}
	st := stack.New(res.Config, env, stack.Lookup{Zones: Zones(before)})
	return Judge(now, Plan{Config: res.Config, Account: account, ServiceOf: res.Services, Wanted: st.Resources()})
}

func TestAFleetInTerraformsShapeHasACounterpartForAllButItsRoles(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		f.Sim.ResetCalls()
		fleet := read(t, f)
		r := judged(t, fleet, fleet, account)
		if n := len(f.Sim.Mutations()); n != 0 {
			t.Errorf("%d calls that change something", n)
		}
		if len(r.Obstacles) > 0 {
			t.Errorf("in the way: %+v", r.Obstacles)
		}
		have := map[engine.Key]Counterpart{}
		for _, c := range r.Counterparts {
			have[c.Key] = c
		}
		want := []engine.Key{
			"vpc", "igw", "route-table/public", "route/public", "eip/us-east-1a", "nat/us-east-1a", "sg/alb", "sg/agents",
			"cluster", "namespace", "alb", "listener/http",
		}
		for _, zone := range Zones(fleet) {
			for _, tier := range []string{"public", "private"} {
				want = append(want, engine.Key("subnet/"+tier+"-"+zone), engine.Key("route-table-association/"+tier+"-"+zone))
			}
			want = append(want, engine.Key("route-table/private-"+zone), engine.Key("route/private-"+zone))
		}
		for _, a := range livetest.Agents() {
			for _, key := range []string{"service/", "task-definition/", "target-group/", "rule/http/", "log-group/", "repository/", "scalable-target/"} {
				want = append(want, engine.Key(key+a.Name))
			}
			want = append(want, engine.Key("scaling-policy/"+a.Name+"/cpu"), engine.Key("alarm/"+a.Name+"/high-cpu"))
		}
		for _, key := range want {
			if _, ok := have[key]; !ok {
				t.Errorf("%s has no counterpart", key)
			}
			delete(have, key)
		}
		for key := range have {
			t.Errorf("%s has a counterpart, which this test does not know", key)
		}
		kinds := map[string]int{}
		for _, x := range r.Rest {
			kinds[x.Kind]++
		}
		if kinds["role"] != 2 || len(kinds) != 1 {
			t.Errorf("without a counterpart: %v", r.Rest)
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsOtherwiseThanKarmactlsOwnIsSaid(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		fleet := read(t, f)
		r := judged(t, fleet, fleet, account)
		said := map[engine.Key]string{}
		for _, c := range r.Counterparts {
			said[c.Key] = strings.Join(c.Differs, "; ")
		}
		for key, want := range map[engine.Key]string{
			"vpc":                            "",
			"subnet/private-us-east-1a":      "block 10.0.100.0/24, karmactl's own is 10.0.128.0/20",
			"sg/agents":                      "lets in every port where karmactl lets in the agents' own",
			"alb":                            "name acme-prod-alb, karmactl's own is acme-prod",
			"rule/http/seller":               "takes /seller/*, karmactl's own is /seller /seller/*; priority 110",
			"service/seller":                 "circuit breaker off, karmactl's own is on",
			"task-definition/seller":         "execution role acme-prod-ecs-execution-20250611083000000000000002, karmactl's own is a role of the agent's own",
			"log-group/seller":               "",
			"scaling-policy/seller/cpu":      "name acme-prod-seller-cpu-autoscaling, karmactl's own is acme-prod-seller-cpu",
			"route/private-us-east-1b":       "",
			"scalable-target/seller":         "",
			"repository/seller":              "",
			"target-group/seller":            "",
			"route-table/public":             "",
			"cluster":                        "",
			"listener/http":                  "",
			"subnet/public-us-east-1b":       "block 10.0.1.0/24, karmactl's own is 10.0.16.0/20",
			"subnet/private-us-east-1b":      "block 10.0.101.0/24",
			"eip/us-east-1a":                 "",
			"route-table/private-us-east-1b": "",
		} {
			if got := said[key]; !strings.Contains(got, want) || want == "" && got != "" {
				t.Errorf("%s: %q, want %q", key, got, want)
			}
		}
	})
}

// obstructed holds what is said of a changed fleet to be in the way.
func obstructed(t *testing.T, f *livetest.Fleet, before *live.Fleet, account cloud.Account, name, want string, edit func(*live.Fleet)) {
	t.Helper()
	now := read(t, f)
	edit(now)
	var said []string
	for _, o := range judged(t, before, now, account).Obstacles {
		if o.Instead == "" {
			t.Errorf("%s: it is not said what to do instead", name)
		}
		said = append(said, o.What+": "+o.Why)
	}
	if !strings.Contains(strings.Join(said, "\n"), want) {
		t.Errorf("%s: %q, want %q", name, said, want)
	}
}

// TestEachObstacleIsNamed changes one thing of a fleet that is read, as another fleet would have it.
func TestEachObstacleIsNamed(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		before := read(t, f)
		for _, c := range []struct {
			name, want string
			edit       func(*live.Fleet)
		}{
			{"a launch type", "service acme-prod-chat: its launch type is EC2", func(f *live.Fleet) { f.Services[0].LaunchType = ecstypes.LaunchTypeEc2 }},
			{"a capacity provider", "service acme-prod-chat: its tasks are placed by the capacity provider gpu", func(f *live.Fleet) {
				f.Services[0].CapacityProviderStrategy = []ecstypes.CapacityProviderStrategyItem{{CapacityProvider: aws.String("gpu"), Weight: 1}}
			}},
			{"a deployment controller", "service acme-prod-chat: its deployments are those of CODE_DEPLOY", func(f *live.Fleet) {
				f.Services[0].DeploymentController = &ecstypes.DeploymentController{Type: ecstypes.DeploymentControllerTypeCodeDeploy}
			}},
			{"a blue/green deployment", "service acme-prod-chat: its strategy of deployment is BLUE_GREEN", func(f *live.Fleet) {
				f.Services[0].DeploymentConfiguration = &ecstypes.DeploymentConfiguration{Strategy: ecstypes.DeploymentStrategyBlueGreen}
			}},
			{"Windows", "service acme-prod-chat: its tasks run on WINDOWS_SERVER_2022_CORE", func(f *live.Fleet) {
				f.Services[0].Definition.RuntimePlatform = &ecstypes.RuntimePlatform{OperatingSystemFamily: ecstypes.OSFamilyWindowsServer2022Core}
			}},
			{"a target group that is gone", "the service of chat names it, and it is not there", func(f *live.Fleet) { f.TargetGroups = nil }},
			{"a daemon", "service acme-prod-chat: it is a daemon", func(f *live.Fleet) { f.Services[0].SchedulingStrategy = ecstypes.SchedulingStrategyDaemon }},
			{"a service of Express Mode", "service acme-prod-chat: it is of ECS Express Mode", func(f *live.Fleet) { f.Services[0].ResourceManagementType = ecstypes.ResourceManagementTypeEcs }},
			{"a deployment under way", "service acme-prod-chat: 2 deployments are under way", func(f *live.Fleet) {
				f.Services[0].Deployments = append(f.Services[0].Deployments, ecstypes.Deployment{Status: aws.String("ACTIVE")})
			}},
			{"tasks that do not run", "service acme-prod-chat: 0 of its 1 tasks run", func(f *live.Fleet) { f.Services[0].RunningCount = 0 }},
			{"a second target group", "service acme-prod-chat: it is in 2 target groups", func(f *live.Fleet) {
				f.Services[0].LoadBalancers = append(f.Services[0].LoadBalancers, f.Services[1].LoadBalancers...)
			}},
			{"service discovery", "service acme-prod-chat: it registers its tasks in Cloud Map", func(f *live.Fleet) {
				f.Services[0].ServiceRegistries = []ecstypes.ServiceRegistry{{}}
			}},
			{"another name of the container", "service acme-prod-chat: its container is called app", func(f *live.Fleet) {
				f.Services[0].Definition.ContainerDefinitions[0].Name, f.Services[0].LoadBalancers[0].ContainerName = aws.String("app"), aws.String("app")
			}},
			{"an image that is gone", "is not in acme/chat any more", func(f *live.Fleet) {
				for i := range f.Tasks {
					for c := range f.Tasks[i].Containers {
						f.Tasks[i].Containers[c].ImageDigest = aws.String("sha256:0000")
					}
				}
			}},
			{"a repository that is gone", "the repository acme/chat of its image is not there", func(f *live.Fleet) { f.Repositories = nil }},
			{"a network load balancer", "load balancer acme-prod-alb: it is a network load balancer", func(f *live.Fleet) { f.LoadBalancers[0].Type = elbtypes.LoadBalancerTypeEnumNetwork }},
			{"an internal load balancer", "load balancer acme-prod-alb: it is internal", func(f *live.Fleet) { f.LoadBalancers[0].Scheme = elbtypes.LoadBalancerSchemeEnumInternal }},
			{"a second load balancer", "it is the second load balancer in front of the services", func(f *live.Fleet) {
				f.LoadBalancers = append(f.LoadBalancers, live.LoadBalancer{LoadBalancer: elbtypes.LoadBalancer{LoadBalancerName: aws.String("old"), Type: elbtypes.LoadBalancerTypeEnumApplication}})
			}},
			{"a condition on a header", "rule 80/120 of chat: it has a condition on http-header", func(f *live.Fleet) {
				r := chatRule(f)
				r.Conditions = append(r.Conditions, elbtypes.RuleCondition{Field: aws.String("http-header")})
			}},
			{"a host and a path at once", "rule 80/120 of chat: it is for a host and a path at once", func(f *live.Fleet) {
				r := chatRule(f)
				r.Conditions = append(r.Conditions, elbtypes.RuleCondition{Field: aws.String("host-header"), Values: []string{"chat.example.com"}})
			}},
			{"two actions", "rule 80/120 of chat: it has 2 actions", func(f *live.Fleet) {
				r := chatRule(f)
				r.Actions = append(r.Actions, elbtypes.Action{Type: elbtypes.ActionTypeEnumAuthenticateOidc})
			}},
			{"two VPCs", "the services are in 2 VPCs", func(f *live.Fleet) { f.VPCs = append(f.VPCs, ec2types.Vpc{}) }},
			{"a stack of karmactl's", "VPC acme-prod-vpc: it is a resource of karmactl's stack other-prod", func(f *live.Fleet) {
				f.VPCs[0].Tags = append(f.VPCs[0].Tags, ec2types.Tag{Key: aws.String(cloud.TagStack), Value: aws.String("other-prod")})
			}},
			{"a secret that is gone", "secret acme-keys: a service refers to it, and it is not there", func(f *live.Fleet) { f.MissingSecrets = []string{"acme-keys"} }},
			{"a cluster that goes", "cluster acme-prod: it is DEPROVISIONING", func(f *live.Fleet) { f.Cluster.Status = aws.String("DEPROVISIONING") }},
		} {
			obstructed(t, f, before, account, c.name, c.want, c.edit)
		}
	})
}

// chatRule is the rule that leads to chat.
func chatRule(f *live.Fleet) *elbtypes.Rule {
	rules := f.LoadBalancers[0].Listeners[0].Rules
	for i := range rules {
		if aws.ToString(rules[i].Priority) == "120" {
			return &rules[i]
		}
	}
	return nil
}

func TestOneTableForThePrivateSubnetsOfTwoZonesIsNamed(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		fleet := read(t, f)
		var shared *ec2types.RouteTable
		for i := range fleet.Tables {
			t := &fleet.Tables[i]
			if to, _ := cloud.DefaultRoute(*t); len(t.Associations) == 0 || !strings.HasPrefix(to, "nat-") {
				continue
			}
			if shared == nil {
				shared = t
				continue
			}
			shared.Associations = append(shared.Associations, t.Associations...)
			t.Associations = nil
		}
		r := judged(t, fleet, fleet, account)
		for _, x := range r.Rest {
			if x.Kind == "route table" && strings.Contains(x.Why, "karmactl has a table for each zone") {
				return
			}
		}
		t.Errorf("nothing says that a table is shared: %+v", r.Rest)
	})
}

func TestWhatOthersRunInTheFleetsNetworkAndClusterIsNamed(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		fleet := read(t, f)
		fleet.Interfaces = append(fleet.Interfaces, ec2types.NetworkInterface{NetworkInterfaceId: aws.String("eni-1"), Description: aws.String("RDSNetworkInterface")})
		fleet.Tasks = append(fleet.Tasks, ecstypes.Task{TaskArn: aws.String("arn:aws:ecs:us-east-1:123456789012:task/acme-prod/t1"), Group: aws.String("family:nightly")})
		fleet.Groups = append(fleet.Groups, ec2types.SecurityGroup{GroupId: aws.String("sg-1"), GroupName: aws.String("database")})
		var said []string
		for _, x := range judged(t, fleet, fleet, account).Rest {
			said = append(said, x.Kind+" "+x.Name)
		}
		for _, want := range []string{"network interface RDSNetworkInterface", "task t1", "security group database"} {
			if !strings.Contains(strings.Join(said, "\n"), want) {
				t.Errorf("%s is not named: %v", want, said)
			}
		}
	})
}

func TestAFleetWithADomainHasItsCertificateListenersRulesAndRecords(t *testing.T) {
	const domain = "agents.example.com"
	built(t, livetest.Shape{Domain: domain, PrivateDNS: true}, func(f *livetest.Fleet, account cloud.Account) {
		fleet := read(t, f)
		r := judged(t, fleet, fleet, account)
		if len(r.Obstacles) > 0 {
			t.Errorf("in the way: %+v", r.Obstacles)
		}
		have := map[engine.Key]bool{}
		for _, c := range r.Counterparts {
			have[c.Key] = true
		}
		want := []engine.Key{"certificate", "namespace", "listener/http", "listener/https", "record/" + domain}
		for _, a := range livetest.Agents() {
			want = append(want, engine.Key("rule/https/"+a.Name), engine.Key("rule/https/host-"+a.Name))
		}
		for _, key := range want {
			if !have[key] {
				t.Errorf("%s has no counterpart", key)
			}
		}
		var rest []string
		for _, x := range r.Rest {
			rest = append(rest, x.Kind+" "+x.Name+": "+x.Why)
		}
		for _, want := range []string{
			"record seller." + domain + ": it wins over karmactl's *." + domain,
		} {
			if !strings.Contains(strings.Join(rest, "\n"), want) {
				t.Errorf("%q is not said: %q", want, rest)
			}
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}

package provision

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// unseen are the fields of specs whose change Diff need not show, and why.
var unseen = map[string]string{
	"SecretSpec.Keys":               "a key too many was put there by secrets set, which is the user's", // one too few is copied
	"ValidationRecordsSpec.Records": "a record too many does no harm: it may be another certificate's",  // one too few is shown
}

// TestDiffSeesEveryField changes one field after the other of what each resource
// of a stack wants: none may go by unnoticed.
func TestDiffSeesEveryField(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]bool{}
		for _, yaml := range []string{swept, strings.Replace(swept, "nested: karmacadabra", "nested: karmacadabra, store: ssm", 1)} {
			b := newStackBench(t, parse(t, yaml))
			if err := b.run(stage{yaml: yaml}); err != nil {
				t.Fatal(err)
			}
			s := b.fresh(true)
			w := b.walk(false, s.Steps()...)
			b.done(w.Up(context.Background()))
			for _, r := range s.Resources() {
				diffEveryField(t, r, seen)
			}
		}
		if len(seen) < 100 {
			t.Errorf("only %d fields were changed", len(seen))
		}
	})
}

func diffEveryField(t *testing.T, r engine.Node, seen map[string]bool) {
	t.Helper()
	v := reflect.ValueOf(r)
	want := v.MethodByName("Want").Call(nil)[0]                                                                       //nolint:forbidigo // a test is not linked into the product
	diff := func(have reflect.Value) int { return v.MethodByName("Diff").Call([]reflect.Value{have, want})[0].Len() } //nolint:forbidigo // a test is not linked into the product
	if n := diff(want); n > 0 {
		t.Errorf("%s: what is as wanted differs in %d fields", r.Key(), n)
	}
	for i := range want.NumField() {
		name := want.Type().Name() + "." + want.Type().Field(i).Name
		have := reflect.New(want.Type()).Elem()
		have.Set(want)
		if !alter(have.Field(i)) {
			t.Fatalf("%s is of a type that the test cannot change: %s", name, have.Field(i).Type())
		}
		seen[name] = true
		if diff(have) == 0 && unseen[name] == "" {
			t.Errorf("%s: Diff does not see a change of %s", r.Key(), name)
		}
	}
}

// alter gives a field another value.
func alter(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.String:
		f.SetString(f.String() + "-other")
	case reflect.Bool:
		f.SetBool(!f.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		f.SetInt(f.Int() + 1_000_000_007)
	case reflect.Float64:
		f.SetFloat(f.Float() + 1.5)
	case reflect.Map:
		m := reflect.MakeMap(f.Type())
		for it := f.MapRange(); it.Next(); {
			m.SetMapIndex(it.Key(), it.Value())
		}
		m.SetMapIndex(reflect.ValueOf("other").Convert(f.Type().Key()), reflect.ValueOf("value").Convert(f.Type().Elem()))
		f.Set(m)
	case reflect.Slice:
		f.Set(reflect.Append(f.Slice3(0, f.Len(), f.Len()), reflect.New(f.Type().Elem()).Elem()))
		last := f.Index(f.Len() - 1)
		if last.Kind() == reflect.String {
			last.SetString("other")
		}
	default:
		return false
	}
	return true
}

// TestEveryReferenceIsAnEdge walks the fields of each resource: what is a
// resource itself is in Needs or in After.
func TestEveryReferenceIsAnEdge(t *testing.T) {
	s := NewStack(parse(t, swept), &Home{Stack: "karmacadabra-prod", Project: "karmacadabra"}, Facts{Zones: []string{"us-east-1a", "us-east-1b"}, HostedZone: "Z1"})
	node := reflect.TypeFor[engine.Node]()
	checked := 0
	for _, r := range s.Resources() {
		var edges []engine.Key
		for _, n := range r.Needs() {
			edges = append(edges, n.Key())
		}
		if o, ok := r.(engine.Ordered); ok {
			for _, n := range o.After() {
				edges = append(edges, n.Key())
			}
		}
		v := reflect.ValueOf(r).Elem()
		var visit func(path string, f reflect.Value)
		visit = func(path string, f reflect.Value) {
			switch {
			case f.Type().Implements(node) && (f.Kind() == reflect.Pointer || f.Kind() == reflect.Interface):
				if f.IsNil() {
					return
				}
				checked++
				if k := f.Interface().(engine.Node).Key(); k != r.Key() && !slices.Contains(edges, k) {
					t.Errorf("%s: field %s refers to %s, which is in neither Needs nor After", r.Key(), path, k)
				}
			case f.Kind() == reflect.Slice:
				for i := range f.Len() {
					visit(fmt.Sprintf("%s[%d]", path, i), f.Index(i))
				}
			case f.Kind() == reflect.Struct:
				for i := range f.NumField() {
					if f.Type().Field(i).IsExported() && !f.Type().Field(i).Anonymous {
						visit(path+"."+f.Type().Field(i).Name, f.Field(i))
					}
				}
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !v.Type().Field(i).Anonymous {
				visit(v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d references were found", checked)
	}
}

// drifts are changes behind our back: which key shows it, and the edit.
func drifts() map[string]struct {
	key  engine.Key
	edit func(w *awssim.World) bool
} {
	type drift = struct {
		key  engine.Key
		edit func(w *awssim.World) bool
	}
	service := func(edit func(*awssim.Service)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			for _, s := range w.Services {
				if s.Name == "validator" {
					edit(s)
					for _, d := range s.Deployments { // what runs was begun with it
						d.Config = s.Config
					}
					return true
				}
			}
			return false
		}
	}
	group := func(edit func(*awssim.TargetGroup)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.TargetGroups, "target-group/validator", tg, edit) }
	}
	alarm := func(edit func(*awssim.Alarm)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Alarms, "alarm/validator/high-cpu", al, edit) }
	}
	bounds := func(edit func(*awssim.ScalableTarget)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.ScalableTargets, "scalable-target/validator", st, edit) }
	}
	role := func(edit func(*awssim.IAMRole)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Roles, "role/execution/validator", ro, edit) }
	}
	repository := func(edit func(*awssim.Repository)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Repositories, "repository/validator", re, edit) }
	}
	balancer := func(name, value string) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.LoadBalancers, "alb", lb, func(l *awssim.LoadBalancer) { l.Attributes[name] = value })
		}
	}
	agentsGroup := func(edit func(*awssim.SecurityGroup)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.SecurityGroups, "sg/agents", sg, edit) }
	}
	return map[string]drift{
		"vpc: host names off": {"vpc", func(w *awssim.World) bool {
			return one(w.VPCs, "vpc", vp, func(v *awssim.VPC) { v.DNSHostnames = false })
		}},
		"subnet: public addresses": {"subnet/public-us-east-1a", func(w *awssim.World) bool {
			return one(w.Subnets, "subnet/public-us-east-1a", su, func(v *awssim.Subnet) { v.PublicIPs = !v.PublicIPs })
		}},
		"sg: a rule gone": {"sg/agents", agentsGroup(func(g *awssim.SecurityGroup) { g.Ingress = g.Ingress[1:] })},
		"sg: a rule too many": {"sg/agents", agentsGroup(func(g *awssim.SecurityGroup) {
			g.Ingress = append(g.Ingress, awssim.SecurityGroupRule{Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"})
		})},
		"sg: egress closed": {"sg/agents", agentsGroup(func(g *awssim.SecurityGroup) { g.Egress = nil })},
		"route: gone": {"route/public", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/public", rt, func(r *awssim.RouteTable) {
				r.Routes = slices.DeleteFunc(r.Routes, func(x awssim.Route) bool { return x.Destination == "0.0.0.0/0" })
			})
		}},
		"route: elsewhere": {"route/private-us-east-1a", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/private-us-east-1a", rt, func(r *awssim.RouteTable) {
				for i := range r.Routes {
					if r.Routes[i].Destination == "0.0.0.0/0" {
						for id := range w.InternetGateways {
							r.Routes[i].Target = id
						}
					}
				}
			})
		}},
		"association: gone": {"route-table-association/public-us-east-1a", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/public", rt, func(r *awssim.RouteTable) {
				r.Associations = slices.DeleteFunc(r.Associations, func(a awssim.RouteTableAssociation) bool {
					return w.Subnets[a.Subnet] != nil && w.Subnets[a.Subnet].Tags["karmactl:key"] == "subnet/public-us-east-1a"
				})
			})
		}},
		"endpoint: a table less": {"endpoint/s3", func(w *awssim.World) bool {
			return one(w.VPCEndpoints, "endpoint/s3", ve, func(e *awssim.VPCEndpoint) {
				t := w.RouteTables[e.Tables[0]]
				t.Routes = slices.DeleteFunc(t.Routes, func(r awssim.Route) bool { return r.Target == e.ID })
				e.Tables = e.Tables[1:]
			})
		}},
		"endpoint: private DNS off": {"endpoint/logs", func(w *awssim.World) bool {
			return one(w.VPCEndpoints, "endpoint/logs", ve, func(e *awssim.VPCEndpoint) { e.PrivateDNS = false })
		}},
		"alb: idle timeout":    {"alb", balancer("idle_timeout.timeout_seconds", "5")},
		"alb: protection":      {"alb", balancer("deletion_protection.enabled", "true")},
		"alb: invalid headers": {"alb", balancer("routing.http.drop_invalid_header_fields.enabled", "false")},
		"group: path":          {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Path = "/other" })},
		"group: matcher":       {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Matcher = "404" })},
		"group: interval":      {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Interval = 60 })},
		"group: timeout":       {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Timeout = 2 })},
		"group: healthy":       {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Healthy = 9 })},
		"group: unhealthy":     {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Unhealthy = 9 })},
		"group: drain":         {"target-group/validator", group(func(g *awssim.TargetGroup) { g.Attributes["deregistration_delay.timeout_seconds"] = "300" })},
		"listener: TLS policy": {"listener/https", func(w *awssim.World) bool {
			return one(w.Listeners, "listener/https", li, func(l *awssim.Listener) { l.Policy = "ELBSecurityPolicy-2016-08" })
		}},
		"rule: priority": {"rule/https/validator", func(w *awssim.World) bool {
			return one(w.ListenerRules, "rule/https/validator", lr, func(r *awssim.ListenerRule) { r.Priority = 49_998 })
		}},
		"rule: rewrite": {"rule/https/validator", func(w *awssim.World) bool {
			return one(w.ListenerRules, "rule/https/validator", lr, func(r *awssim.ListenerRule) { r.Transforms = nil })
		}},
		"record: elsewhere": {"record/agents.example.com", func(w *awssim.World) bool {
			for _, z := range w.HostedZones {
				for k, r := range z.Records {
					if strings.HasPrefix(k, "agents.example.com") && r.Type == "A" {
						r.Alias = "dualstack.other-1.us-east-1.elb.amazonaws.com"
						return true
					}
				}
			}
			return false
		}},
		"role: policy": {"role/execution/validator", role(func(r *awssim.IAMRole) {
			r.Inline["karmactl"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
		})},
		"role: policy gone": {"role/execution/validator", role(func(r *awssim.IAMRole) { clear(r.Inline) })},
		"role: trust":       {"role/execution/validator", role(func(r *awssim.IAMRole) { r.Trust = `{"Version":"2012-10-17","Statement":[]}` })},
		"cluster: insights": {"cluster", func(w *awssim.World) bool { w.Clusters["karmacadabra-prod"].Insights = "enhanced"; return true }},
		"cluster: providers": {"cluster", func(w *awssim.World) bool {
			w.Clusters["karmacadabra-prod"].Providers = []string{"FARGATE"}
			return true
		}},
		"cluster: namespace": {"cluster", func(w *awssim.World) bool { w.Clusters["karmacadabra-prod"].Namespace = ""; return true }},
		"logs: retention": {"log-group/validator", func(w *awssim.World) bool {
			return one(w.LogGroups, "log-group/validator", lg, func(g *awssim.LogGroup) { g.RetentionDays = 0 })
		}},
		"logs: filter pattern": {"metric-filter/validator", func(w *awssim.World) bool {
			return one(w.LogGroups, "log-group/validator", lg, func(g *awssim.LogGroup) {
				for _, f := range g.Filters {
					f.Pattern = "other"
				}
			})
		}},
		"logs: filter gone": {"metric-filter/validator", func(w *awssim.World) bool {
			return one(w.LogGroups, "log-group/validator", lg, func(g *awssim.LogGroup) { clear(g.Filters) })
		}},
		"repository: scan": {"repository/validator", repository(func(r *awssim.Repository) { r.ScanOnPush = !r.ScanOnPush })},
		"repository: mutability": {"repository/validator", repository(func(r *awssim.Repository) {
			if r.Mutability == "MUTABLE" {
				r.Mutability = "IMMUTABLE"
			} else {
				r.Mutability = "MUTABLE"
			}
		})},
		"repository: lifecycle": {"repository/validator", repository(func(r *awssim.Repository) { r.Lifecycle = "" })},
		"topic: policy": {"topic", func(w *awssim.World) bool {
			for _, x := range w.Topics {
				x.Policy = `{"Version":"2012-10-17","Statement":[]}`
			}
			return len(w.Topics) == 1
		}},
		"alarm: threshold":    {"alarm/validator/high-cpu", alarm(func(a *awssim.Alarm) { a.Alarm.Threshold = aws.Float64(1) })},
		"alarm: period":       {"alarm/validator/high-cpu", alarm(func(a *awssim.Alarm) { a.Alarm.Period = aws.Int32(3600) })},
		"alarm: periods":      {"alarm/validator/high-cpu", alarm(func(a *awssim.Alarm) { a.Alarm.EvaluationPeriods = aws.Int32(20) })},
		"alarm: missing data": {"alarm/validator/high-cpu", alarm(func(a *awssim.Alarm) { a.Alarm.TreatMissingData = aws.String("ignore") })},
		"alarm: actions":      {"alarm/validator/high-cpu", alarm(func(a *awssim.Alarm) { a.Alarm.AlarmActions = nil })},
		"alarm: gone": {"alarm/validator/high-cpu", func(w *awssim.World) bool {
			for k, a := range w.Alarms {
				if a.Tags["karmactl:key"] == "alarm/validator/high-cpu" {
					delete(w.Alarms, k)
					return true
				}
			}
			return false
		}},
		"dashboard: body": {"dashboard", func(w *awssim.World) bool {
			for k := range w.Dashboards {
				w.Dashboards[k] = `{"widgets":[]}`
			}
			return len(w.Dashboards) == 1
		}},
		"dashboard: gone": {"dashboard", func(w *awssim.World) bool { clear(w.Dashboards); return true }},
		"sampling: rate": {"sampling-rule", func(w *awssim.World) bool {
			for _, r := range w.SamplingRules {
				r.Rule.FixedRate = 1
			}
			return len(w.SamplingRules) > 0
		}},
		"bounds: max": {"scalable-target/validator", bounds(func(x *awssim.ScalableTarget) { x.Max = 9 })},
		"bounds: policy": {"scaling-policy/validator/cpu", bounds(func(x *awssim.ScalableTarget) {
			for _, p := range x.Policies {
				if strings.Contains(p.Name, "cpu") {
					p.Config.TargetValue = aws.Float64(10)
				}
			}
		})},
		"budget: limit": {"budget", func(w *awssim.World) bool {
			for _, x := range w.Budgets {
				x.Limit = "9999"
			}
			return len(w.Budgets) == 1
		}},
		"budget: a notice less": {"budget", func(w *awssim.World) bool {
			for _, x := range w.Budgets {
				x.Notifications = x.Notifications[1:]
			}
			return len(w.Budgets) == 1
		}},
		"service: exec":             {"service/validator", service(func(s *awssim.Service) { s.Config.Exec = !s.Config.Exec })},
		"service: grace":            {"service/validator", service(func(s *awssim.Service) { s.Grace = aws.Int32(1) })},
		"service: zone rebalancing": {"service/validator", service(func(s *awssim.Service) { s.ZoneRebalance = ecstypes.AvailabilityZoneRebalancingDisabled })},
		"service: managed tags":     {"service/validator", service(func(s *awssim.Service) { s.ManagedTags = !s.ManagedTags })},
		"service: propagated tags":  {"service/validator", service(func(s *awssim.Service) { s.PropagateTags = ecstypes.PropagateTagsNone })},
		"service: breaker":          {"service/validator", service(func(s *awssim.Service) { s.Deploy.DeploymentCircuitBreaker = &ecstypes.DeploymentCircuitBreaker{} })},
		"service: rollout":          {"service/validator", service(func(s *awssim.Service) { s.Deploy.MinimumHealthyPercent = aws.Int32(0) })},
		"service: capacity": {"service/validator", service(func(s *awssim.Service) {
			s.Config.Strategy = []ecstypes.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 7}}
		})},
		"service: connect": {"service/validator", service(func(s *awssim.Service) { s.Config.Connect = nil })},
	}
}

// one edits the thing of a key.
func one[T any](all map[string]*T, key string, tags func(*T) map[string]string, edit func(*T)) bool {
	for _, x := range all {
		if tags(x)["karmactl:key"] == key {
			edit(x)
			return true
		}
	}
	return false
}

func vp(v *awssim.VPC) map[string]string            { return v.Tags }
func su(v *awssim.Subnet) map[string]string         { return v.Tags }
func sg(v *awssim.SecurityGroup) map[string]string  { return v.Tags }
func rt(v *awssim.RouteTable) map[string]string     { return v.Tags }
func ve(v *awssim.VPCEndpoint) map[string]string    { return v.Tags }
func lb(v *awssim.LoadBalancer) map[string]string   { return v.Tags }
func tg(v *awssim.TargetGroup) map[string]string    { return v.Tags }
func li(v *awssim.Listener) map[string]string       { return v.Tags }
func lr(v *awssim.ListenerRule) map[string]string   { return v.Tags }
func ro(v *awssim.IAMRole) map[string]string        { return v.Tags }
func lg(v *awssim.LogGroup) map[string]string       { return v.Tags }
func re(v *awssim.Repository) map[string]string     { return v.Tags }
func al(v *awssim.Alarm) map[string]string          { return v.Tags }
func st(v *awssim.ScalableTarget) map[string]string { return v.Tags }

// TestDriftIsShownAndRepaired changes one thing after the other behind our back.
// Every time a plan shows that key, up repairs it, and the plan is empty again.
func TestDriftIsShownAndRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		b.upStack(nil)
		b.settled()
		before := b.inventory()
		for name, d := range drifts() {
			there := false
			if err := b.sim.Edit(func(w *awssim.World) { there = d.edit(w) }); err != nil || !there {
				t.Errorf("%s: there is nothing to edit: %v", name, err)
				continue
			}
			plan := b.planStack()
			if o, ok := plan.Get(d.key); !ok || o.Verb == engine.None {
				t.Errorf("%s: the plan does not show %s: %s", name, d.key, verbs(plan))
			}
			res, err := b.walkOf(b.fresh(false)).Up(context.Background())
			if err == nil {
				err = res.Err()
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if again := b.planStack(); again.Changes() {
				t.Errorf("%s: the plan after the repair is not empty: %s", name, verbs(again))
				return
			}
		}
		b.settled()
		if diff := cmp.Diff(before, b.inventory()); diff != "" {
			t.Errorf("the repairs changed the account (-before +after):\n%s", diff)
		}
	})
}

// TestDriftOfTagsIsShownAndRepaired changes a tag of everything that has tags.
func TestDriftOfTagsIsShownAndRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		b.upStack(nil)
		edited := map[engine.Key]bool{}
		err := b.sim.Edit(func(w *awssim.World) {
			eachTags(reflect.ValueOf(w).Elem(), func(tags map[string]string) {
				if tags["karmactl:stack"] == "karmacadabra-prod" && tags["karmactl:key"] != "" {
					tags["Project"] = "somebody else's"
					edited[engine.Key(tags["karmactl:key"])] = true
				}
			})
		})
		if err != nil || len(edited) < 40 {
			t.Fatalf("%d things have tags: %v", len(edited), err)
		}
		plan := b.planStack()
		for k := range edited {
			if o, ok := plan.Get(k); !ok || !slices.ContainsFunc(o.Changes, func(c engine.Change) bool { return c.Field == "tags[Project]" }) {
				t.Errorf("the plan does not show the tag of %s: %s %v", k, o.Verb, o.Changes)
			}
		}
		b.upStack(plan)
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after the repair is not empty: %s", verbs(again))
		}
	})
}

// eachTags visits every field named Tags of the things in the world's maps.
func eachTags(w reflect.Value, f func(map[string]string)) {
	for i := range w.NumField() {
		v := w.Field(i)
		switch v.Kind() {
		case reflect.Struct:
			eachTags(v, f)
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				x := it.Value()
				if x.Kind() != reflect.Pointer || x.Elem().Kind() != reflect.Struct {
					continue
				}
				if tags := x.Elem().FieldByName("Tags"); tags.IsValid() && tags.Kind() == reflect.Map && !tags.IsNil() {
					f(tags.Convert(reflect.TypeFor[map[string]string]()).Interface().(map[string]string))
				}
			}
		}
	}
}

// TestWhatIsNotOursIsNoDrift: the number of tasks is the autoscaler's, and a
// revision with another image is deploy's.
func TestWhatIsNotOursIsNoDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		b.upStack(nil)
		if err := b.sim.Edit(func(w *awssim.World) {
			for _, s := range w.Services {
				s.Desired = 3
			}
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the autoscaler's work is taken for drift: %s", verbs(plan))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("up undoes the autoscaler's work: %s", m[0].Name())
		}
	})
}

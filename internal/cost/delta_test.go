package cost

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// foundAs is every resource of a configuration as a plan finds it after an up, changed by edit.
func foundAs(t *testing.T, nodes []engine.Node, edit func(k engine.Key, have any) any) []engine.Outcome {
	t.Helper()
	items, err := wanted(nodes)
	if err != nil {
		t.Fatal(err)
	}
	var out []engine.Outcome
	for _, i := range items {
		have := i.spec
		if have == nil {
			have = struct{}{}
		}
		if edit != nil {
			have = edit(i.key, have)
		}
		out = append(out, engine.Outcome{Key: i.key, Have: have})
	}
	return out
}

// spec edits the spec of one resource.
func spec[S any](key engine.Key, do func(*S)) func(engine.Key, any) any {
	return func(k engine.Key, have any) any {
		if s, ok := have.(S); ok && k == key {
			do(&s)
			return s
		}
		return have
	}
}

func TestTheDeltaIsWhatThePlanChanges(t *testing.T) {
	for _, c := range []struct {
		name, want string
		found      func(k engine.Key, have any) any
		more       []engine.Outcome
	}{
		{name: "nothing is there yet", want: "79.27", found: func(engine.Key, any) any { return nil }},
		{name: "only what every account has is there", want: "79.27", found: func(k engine.Key, have any) any {
			if k.Kind() == "slr" {
				return have
			}
			return nil
		}},
		{name: "everything is there", want: "0.00"},
		{name: "the NAT gateway and its address are new", want: "36.95", found: func(k engine.Key, have any) any {
			if k.Kind() == "nat" || k.Kind() == "eip" {
				return nil
			}
			return have
		}},
		{
			name: "a NAT gateway is deleted", want: "-36.50",
			more: []engine.Outcome{{Key: "nat/us-east-1b", Have: struct{}{}}, {Key: "eip/us-east-1b", Have: struct{}{}}},
		},
		{name: "an agent was made half as large", want: "1.43", found: spec("task-definition/validator", func(s *provision.TaskDefinitionSpec) { s.CPU, s.Memory = s.CPU/2, s.Memory/2 })},
		{name: "an agent was moved off Spot", want: "-6.14", found: spec("service/validator", func(s *provision.ServiceSpec) {
			s.Capacity = provision.Strategy{{Provider: provision.OnDemand, Weight: 1}}
		})},
		{name: "half of an agent was moved off Spot", want: "-3.07", found: spec("service/validator", func(s *provision.ServiceSpec) {
			s.Capacity = provision.Strategy{{Provider: provision.OnDemand, Weight: 1}, {Provider: provision.FargateSpot, Weight: 1}}
		})},
		{name: "a base on demand takes the only task", want: "-6.14", found: spec("service/validator", func(s *provision.ServiceSpec) {
			s.Capacity = provision.Strategy{{Provider: provision.OnDemand, Base: 1}, {Provider: provision.FargateSpot, Weight: 1}}
		})},
		{name: "the desired count was set above the maximum", want: "-14.34", found: spec("service/validator", func(s *provision.ServiceSpec) { s.Tasks = 6 })},
		{name: "autoscaling has scaled out", want: "0.00", found: spec("service/validator", func(s *provision.ServiceSpec) { s.Tasks++ })},
		{name: "the minimum was raised, which starts a task", want: "-2.87", found: func(k engine.Key, have any) any {
			have = spec("service/validator", func(s *provision.ServiceSpec) { s.Tasks++ })(k, have)
			return spec("scalable-target/validator", func(s *provision.ScalableTargetSpec) { s.Min++ })(k, have)
		}},
		{name: "karmactl scale rules the bounds", want: "0.00", found: spec("scalable-target/validator", func(s *provision.ScalableTargetSpec) { s.Min, s.Elsewhere = s.Min+1, &provision.Ruled{} })},
		{name: "an endpoint in two zones goes", want: "-14.70", more: []engine.Outcome{
			{Key: "endpoint/ecr.api", Have: provision.VPCEndpointSpec{Type: "Interface", Subnets: provision.Set{"subnet-1", "subnet-2"}}},
		}},
		{name: "an agent goes with the size that it has", want: "-11.48", more: []engine.Outcome{
			{Key: "service/old", Have: provision.ServiceSpec{Tasks: 1, Capacity: provision.Strategy{{Provider: provision.FargateSpot, Weight: 1}}}},
			{Key: "task-definition/old", Have: provision.TaskDefinitionSpec{CPU: 1024, Memory: 2048, Arch: "X86_64"}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(t, "agents.yaml")
			nodes := offline(cfg).Resources()
			got, err := Delta(cfg, nodes, append(foundAs(t, nodes, c.found), c.more...), prices(t))
			if err != nil {
				t.Fatal(err)
			}
			if USD(got) != c.want {
				t.Errorf("it changes the bill by %s, want %s", USD(got), c.want)
			}
		})
	}
}

func TestTheOverviewAddsUpToTheTotal(t *testing.T) {
	for _, name := range []string{"agents.yaml", "agents.full.yaml"} {
		cfg := config(t, name)
		e := estimate(t, cfg)
		var sum Range
		for _, h := range e.Overview(cfg, offline(cfg).Resources()) {
			sum = sum.plus(h.Monthly)
			t.Logf("%-32s %-40s %8s", h.Name, h.About, USD(h.Monthly.Expected))
		}
		if !sum.Expected.Equal(e.Total().Expected) || !sum.High.Equal(e.Total().High) {
			t.Errorf("%s: the lines add up to %s, the total is %s", name, USD(sum.Expected), USD(e.Total().Expected))
		}
	}
}

func TestANATInstanceThatIsBeingReplacedChangesNoBill(t *testing.T) {
	cfg := config(t, "agents.yaml")
	cfg.Network.NAT = agents.NATInstance
	nodes := offline(cfg).Resources()
	dead := spec("asg/nat-instance", func(s *provision.AutoScalingGroupSpec) { s.Type, s.Running, s.Instance = "", "", "" })
	got, err := Delta(cfg, nodes, foundAs(t, nodes, dead), prices(t))
	if err != nil || USD(got) != "0.00" {
		t.Errorf("it changes the bill by %s, want 0.00: %v", USD(got), err)
	}
	gone := []engine.Outcome{{Key: "asg/nat-instance", Have: provision.AutoScalingGroupSpec{Desired: 1}}}
	shipped := config(t, "agents.yaml")
	all := offline(shipped).Resources()
	got, err = Delta(shipped, all, append(foundAs(t, all, nil), gone...), prices(t))
	if err != nil || USD(got) != "0.00" {
		t.Errorf("a group that goes while its instance is dead changes the bill by %s, want 0.00: %v", USD(got), err)
	}
}

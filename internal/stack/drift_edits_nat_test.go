package stack

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// natInstanceDrifts are those of a stack whose way out is an instance.
func natInstanceDrifts() []drift {
	group := func(edit func(*awssim.AutoScalingGroup)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.AutoScalingGroups, "asg/nat-instance", func(g *awssim.AutoScalingGroup) map[string]string { return g.Tags }, edit)
		}
	}
	eni := func(edit func(*awssim.World, *awssim.NetworkInterface)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.NetworkInterfaces, "eni/nat-instance", func(n *awssim.NetworkInterface) map[string]string { return n.Tags },
				func(n *awssim.NetworkInterface) { edit(w, n) })
		}
	}
	// What a template says is for ever; its tags, by which it is read, are not.
	template := func(tag string) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.LaunchTemplates, "launch-template/nat-instance", func(l *awssim.LaunchTemplate) map[string]string { return l.Tags },
				func(l *awssim.LaunchTemplate) { l.Tags["karmactl:"+tag] = "another" })
		}
	}
	return []drift{
		{"launch-template/nat-instance", "image", template("image")},
		{"launch-template/nat-instance", "type", template("type")},
		{"launch-template/nat-instance", "interface", template("interface")},
		{"launch-template/nat-instance", "cidr", template("cidr")},
		{"launch-template/nat-instance", "rules", template("rules")},
		{"eni/nat-instance", "groups", eni(func(w *awssim.World, n *awssim.NetworkInterface) {
			n.Groups = []string{idOf(w.SecurityGroups, "sg/agents", securityGroupTags)}
		})},
		{"eni/nat-instance", "source_dest_check", eni(func(_ *awssim.World, n *awssim.NetworkInterface) { n.Forwards = false })},
		{"eni/nat-instance", "address", eni(func(w *awssim.World, n *awssim.NetworkInterface) {
			w.Addresses[n.Address].HeldBy, n.Address, n.PublicIP = "", "", ""
		})},
		{"asg/nat-instance", "launch_template", group(func(g *awssim.AutoScalingGroup) { g.Template = "lt-00000000000000000" })},
		{"asg/nat-instance", "version", group(func(g *awssim.AutoScalingGroup) { g.Version = "2" })},
		{"asg/nat-instance", "zones", group(func(g *awssim.AutoScalingGroup) { g.Zones = []string{"us-east-1b"} })},
		{"asg/nat-instance", "min", group(func(g *awssim.AutoScalingGroup) { g.Min = 0 })},
		{"asg/nat-instance", "max", group(func(g *awssim.AutoScalingGroup) { g.Max = 2 })},
		{"asg/nat-instance", "desired", group(func(g *awssim.AutoScalingGroup) { g.Min, g.Desired = 0, 0 })},
		{"asg/nat-instance", "instance", func(w *awssim.World) bool {
			for _, i := range w.Instances {
				if i.Ended.IsZero() {
					i.Template = "lt-00000000000000000"
					return true
				}
			}
			return false
		}},
		{"sg/nat-instance", "ingress", func(w *awssim.World) bool {
			return one(w.SecurityGroups, "sg/nat-instance", securityGroupTags, func(g *awssim.SecurityGroup) {
				g.Ingress = append(slices.Clone(g.Ingress), awssim.SecurityGroupRule{Protocol: "-1", CIDR: "0.0.0.0/0"})
			})
		}},
	}
}

// sweptInstance is a fleet of the same kind whose way out is an instance.
var sweptInstance = natMode("instance")

// TestDriftOfANATInstanceIsShownAndRepaired is TestDriftIsShownAndRepaired for that stack.
func TestDriftOfANATInstanceIsShownAndRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, sweptInstance))
		b.everything(true)
		b.settled()
		for _, round := range rounds(natInstanceDrifts()) {
			if !b.repaired(round) {
				return
			}
			b.settled()
		}
		if online, err := b.sim.Online(); err != nil || len(online) != len(b.cfg.Agents) {
			t.Errorf("in the end %v reach the internet: %v", online, err)
		}
	})
}

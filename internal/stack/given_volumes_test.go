package stack

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// pointed is a fleet with an agent that mounts another team's files by an access point, and a
// directory of them, which its sidecar reads, too.
var pointed = strings.Replace(inGivenVPC, "memory: {", `memory: {
    volumes: {notes: {path: /notes, efs: fs-0a1b2c3d4e5f60718, access_point: fsap-0a1b2c3d4e5f60718}, models: {path: /models, efs: fs-0a1b2c3d4e5f60718, directory: /models/small, read_only: true}},
    sidecars: {indexer: {command: [index], volumes: {notes: {read_only: true}, models: {path: /m, read_only: true}}}},
    `, 1)

// othersPoint is an access point of the other team's file system, which has a directory, too.
func (b *stackBench) othersPoint(edit func(*awssim.AccessPoint)) {
	b.othersFiles(b.cfg.Network.Private...)
	b.edit(func(w *awssim.World) {
		const id = "fsap-0a1b2c3d4e5f60718"
		w.FileSystems["fs-0a1b2c3d4e5f60718"].Directories = []string{"models/small", "notes"}
		p := &awssim.AccessPoint{ID: id, ARN: "arn:aws:elasticfilesystem:us-east-1:" + w.Account + ":access-point/" + id, FileSystem: "fs-0a1b2c3d4e5f60718", Path: "/notes", State: "available", Tags: cloud.Tags{}}
		if edit != nil {
			edit(p)
		}
		w.AccessPoints[id] = p
	})
}

// running are how many tasks run of an agent, and why the last one of it stopped.
func (b *stackBench) running(agent string) (n int, why string) {
	b.edit(func(w *awssim.World) {
		for _, t := range w.Tasks {
			if !strings.Contains(t.Definition, "-"+agent+":") {
				continue
			}
			if t.Status == "RUNNING" {
				n++
			}
			if t.Reason != "" {
				why = t.Reason
			}
		}
	})
	return n, why
}

func TestAnAccessPointAndADirectoryThatAreThereAreMounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, pointed))
		b.othersPoint(nil)
		b.upStack(nil)
		if n, why := b.running("memory"); n != 1 {
			t.Errorf("%d tasks of memory run: %s", n, why)
		}
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
		b.edit(func(w *awssim.World) {
			var policy string
			for name, role := range w.Roles {
				if strings.HasSuffix(name, "-memory-task") {
					policy = role.Inline["karmactl"]
				}
			}
			if !strings.Contains(policy, `"elasticfilesystem:AccessPointArn":"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0a1b2c3d4e5f60718"`) || strings.Count(policy, "ClientMount") != 2 || strings.Count(policy, "ClientWrite") != 1 {
				t.Errorf("the task role has %s", policy)
			}
			for _, d := range w.TaskDefinitions {
				if !strings.HasSuffix(aws.ToString(d.Definition.Family), "-memory") {
					continue
				}
				var at []string
				for _, c := range d.Definition.ContainerDefinitions {
					for _, m := range c.MountPoints {
						at = append(at, aws.ToString(c.Name)+" "+aws.ToString(m.SourceVolume)+" "+aws.ToString(m.ContainerPath)+map[bool]string{true: " ro"}[aws.ToBool(m.ReadOnly)])
					}
				}
				slices.Sort(at)
				if got, want := strings.Join(at, ", "), "indexer models /m ro, indexer notes /notes ro, memory models /models ro, memory notes /notes"; got != want {
					t.Errorf("mounted are %s, wanted %s", got, want)
				}
			}
		})
		b.downStack()
		b.edit(func(w *awssim.World) {
			if len(w.AccessPoints) != 1 || len(w.FileSystems) != 1 {
				t.Errorf("after down there are %d access points and %d file systems", len(w.AccessPoints), len(w.FileSystems))
			}
		})
	})
}

func TestAnAccessPointThatCannotBeMountedIsRefusedBeforeAnythingIsMade(t *testing.T) {
	for why, edit := range map[string]func(*awssim.AccessPoint){
		"agents.memory.volumes.notes.access_point: there is no fsap-0a1b2c3d4e5f60718 in this account and region":                             nil,
		"agents.memory.volumes.notes.access_point: fsap-0a1b2c3d4e5f60718 is an access point of fs-0other, and efs says fs-0a1b2c3d4e5f60718": func(p *awssim.AccessPoint) { p.FileSystem = "fs-0other" },
		"fsap-0a1b2c3d4e5f60718 is error: wait until it is available, or have its owner make another one":                                     func(p *awssim.AccessPoint) { p.State = "error" },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, pointed))
			b.othersPoint(edit)
			if edit == nil {
				b.edit(func(w *awssim.World) { clear(w.AccessPoints) })
			}
			if _, err := ReadLookup(context.Background(), b.cfg, b.home); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%v\nwanted %s", err, why)
			}
		})
	}
}

func TestAGroupThatDoesNotLetTheAgentsInIsNamedWithTheRuleToAdd(t *testing.T) {
	const agents = "the agents' group"
	for _, x := range []struct {
		name string
		rule awssim.SecurityGroupRule
		why  string
	}{
		{"another port", awssim.SecurityGroupRule{Protocol: "tcp", From: 443, To: 443, CIDR: "172.30.0.0/16"}, "add an inbound rule to sg-0a1b2c3d4e5f60719, the security group of its mount target there: TCP, port 2049, from 172.30."},
		{"UDP", awssim.SecurityGroupRule{Protocol: "udp", From: 2049, To: 2049, CIDR: "172.30.0.0/16"}, "port 2049, from 172.30."},
		{"another range", awssim.SecurityGroupRule{Protocol: "tcp", From: 2049, To: 2049, CIDR: "10.0.0.0/8"}, "in us-east-1a, us-east-1b: add"},
		{"another group", awssim.SecurityGroupRule{Protocol: "-1", Group: "sg-0a1b2c3d4e5f60720"}, "from 172.30."},
		{"everything", awssim.SecurityGroupRule{Protocol: "-1", CIDR: "0.0.0.0/0"}, ""},
		{"a range of ports", awssim.SecurityGroupRule{Protocol: "tcp", From: 1024, To: 65535, CIDR: "172.30.0.0/16"}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, given))
			b.othersFiles(b.cfg.Network.Private...)
			b.edit(func(w *awssim.World) {
				w.SecurityGroups["sg-0a1b2c3d4e5f60719"].Ingress = []awssim.SecurityGroupRule{x.rule}
			})
			_, err := ReadLookup(context.Background(), b.cfg, b.home)
			if (err == nil) != (x.why == "") || err != nil && !strings.Contains(err.Error(), x.why) {
				t.Errorf("%s: %v", x.name, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // the stack is there: its group can be named
		b := newStackBench(t, parse(t, given))
		b.othersFiles(b.cfg.Network.Private...)
		b.upStack(nil)
		own := ""
		b.edit(func(w *awssim.World) {
			own = idOf(w.SecurityGroups, "sg/agents", securityGroupTags)
			w.SecurityGroups["sg-0a1b2c3d4e5f60719"].Ingress = nil
		})
		_, err := ReadLookup(context.Background(), b.cfg, b.home)
		if err == nil || !strings.HasSuffix(err.Error(), "TCP, port 2049, from "+own+", "+agents) {
			t.Errorf("%v", err)
		}
		b.edit(func(w *awssim.World) {
			w.SecurityGroups["sg-0a1b2c3d4e5f60719"].Ingress = []awssim.SecurityGroupRule{{Protocol: "tcp", From: 2049, To: 2049, Group: own}}
		})
		if _, err := ReadLookup(context.Background(), b.cfg, b.home); err != nil {
			t.Errorf("after the rule: %v", err)
		}
	})
}

func TestRangesThatCoverASubnetTogetherLetItIn(t *testing.T) {
	prefixes := func(texts ...string) (out []netip.Prefix) {
		for _, s := range texts {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	subnet := netip.MustParsePrefix("10.0.8.0/22")
	for _, x := range []struct {
		by   []netip.Prefix
		want bool
	}{
		{prefixes("10.0.0.0/8"), true},
		{prefixes("10.0.8.0/22"), true},
		{prefixes("10.0.8.0/23", "10.0.10.0/24", "10.0.11.0/24"), true},
		{prefixes("10.0.8.0/23", "10.0.10.0/24", "10.0.11.0/25"), false},
		{prefixes("10.0.8.4/32"), false},
		{prefixes("::/0"), false},
		{nil, false},
	} {
		if got := covered(subnet, x.by); got != x.want {
			t.Errorf("%s by %v: %t", subnet, x.by, got)
		}
	}
}

// Nothing in AWS's interface tells which directories a file system has: the task finds out.
func TestADirectoryThatIsNotThereKeepsTheTaskFromStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, pointed))
		b.othersPoint(nil)
		b.edit(func(w *awssim.World) { w.FileSystems["fs-0a1b2c3d4e5f60718"].Directories = []string{"notes"} })
		if err := b.attempt().Err(); err == nil {
			t.Error("up succeeds")
		}
		time.Sleep(time.Minute)
		if n, why := b.running("memory"); n > 0 || !strings.Contains(why, "mount.nfs4: mounting 127.0.0.1:/models/small failed, reason given by server: No such file or directory") {
			t.Errorf("%d tasks run: %q", n, why)
		}
	})
}

// shared is a bot whose memory another agent and a job with an image read.
const shared = remembers + `
  reader: {volumes: {memory: {of: bot/memory, path: /memory, read_only: true}}}
jobs:
  nightly: {image: "public.ecr.aws/docker/library/node:22-slim", command: [digest], schedule: every hour, volumes: {memory: {of: bot/memory, path: /data, read_only: true}, drafts: {path: /drafts}}}
`

func TestAVolumeOfAnotherAgentIsItsAccessPoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, shared))
		b.upStack(nil)
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
		b.edit(func(w *awssim.World) {
			if len(w.AccessPoints) != 2 || len(w.FileSystems) != 1 {
				t.Errorf("there are %d access points on %d file systems", len(w.AccessPoints), len(w.FileSystems))
			}
			point := idOf(w.AccessPoints, "access-point/bot/memory", func(a *awssim.AccessPoint) map[string]string { return a.Tags })
			for name, role := range w.Roles {
				policy := role.Inline["karmactl"]
				if mounts := strings.Contains(policy, "access-point/"+point); mounts != (strings.HasSuffix(name, "-bot-task") || strings.HasSuffix(name, "-reader-task") || strings.HasSuffix(name, "-nightly-task")) {
					t.Errorf("%s mounts the memory: %t", name, mounts)
				}
				if strings.HasSuffix(name, "-reader-task") && strings.Contains(policy, "ClientWrite") {
					t.Errorf("the reader may write: %s", policy)
				}
			}
		})
		time.Sleep(3 * time.Hour)
		b.sim.Inventory()
		b.edit(func(w *awssim.World) {
			if x := w.JobSchedules["karmacadabra-prod/nightly"]; x.Started == 0 || x.Dropped > 0 {
				t.Errorf("in three hours it was started %d times, and given up %d times", x.Started, x.Dropped)
			}
		})
		if _, why := b.running("nightly"); strings.Contains(why, "EFS") {
			t.Errorf("the job cannot mount: %s", why)
		}
		b.downStack()
		b.settled()
	})
}

func TestAllFileSystemsAreHeldToOneListingOfTheVPC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, given))
		b.othersFiles(b.cfg.Network.Private...)
		in, err := mounting(t.Context(), b.home, b.cfg.Network, Lookup{})
		if err != nil {
			t.Fatal(err)
		}
		b.sim.ResetCalls()
		for range 3 {
			has, err := in.listed(t.Context(), b.home)
			if err != nil || len(has.subnets) == 0 || len(has.groups) == 0 {
				t.Errorf("%d subnets, %d groups, %v", len(has.subnets), len(has.groups), err)
			}
		}
		if n := len(b.sim.Calls()); n != 2 {
			t.Errorf("%d calls for three file systems, want 2", n)
		}
	})
}

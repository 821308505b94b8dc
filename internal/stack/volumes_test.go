package stack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// inOneZone is what a file begins with whose agents are in one zone, without a NAT gateway.
const inOneZone = `
project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none, azs: 1}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
`

// remembers is a bot that keeps what it learns, beside one that keeps nothing.
const remembers = inOneZone + `agents:
  bot:
    volumes: {memory: {path: /data}}
  scout: {}
`

// downKeepingData takes the stack down as down does without --data.
func (b *stackBench) downKeepingData() *engine.Result {
	b.t.Helper()
	s := b.fresh(false)
	s.DeleteImages = true
	w := b.walk(true, s.Steps()...)
	w.Orphans = s.Orphans(engine.Known(b.rec))
	w.Keep = Keep(DownOptions{Images: true, Logs: true})
	return b.done(w.Down(context.Background()))
}

// fileSystem is the account's only one; "" without any.
func (b *stackBench) fileSystem() (id string) {
	b.t.Helper()
	b.edit(func(w *awssim.World) {
		if len(w.FileSystems) > 1 {
			b.t.Errorf("there are %d file systems", len(w.FileSystems))
		}
		for id = range w.FileSystems {
			return
		}
	})
	return id
}

func TestWhatAnAgentKeepsOutlivesItsStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, remembers))
		before := b.inventory()
		b.upStack(b.planStack())
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
		}
		files := b.fileSystem()
		b.edit(func(w *awssim.World) { w.FileSystems[files].GB = 5 })

		res := b.downKeepingData()
		if o, _ := res.Get("file-system"); o.Verb != engine.None || !strings.Contains(o.Reason, "--data") {
			t.Errorf("down does not say that it keeps the data: %s %q", o.Verb, o.Reason)
		}
		b.settled()
		left := slices.DeleteFunc(onlyAccounts(b.inventory()), func(s string) bool { return slices.Contains(before, s) })
		if len(left) != 1 || !strings.HasPrefix(left[0], "file-system ") {
			t.Errorf("down keeps %q, and only the file system holds data", left)
		}

		b.upStack(nil)
		if again := b.fileSystem(); again != files {
			t.Errorf("up does not take the file system that is there: %s, then %s", files, again)
		}
		b.downStack()
		b.settled()
		if diff := cmp.Diff(before, onlyAccounts(b.inventory())); diff != "" {
			t.Errorf("down --data leaves something (-before +after):\n%s", diff)
		}
	})
}

func TestAVolumeIsEncryptedAndItsAgentsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, remembers))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, f := range w.FileSystems {
				if !f.Encrypted {
					t.Error("the file system is not encrypted")
				}
			}
			for _, d := range w.TaskDefinitions {
				if strings.HasSuffix(*d.Definition.Family, "-bot") != (len(d.Definition.Volumes) == 1) {
					t.Errorf("%s has %d volumes", *d.Definition.Family, len(d.Definition.Volumes))
				}
			}
			point := idOf(w.AccessPoints, "access-point/bot/memory", func(a *awssim.AccessPoint) map[string]string { return a.Tags })
			for name, role := range w.Roles {
				policy := role.Inline["karmactl"]
				if strings.Contains(policy, "elasticfilesystem:") != (name == "karmacadabra-prod-us-east-1-bot-task") {
					t.Errorf("%s has the policy %s", name, policy)
				}
				if strings.Contains(policy, "elasticfilesystem:") && !strings.Contains(policy, "access-point/"+point) {
					t.Errorf("the policy is not limited to %s: %s", point, policy)
				}
			}
		})
	})
}

// A file without the volume any more says nothing of the data.
func TestDataStaysWhenItsVolumeLeavesTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, remembers))
		b.upStack(nil)
		files := b.fileSystem()
		without := strings.Replace(remembers, "    volumes: {memory: {path: /data}}\n", "    cpu: 256\n", 1)
		b.cfg = parse(t, without)
		s := b.fresh(false)
		w := b.walk(true, s.Steps()...)
		w.Orphans, w.Keep = s.Orphans(engine.Known(b.rec)), Keep(DownOptions{})
		b.done(w.Up(context.Background()))
		if b.fileSystem() != files {
			t.Errorf("up deleted %s", files)
		}
		b.edit(func(w *awssim.World) {
			if n := len(w.MountTargets) + len(w.AccessPoints); n > 0 {
				t.Errorf("%d ways to it are left", n)
			}
		})
		b.cfg = parse(t, remembers)
		b.upStack(nil)
		if b.fileSystem() != files {
			t.Errorf("up made another file system than %s", files)
		}
	})
}

func TestAFileSystemIsNeverReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, remembers))
		b.upStack(nil)
		files := b.fileSystem()
		b.edit(func(w *awssim.World) { w.FileSystems[files].Encrypted = false })
		var never *engine.Irreplaceable
		if err := b.attempt().Err(); !errors.As(err, &never) {
			t.Errorf("up of a file system that is not encrypted ends with %v", err)
		}
		if b.fileSystem() != files {
			t.Errorf("%s is gone", files)
		}
	})
}

func TestAnotherWayOutLeavesTheMountTargetsWhereTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, remembers))
		b.upStack(nil)
		b.cfg = parse(t, strings.Replace(remembers, "nat: none", "nat: single", 1))
		b.sim.ResetCalls()
		b.upStack(nil)
		for _, c := range b.sim.Mutations() {
			if c.Service == "EFS" {
				t.Errorf("up calls %s", c.Name())
			}
		}
	})
}

// TestAFleetWithVolumesIsFinishedAfterACrash kills the process after each call to EFS, and
// loses the reply of each, in up and in down: the next one finishes.
func TestAFleetWithVolumesIsFinishedAfterACrash(t *testing.T) {
	var up, down []int
	ofEFS := func(calls []awssim.Call) (out []int) {
		for _, c := range calls {
			if c.Service == "EFS" && c.Mutating {
				out = append(out, c.N)
			}
		}
		return out
	}
	var before []string
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, remembers))
		before = b.inventory()
		b.sim.ResetCalls()
		b.upStack(nil)
		up = ofEFS(b.sim.Mutations())
		b.sim.ResetCalls()
		b.downStack()
		down = ofEFS(b.sim.Mutations())
	})
	if len(up) < 3 || len(down) < 3 {
		t.Fatalf("%d calls of up and %d of down go to EFS", len(up), len(down))
	}
	for _, lost := range []bool{false, true} {
		for i, n := range slices.Concat(up, down) {
			if testing.Short() && lost == (i%2 == 0) { // one of the two at each call, in turn
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, remembers))
				going := i >= len(up)
				if going {
					b.upStack(nil)
				}
				b.disturb(n, lost, going)
				if !going {
					b.upStack(nil)
					if again := b.planStack(); again.Changes() {
						t.Errorf("call %d of up, reply lost %t: the plan after the rerun is not empty: %s", n, lost, verbs(again))
					}
				}
				b.downStack()
				b.settled()
				if diff := cmp.Diff(before, onlyAccounts(b.inventory())); diff != "" {
					t.Errorf("call %d, down %t, reply lost %t (-before +after):\n%s", n, going, lost, diff)
				}
			})
		}
	}
}

// disturb runs up or down, and call n has its reply lost, or is the last one of the process.
func (b *stackBench) disturb(n int, lost, going bool) {
	b.t.Helper()
	walk := func(s *Stack) {
		w := b.walkOf(s)
		if going {
			_, _ = w.Down(context.Background())
		} else {
			_, _ = w.Up(context.Background())
		}
	}
	if !lost {
		b.killAt(n, walk)
		return
	}
	b.sim.ResetCalls()
	b.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Mutating && c.N == n {
			return awssim.Fault{After: awssim.LostConnection()}
		}
		return awssim.Fault{}
	})
	s := b.fresh(false)
	s.DeleteImages = true
	walk(s)
	b.sim.Inject(nil)
}

// given is a fleet with an agent that reads models from a file system of another team.
var given = strings.Replace(inGivenVPC, "memory: {", "memory: {volumes: {models: {path: /models, efs: fs-0a1b2c3d4e5f60718, read_only: true}}, ", 1)

// othersFiles are a file system of another team with mount targets in some subnets.
func (b *stackBench) othersFiles(subnets ...string) {
	b.edit(func(w *awssim.World) {
		const id = "fs-0a1b2c3d4e5f60718"
		w.FileSystems[id] = &awssim.FileSystem{ID: id, ARN: "arn:aws:elasticfilesystem:us-east-1:" + w.Account + ":file-system/" + id, Token: "theirs", State: "available", Tags: cloud.Tags{}}
		w.SecurityGroups["sg-0a1b2c3d4e5f60719"] = &awssim.SecurityGroup{
			ID: "sg-0a1b2c3d4e5f60719", VPC: b.cfg.Network.VPC, Name: "theirs", Tags: cloud.Tags{},
			Ingress: []awssim.SecurityGroupRule{{Protocol: "tcp", From: 2049, To: 2049, CIDR: "172.30.0.0/16"}},
		}
		for _, s := range subnets {
			w.MountTargets["fsmt-"+s] = &awssim.MountTarget{
				ID: "fsmt-" + s, FileSystem: id, Subnet: s, VPC: w.Subnets[s].VPC, AZ: w.Subnets[s].AZ, Groups: []string{"sg-0a1b2c3d4e5f60719"}, State: "available",
			}
		}
	})
}

func TestAFileSystemThatIsThereIsUsedAndNeverChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, given))
		b.othersFiles(b.cfg.Network.Private...)
		b.upStack(nil)
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
		b.downStack()
		if files := b.fileSystem(); files != "fs-0a1b2c3d4e5f60718" {
			t.Errorf("after down there is %q", files)
		}
	})
}

func TestAFileSystemThatTheAgentsCannotReachIsRefusedBeforeAnythingIsMade(t *testing.T) {
	for _, x := range []struct {
		what, yaml string
		there      func(b *stackBench)
		why        string
	}{
		{"there is none", given, func(*stackBench) {}, "agents.memory.volumes.models.efs: there is no fs-0a1b2c3d4e5f60718 in this account and region"},
		{"no mount target", given, func(b *stackBench) { b.othersFiles() }, "has no mount target, so nothing can mount it"},
		{"none in a zone", given, func(b *stackBench) { b.othersFiles(b.cfg.Network.Private[0]) }, "fs-0a1b2c3d4e5f60718 has no mount target in us-east-1b, where tasks are started"},
		{"one that failed", given, func(b *stackBench) {
			b.othersFiles(b.cfg.Network.Private...)
			b.edit(func(w *awssim.World) { w.MountTargets["fsmt-"+b.cfg.Network.Private[1]].State = "error" })
		}, "in us-east-1b is error: wait until it is available, or have its owner make it again"},
		{"another VPC", strings.Replace(remembers, "path: /data", "path: /data, efs: fs-0a1b2c3d4e5f60718", 1), func(b *stackBench) {
			b.cfg.Network = agents.Network{VPC: "vpc-theirs"}
			b.edit(func(w *awssim.World) {
				w.Subnets["subnet-t"] = &awssim.Subnet{ID: "subnet-t", VPC: "vpc-theirs", AZ: "us-east-1a"}
			})
			b.othersFiles("subnet-t")
		}, "fs-0a1b2c3d4e5f60718 has its mount targets in vpc-theirs, and the agents are in another VPC: say network.vpc: vpc-theirs"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, x.yaml))
			x.there(b)
			_, err := ReadLookup(context.Background(), parse(t, x.yaml), b.home)
			if err == nil || !strings.Contains(err.Error(), x.why) {
				t.Errorf("%s: %v", x.what, err)
			}
		})
	}
}

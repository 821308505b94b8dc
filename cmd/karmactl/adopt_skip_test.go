package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/adopt"
	"github.com/karmacadabra/karmactl/internal/document"
)

var skipped = []string{
	"--skip=service/chat", "--skip=alarm/seller/high-cpu", "--skip=alarm/validator/high-cpu", "--skip=rule/http/seller", "--skip=scaling-policy/validator/cpu",
}

func TestWhatIsLeftOutOfATakeoverStaysWithWhoMadeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before := o.world()
		out := said(t, o, slices.Concat(takeIt, skipped)...)
		if !strings.Contains(out, "Taken over: 38 resources, as they are.") {
			t.Errorf("it says:\n%s", out)
		}
		o.onlyTags()
		said(t, o, "validate")
		file, err := os.ReadFile(o.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"# Note: left out by --skip, with who made it: service/chat (acme-prod-chat), alarm/seller/high-cpu", "    enabled: false  # the fleet has none by the names of karmactl's",
			"    scale: {min: 1, max: 3, cpu: 0, memory: 0}",
		} {
			if !strings.Contains(string(file), line) {
				t.Errorf("the file has no %q:\n%s", line, file)
			}
		}
		var plan struct {
			Warnings []string
			Changes  []document.Change
		}
		if _, out := o.run("", "plan", "-o", "json"); json.Unmarshal([]byte(out), &plan) != nil {
			t.Fatalf("plan:\n%s", out)
		}
		for _, ch := range plan.Changes {
			if ch.Verb != "create" || ch.Key != "rule/http/seller" {
				t.Errorf("plan: %s %s", ch.Verb, ch.Key)
			}
		}
		said(t, o, "up", "--yes")
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
		if out := said(t, o, "plan"); !strings.Contains(out, "No changes") {
			t.Errorf("the plan after up:\n%s", out)
		}
		said(t, o, "adopt", "--undo", "--yes")
		if d := cmp.Diff(before, o.world()); d != "" {
			t.Errorf("the account (-before +after):\n%s", d)
		}
	})
}

func TestAKeyThatCannotBeLeftOutIsRefusedWithTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		for skip, want := range map[string]string{
			"vpc":                   "vpc cannot be left out: igw needs it",
			"scalable-target/chat":  "scalable-target/chat cannot be left out: scaling-policy/chat/cpu needs it",
			"service/chta":          "--skip service/chta: nothing of the fleet would have this key: did you mean service/chat?",
			"topic":                 "--skip topic: nothing of the fleet would have this key: karmactl adopt --dry-run lists the keys",
			"alarm/seller/high-cpu": "alarm/seller/high-cpu cannot be left out alone: agents.yaml says it of all of them: --skip alarm/chat/high-cpu --skip alarm/validator/high-cpu",
		} {
			if code, said := o.run("", slices.Concat(takeIt, []string{"--skip", skip})...); code != exitUsage || !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
				t.Errorf("%s exits %d: %s", skip, code, said)
			}
		}
		dir := t.TempDir()
		o.must("", takeIt...)
		o.sim.ResetCalls()
		code, said := o.run("", slices.Concat(takeIt, []string{"--skip", "service/chat"})...)
		if code != exitUsage || !strings.Contains(said, "asks for service/chat, and --skip leaves it out: take it out of the file first") {
			t.Errorf("with a file that has it exits %d: %s", code, said)
		}
		code, said = o.run("", slices.Concat(takeIt, []string{"--skip", "rule/http/chat"})...)
		if code != exitError || !strings.Contains(said, "was taken over before, and --skip leaves it out") {
			t.Errorf("what was taken exits %d: %s", code, said)
		}
		o.file = filepath.Join(dir, "agents.yaml")
		if code, said := o.run("", "adopt", "--undo", "--skip", "service/chat"); code != exitUsage {
			t.Errorf("with --undo exits %d: %s", code, said)
		}
		for _, c := range o.sim.Mutations() {
			if c.Service != "S3" { // the lock
				t.Errorf("%s is called", c.Name())
			}
		}
	})
}

func TestTheKeysThatMayBeLeftOutComplete(t *testing.T) {
	r := &adopt.Report{Counterparts: []adopt.Counterpart{
		{Key: "vpc", ID: "vpc-1"}, {Key: "service/seller", ID: "arn", Name: "acme-prod-seller"}, {Key: "service/chat", ID: "arn"}, {Key: "endpoint/s3", ID: "vpce-1"},
	}}
	want := []string{"endpoint/s3\tvpce-1", "service/seller\tacme-prod-seller"}
	if words := mayBeLeftOut(r, []string{"service/chat"}); !slices.Equal(words, want) {
		t.Errorf("it offers %q, want %q", words, want)
	}
}

func TestATakeoverOfAPartThatDiesIsGoneOnWith(t *testing.T) {
	step := 9
	if testing.Short() {
		step = 20
	}
	for at := 1; at <= 30; at += step {
		t.Run(fmt.Sprintf("call %d", at), func(t *testing.T) {
			t.Chdir(t.TempDir()) // a state that cannot be written is left here
			synctest.Test(t, func(t *testing.T) { diesAt(t, false, at == 1, at, skipped...) })
		})
	}
}

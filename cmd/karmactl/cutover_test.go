package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dns "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const besideTerraform = `
project: shop
environment: next
region: us-east-1
load_balancer:
  domain: agents.example.com
  records: false
observability: {alarms: {enabled: false}, dashboard: false}
defaults: {image: "public.ecr.aws/x/agent:v1"}
agents:
  validator: {port: 9001}
  seller: {port: 9002}
  chat: {port: 9003, image: "public.ecr.aws/x/agent:amd64-only"}
`

// besides is an office with two fleets of the same agents: Terraform's, to which the names
// lead, and karmactl's.
type besides struct {
	*office
	route53 *route53.Client
	zone    string
	old     string
}

func newBesides(t *testing.T) *besides {
	t.Helper()
	o := newOffice(t, besideTerraform)
	f, err := livetest.Build(t.Context(), o.sim, engine.RealClock{}, livetest.Shape{Domain: "agents.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	b := &besides{office: o, old: f.Host, route53: cloud.NewClients(o.sim.Config()).Route53}
	zones, err := cloud.HostedZones(t.Context(), b.route53)
	if err != nil || len(zones) != 1 {
		t.Fatal(zones, err)
	}
	b.zone = zones[0].ID
	b.change(
		dns.Change{Action: dns.ChangeActionDelete, ResourceRecordSet: b.set("chat.agents.example.com", "A")},
		values("chat.agents.example.com", dns.RRTypeCname, 300, f.Host),
		values("grafana.agents.example.com", dns.RRTypeCname, 3600, "grafana.example.net"),
		dns.Change{Action: dns.ChangeActionCreate, ResourceRecordSet: &dns.ResourceRecordSet{
			Name: aws.String("seller.agents.example.com"), Type: dns.RRTypeAaaa, AliasTarget: b.set("seller.agents.example.com", "A").AliasTarget,
		}},
	)
	time.Sleep(time.Minute)
	o.must("", "up", "--yes")
	b.sameImage("chat")
	o.sim.ResetCalls()
	return b
}

// sameImage has an agent run from the same image in both fleets. Terraform's names it by its
// tag, of which the simulated tasks know no digest.
func (b *besides) sameImage(agent string) {
	b.t.Helper()
	image := func(w *awssim.World, family string) *string {
		for _, d := range w.TaskDefinitions {
			if *d.Definition.Family == family {
				return d.Definition.ContainerDefinitions[0].Image
			}
		}
		b.t.Fatalf("there is no task definition of %s", family)
		return nil
	}
	if err := b.sim.Edit(func(w *awssim.World) { *image(w, livetest.Cluster+"-"+agent) = *image(w, "shop-next-"+agent) }); err != nil {
		b.t.Fatal(err)
	}
}

func values(name string, kind dns.RRType, ttl int64, value string) dns.Change {
	return dns.Change{Action: dns.ChangeActionCreate, ResourceRecordSet: &dns.ResourceRecordSet{
		Name: &name, Type: kind, TTL: &ttl, ResourceRecords: []dns.ResourceRecord{{Value: &value}},
	}}
}

func (b *besides) change(changes ...dns.Change) {
	b.t.Helper()
	_, err := b.route53.ChangeResourceRecordSets(b.t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &b.zone, ChangeBatch: &dns.ChangeBatch{Changes: changes}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// sets are the records of the zone as AWS lists them.
func (b *besides) sets() []dns.ResourceRecordSet {
	b.t.Helper()
	out, err := b.route53.ListResourceRecordSets(b.t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &b.zone})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.ResourceRecordSets
}

func (b *besides) set(name string, kind dns.RRType) *dns.ResourceRecordSet {
	b.t.Helper()
	for _, s := range b.sets() {
		if cloud.BareName(*s.Name) == name && s.Type == kind {
			return &s
		}
	}
	b.t.Fatalf("there is no %s %s", name, kind)
	return nil
}

// zoneText is the zone for comparing.
func (b *besides) zoneText() string {
	text, err := json.MarshalIndent(b.sets(), "", " ")
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// asks sends a request to each agent by both of its names. The error is of the first without an answer.
func (b *besides) asks() error {
	for _, a := range livetest.Agents() {
		for _, url := range []string{"https://" + a.Name + ".agents.example.com/health", "https://agents.example.com/" + a.Name + "/health"} {
			req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			res, err := b.sim.RoundTripper().RoundTrip(req)
			if err != nil {
				return fmt.Errorf("%s: %w", url, err)
			}
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answers %s", url, res.Status)
			}
		}
	}
	return nil
}

// under has requests sent all the time while f runs, and gives how many rounds there were
// and which were not answered.
func (b *besides) under(f func()) (rounds int, failed []error) {
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Second):
			}
			rounds++
			if err := b.asks(); err != nil {
				failed = append(failed, err)
			}
		}
	})
	func() {
		defer done.Wait()
		defer close(stop) // also when f ends the test
		f()
	}()
	return rounds, failed
}

func TestNamesAreMovedAndPutBackFiftyTimesWithoutARequestUnanswered(t *testing.T) {
	turns := 50
	if testing.Short() {
		turns = 2
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		before := b.zoneText()
		rounds, failed := b.under(func() {
			for turn := range turns {
				code, said := b.run("", "cutover", "--yes")
				if code != 0 || !strings.Contains(said, "Moved: the names lead to shop-next-") || !strings.Contains(said, b.old+": no more requests") {
					t.Fatalf("turn %d: cutover exits %d:\n%s", turn, code, said)
				}
				code, said = b.run("", "cutover", "--back", "--yes")
				if code != 0 || !strings.Contains(said, "Put back") || !strings.Contains(said, ": no more requests") {
					t.Fatalf("turn %d: back exits %d:\n%s", turn, code, said)
				}
				if after := b.zoneText(); after != before {
					t.Fatalf("turn %d: the records (-before +after):\n%s", turn, cmp.Diff(before, after))
				}
			}
		})
		if len(failed) > 0 || rounds < 100*turns {
			t.Errorf("%d of %d rounds were not answered, such as %v", len(failed), rounds, failed[:min(1, len(failed))])
		}
		if code, said := b.run("", "cutover", "--back", "--yes"); code != exitError || !strings.Contains(said, "nothing to put back") {
			t.Errorf("back without a cutover exits %d:\n%s", code, said)
		}
		if code, said := b.run("", "plan"); code != 0 || strings.Contains(said, "record/agents.example.com") {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
	})
}

func TestAfterACutoverThePlanIsEmptyAndTakesTheRecordsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		code, said := b.run("", "cutover", "--dry-run")
		golden(t, "cutover_dry_run.txt", b.plain(said))
		if code != 0 || len(b.sim.Mutations()) > 0 {
			t.Errorf("dry run exits %d after %v", code, b.sim.Mutations())
		}
		code, said = b.run("", "cutover", "--yes")
		golden(t, "cutover.txt", b.plain(said))
		if code != 0 {
			t.Errorf("exits %d", code)
		}
		if code, said := b.run("", "plan"); code != 0 || !strings.Contains(said, "take records: false out") {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
		b.sim.ResetCalls()
		if code, said := b.run("", "cutover", "--yes"); code != 0 || !strings.Contains(said, "lead to shop-next-") || !strings.Contains(said, "already") {
			t.Errorf("again exits %d:\n%s", code, said)
		}
		b.rewrite("  records: false\n", "")
		if code, said := b.run("", "plan", "--detailed-exitcode"); code != 0 {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
		b.must("", "up", "--yes")
		for _, c := range b.sim.Mutations() {
			if c.Service != "S3" {
				t.Errorf("taking the records over calls %s", c.Name())
			}
		}
		if code, said := b.run("", "state", "list"); code != 0 || !strings.Contains(said, "record/agents.example.com") {
			t.Errorf("state list exits %d:\n%s", code, said)
		}
		code, said = b.run("", "cutover", "--back", "--yes")
		golden(t, "cutover_back.txt", b.plain(said))
		if code != 0 {
			t.Errorf("back exits %d", code)
		}
		if code, said := b.run("", "state", "list"); code != 0 || strings.Contains(said, "record/agents.example.com") {
			t.Errorf("state list exits %d:\n%s", code, said)
		}
		b.rewrite("agents.example.com\n", "agents.example.com\n  records: false\n")
		if code, said := b.run("", "plan", "--detailed-exitcode"); code != 0 {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
	})
}

// plain is what a command said without what differs from run to run.
func (b *besides) plain(said string) string {
	said = regexp.MustCompile(`next-\d+`).ReplaceAllString(said, "next-1000000001")
	said = regexp.MustCompile(`until \S+;`).ReplaceAllString(said, "until TIME;")
	return strings.ReplaceAll(said, b.dir, "DIR")
}

// rewrite changes agents.yaml.
func (b *besides) rewrite(was, is string) {
	b.t.Helper()
	text, err := os.ReadFile(b.file)
	if err != nil || !strings.Contains(string(text), was) {
		b.t.Fatal(err, string(text))
	}
	if err := os.WriteFile(b.file, []byte(strings.Replace(string(text), was, is, 1)), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Every call of a cutover and of its way back may be the last of its process, or may lose its
// reply: the same command again ends it, and no request is lost.
func TestACutoverThatDiesAtAnyCallIsGoneOnWith(t *testing.T) {
	t.Chdir(t.TempDir()) // a state that cannot be written is left here
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		before := b.zoneText()
		aside := b.keep()
		b.must("", "cutover", "--yes", "--watch", "0")
		moved := b.zoneText()
		over := b.keep()
		for _, way := range []struct {
			what, zone string
			from       func()
			args       []string
		}{
			{"cutover", moved, aside, []string{"cutover", "--yes", "--watch", "0"}},
			{"back", before, over, []string{"cutover", "--back", "--yes", "--watch", "0"}},
		} {
			way.from()
			b.sim.ResetCalls()
			b.must("", way.args...)
			n := len(b.sim.Mutations())
			if n < 5 {
				t.Fatalf("%s: only %d calls write", way.what, n)
			}
			for at := 1; at <= n; at++ {
				for _, fault := range []awssim.Fault{{Kill: true}, {After: awssim.LostConnection()}} {
					if testing.Short() && (at+n)%8 != 0 {
						continue
					}
					way.from()
					what := fmt.Sprintf("%s, call %d of %d, killed %v", way.what, at, n, fault.Kill)
					_, failed := b.under(func() { b.diesAtCall(what, at, fault, way.args) })
					if got := b.zoneText(); got != way.zone {
						t.Errorf("%s: the records (-want +got):\n%s", what, cmp.Diff(way.zone, got))
					}
					if len(failed) > 0 {
						t.Errorf("%s: %d rounds unanswered, such as %v", what, len(failed), failed[0])
					}
				}
			}
		}
	})
}

func (b *besides) diesAtCall(what string, at int, fault awssim.Fault, args []string) {
	n := 0
	b.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Mutating {
			if n++; n == at {
				return fault
			}
		}
		return awssim.Fault{}
	})
	code, said := b.run("", args...)
	died := b.sim.Dead()
	b.sim.Inject(nil)
	if !died && code != 0 {
		b.t.Errorf("%s: exits %d:\n%s", what, code, said)
	}
	if died {
		time.Sleep(30 * time.Minute) // the lock of what died ends
	}
	if code, said := b.run("", args...); code != 0 && !strings.Contains(said, "nothing to put back") {
		b.t.Errorf("%s: again exits %d:\n%s", what, code, said)
	}
}

func TestACutoverRefusesWhatWouldLoseRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		back := b.keep()
		refusals := []struct {
			what, says string
			args       string
			prepare    func()
		}{
			{"an agent at 0", "chat is scaled to 0", "cutover --yes", func() { b.must("", "scale", "chat=0", "--yes") }},
			{"weighted records", "seller.agents.example.com A is one of several that share the name (weighted, blue has 10)", "cutover --yes", func() {
				s := b.set("seller.agents.example.com", "A")
				w := *s
				w.SetIdentifier, w.Weight = aws.String("blue"), aws.Int64(10)
				b.change(dns.Change{Action: dns.ChangeActionDelete, ResourceRecordSet: s}, dns.Change{Action: dns.ChangeActionCreate, ResourceRecordSet: &w})
			}},
			{"no answer", "there is no terminal to ask on", "cutover", func() {}},
			{"a name that is delegated", "agents.example.com is delegated to other name servers", "cutover --dry-run", func() {
				b.change(values("agents.example.com", dns.RRTypeNs, 300, "ns.example.net."))
			}},
		}
		for _, r := range refusals {
			back()
			r.prepare()
			if r.what == "an agent at 0" {
				time.Sleep(5 * time.Minute)
			}
			b.sim.ResetCalls()
			code, said := b.run("", strings.Fields(r.args)...)
			if code == 0 || !strings.Contains(said, r.says) {
				t.Errorf("%s exits %d:\n%s", r.what, code, said)
			}
			if slices.ContainsFunc(b.sim.Mutations(), func(c awssim.Call) bool { return c.Service == "Route 53" }) {
				t.Errorf("%s: records are changed", r.what)
			}
		}
		back()
		b.must("", "cutover", "--yes", "--watch", "0")
		if err := b.sim.Edit(func(w *awssim.World) {
			for _, g := range w.TargetGroups {
				if strings.Contains(g.Name, "2025061108300000000000") { // Terraform's
					clear(g.Targets)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		if code, said := b.run("", "cutover", "--back", "--yes"); code != exitError || !strings.Contains(said, "has no healthy target: nothing is led back to it") {
			t.Errorf("back exits %d:\n%s", code, said)
		}
	})
}

func TestWhateverPermissionACutoverMissesIsNamed(t *testing.T) {
	every := 8
	if !testing.Short() {
		every = 1
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		aside := b.keep()
		b.denyEach(aside, every, strings.Fields("cutover --dry-run"))
		b.denyEach(aside, every, strings.Fields("cutover --yes"))
		b.must("", "cutover", "--yes", "--watch", "0")
		over := b.keep()
		b.denyEach(over, every, strings.Fields("cutover --back --yes"))
	})
}

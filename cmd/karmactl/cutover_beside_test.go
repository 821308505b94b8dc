package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dns "github.com/aws/aws-sdk-go-v2/service/route53/types"

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

// plain is what a command said without what differs from run to run.
func (b *besides) plain(said string) string {
	said = regexp.MustCompile(`next-\d+`).ReplaceAllString(said, "next-1000000001")
	said = regexp.MustCompile(`until [^;]+;`).ReplaceAllString(said, "until TIME;")
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

package cutover

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

const (
	ownBalancer = "shop-next-1.us-east-1.elb.amazonaws.com"
	elbZone     = "Z35SXDOTRQ7X7K"
)

// bench is a fleet whose names are in a zone with the records of a test.
type bench struct {
	*Fleet
	t *testing.T
}

func newBench(t *testing.T, sets ...types.ResourceRecordSet) *bench {
	t.Helper()
	sim, err := awssim.New(awssim.Options{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	zone := ""
	if err := sim.Edit(func(w *awssim.World) { zone = w.SeedHostedZone("example.com", false) }); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, Fleet: &Fleet{
		Env:  &provision.Env{Stack: "shop-next", Account: cloud.Account{Region: "us-east-1"}, Clients: cloud.NewClients(sim.Config()), Clock: engine.RealClock{}},
		Zone: zone, Names: []string{"agents.example.com", "*.agents.example.com", "help.example.com"}, Agents: []string{"chat.agents.example.com", "scout.agents.example.com"},
		Balancer: ownBalancer, BalancerZone: elbZone,
	}}
	for _, s := range sets {
		b.put(s)
	}
	return b
}

func (b *bench) put(s types.ResourceRecordSet) {
	b.t.Helper()
	_, err := b.Clients.Route53.ChangeResourceRecordSets(context.Background(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &b.Zone, ChangeBatch: &types.ChangeBatch{
		Changes: []types.Change{{Action: types.ChangeActionUpsert, ResourceRecordSet: &s}},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// texts are the zone's records that lead somewhere.
func (b *bench) texts() (out []string) {
	b.t.Helper()
	all, err := b.read(context.Background(), []string{"example.com"})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range all {
		if s.leads() {
			out = append(out, s.key()+" "+s.text())
		}
	}
	slices.Sort(out)
	return out
}

func valued(name string, kind types.RRType, ttl int64, value string) types.ResourceRecordSet {
	return types.ResourceRecordSet{Name: &name, Type: kind, TTL: &ttl, ResourceRecords: []types.ResourceRecord{{Value: &value}}}
}

// there and back again, with what each kind of record becomes.
func TestEachKindOfRecordIsMovedLeftOrNamed(t *testing.T) {
	for _, c := range []struct {
		what   string
		sets   []types.ResourceRecordSet
		after  []string // of the names that the fleet has no record of
		note   string
		longer time.Duration
	}{
		{"nothing", nil, nil, "", 0},
		{"addresses", []types.ResourceRecordSet{valued("agents.example.com", "A", 600, "192.0.2.1"), valued("agents.example.com", "AAAA", 60, "2001:db8::1")}, nil, "", 10 * time.Minute},
		{"another host's CNAME", []types.ResourceRecordSet{valued("help.example.com", "CNAME", 60, "old.example.net")}, nil, "", 0},
		{"an agent's own", []types.ResourceRecordSet{valued("chat.agents.example.com", "CNAME", 60, "old.example.net")}, nil, "chat.agents.example.com has a record of its own", 0},
		{
			"an agent's own with another beside it",
			[]types.ResourceRecordSet{valued("chat.agents.example.com", "A", 60, "192.0.2.1"), valued("chat.agents.example.com", "TXT", 60, `"x"`)},
			[]string{"chat.agents.example.com A " + ownBalancer},
			"keeps a record of its own", 0,
		},
		{
			"an agent's own with a proof below it",
			[]types.ResourceRecordSet{valued("chat.agents.example.com", "CNAME", 60, "old.example.net"), valued("_x.chat.agents.example.com", "CNAME", 60, "acm.example.net")},
			[]string{"_x.chat.agents.example.com CNAME acm.example.net", "chat.agents.example.com A " + ownBalancer},
			"keeps a record of its own", 0,
		},
		{
			"a name that the wildcard cannot answer for",
			[]types.ResourceRecordSet{valued("scout.agents.example.com", "TXT", 60, `"x"`)},
			nil, "scout.agents.example.com has no address", 0,
		},
		{
			"a name of no agent",
			[]types.ResourceRecordSet{valued("wiki.agents.example.com", "CNAME", 3600, "wiki.example.net")},
			[]string{"wiki.agents.example.com CNAME wiki.example.net"},
			"wiki.agents.example.com wins over *.agents.example.com and is left", 0,
		},
		{"a neighbour", []types.ResourceRecordSet{valued("agents-old.example.com", "A", 3600, "192.0.2.9")}, []string{"agents-old.example.com A 192.0.2.9"}, "", 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.sets...)
				before := b.texts()
				m, err := b.Plan(t.Context())
				if err != nil || len(m.Obstacles) > 0 {
					t.Fatal(err, m.Obstacles)
				}
				if notes := strings.Join(m.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
					t.Errorf("the notes are %q, not %q", notes, c.note)
				}
				if m.TTL() != c.longer {
					t.Errorf("the longest time to live to lower is %s, not %s", m.TTL(), c.longer)
				}
				note := m.Note(nil, b.Clock.Now())
				if err := m.Make(t.Context()); err != nil {
					t.Fatal(err)
				}
				want := append([]string{"agents.example.com A " + ownBalancer, "*.agents.example.com A " + ownBalancer, "help.example.com A " + ownBalancer}, c.after...)
				slices.Sort(want)
				if got := b.texts(); !slices.Equal(got, want) {
					t.Errorf("moved: %q, not %q", got, want)
				}
				if again, err := b.Plan(t.Context()); err != nil || again.Changes() {
					t.Errorf("again there is something to change: %v %+v", err, again.Rows)
				}
				back, err := b.PlanBack(t.Context(), note)
				if err != nil || len(back.Obstacles) > 0 {
					t.Fatal(err, back.Obstacles)
				}
				if err := back.Make(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := b.texts(); !slices.Equal(got, before) {
					t.Errorf("put back: %q, not %q", got, before)
				}
			})
		})
	}
}

func TestWhatSomeoneHasChangedSinceIsNotPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, valued("agents.example.com", "A", 60, "192.0.2.1"))
		note := &state.Cutover{Zone: b.Zone, Names: b.Names, Records: []state.RecordSet{{Name: "agents.example.com", Type: "A", TTL: 60, Values: []string{"192.0.2.7"}}}}
		back, err := b.PlanBack(t.Context(), note)
		if err != nil || len(back.Obstacles) != 1 || !strings.Contains(back.Obstacles[0], "agents.example.com A was changed since and leads to 192.0.2.1") {
			t.Errorf("%v: %q", err, back.Obstacles)
		}
		b.put(valued("help.example.com", "AAAA", 60, "2001:db8::1"))
		note.Records = []state.RecordSet{{Name: "help.example.com", Type: "CNAME", TTL: 60, Values: []string{"old.example.net"}}}
		back, err = b.PlanBack(t.Context(), note)
		if err != nil || len(back.Obstacles) != 1 || !strings.Contains(back.Obstacles[0], "help.example.com AAAA was made since") {
			t.Errorf("%v: %q", err, back.Obstacles)
		}
	})
}

func TestWhatIsRememberedIsWhatWasBeforeItWasLowered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, valued("agents.example.com", "A", 600, "192.0.2.1"))
		plan := func() *Move {
			m, err := b.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		m := plan()
		note := m.Note(nil, b.Clock.Now())
		if err := m.Lower(t.Context()); err != nil {
			t.Fatal(err)
		}
		m = plan()
		if m.TTL() != 0 || Lowered(note) != 10*time.Minute {
			t.Errorf("lowered, %s is left to lower of %s", m.TTL(), Lowered(note))
		}
		if note = m.Note(note, b.Clock.Now()); note.Records[0].TTL != 600 {
			t.Errorf("the time to live is remembered as %d", note.Records[0].TTL)
		}
		b.put(valued("agents.example.com", "A", 60, "192.0.2.2")) // its owner's change
		if note = plan().Note(note, b.Clock.Now()); note.Records[0].TTL != 60 || note.Records[0].Values[0] != "192.0.2.2" {
			t.Errorf("what its owner changed is remembered as %+v", note.Records[0])
		}
	})
}

func TestRecordsThatShareANameAreRefusedWithTheirWords(t *testing.T) {
	for says, of := range map[string]types.ResourceRecordSet{
		"weighted, blue has 10": {Weight: aws.Int64(10), SetIdentifier: aws.String("blue")},
		"by latency, eu-west-1": {Region: types.ResourceRecordSetRegionEuWest1, SetIdentifier: aws.String("eu")},
		"failover, PRIMARY":     {Failover: types.ResourceRecordSetFailoverPrimary, SetIdentifier: aws.String("first")},
		"traffic policy tp-1":   {TrafficPolicyInstanceId: aws.String("tp-1")},
		"anycast":               {SetIdentifier: aws.String("anycast"), MultiValueAnswer: aws.Bool(true)},
	} {
		m := &Move{fleet: &Fleet{Env: &provision.Env{}, Names: []string{"agents.example.com"}}}
		of.Type = types.RRTypeA
		m.sort(set{name: "agents.example.com", ResourceRecordSet: of}, nil)
		if len(m.Obstacles) != 1 || !strings.Contains(m.Obstacles[0], says) {
			t.Errorf("%q, without %s", m.Obstacles, says)
		}
	}
}

// TestABalancerThatIsGoneIsKnownInEveryPartition: AWS's host names end otherwise in China and in
// the European Sovereign Cloud.
func TestABalancerThatIsGoneIsKnownInEveryPartition(t *testing.T) {
	for region, suffix := range map[string]string{"us-east-1": "amazonaws.com", "us-gov-west-1": "amazonaws.com", "cn-north-1": "amazonaws.com.cn", "eusc-de-east-1": "amazonaws.eu"} {
		f := &Fleet{Env: &provision.Env{Account: cloud.Account{Region: region}}}
		name := "acme-prod-1." + region + ".elb." + suffix
		if !f.Gone(name, nil) || f.Gone(name, map[string]Balancer{name: {}}) || f.Gone("acme-prod-1.eu-west-1.elb.amazonaws.com", nil) {
			t.Errorf("in %s: %s is gone: %v", region, name, f.Gone(name, nil))
		}
	}
}

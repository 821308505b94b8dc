package awssim

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// dnsBench is an edge with a zone.
type dnsBench struct {
	*edge
	api  *route53.Client
	zone string
}

func newDNSBench(t *testing.T) *dnsBench {
	t.Helper()
	e := newEdge(t)
	return &dnsBench{edge: e, api: route53.NewFromConfig(e.Config()), zone: e.world.SeedHostedZone("example.com", false)}
}

func (b *dnsBench) change(changes ...types.Change) (string, error) {
	out, err := b.api.ChangeResourceRecordSets(context.Background(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &b.zone, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	if err != nil {
		return "", err
	}
	if out.ChangeInfo.Status != types.ChangeStatusPending {
		b.t.Errorf("a change begins as %s", out.ChangeInfo.Status)
	}
	return *out.ChangeInfo.Id, nil
}

func (b *dnsBench) mustChange(changes ...types.Change) string {
	b.t.Helper()
	id, err := b.change(changes...)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func values(action types.ChangeAction, name string, kind types.RRType, ttl int64, values ...string) types.Change {
	set := &types.ResourceRecordSet{Name: &name, Type: kind, TTL: &ttl}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return types.Change{Action: action, ResourceRecordSet: set}
}

func aliasTo(action types.ChangeAction, name, to string) types.Change {
	return types.Change{Action: action, ResourceRecordSet: &types.ResourceRecordSet{
		Name: &name, Type: types.RRTypeA, AliasTarget: &types.AliasTarget{DNSName: aws.String("dualstack." + to), HostedZoneId: aws.String(albHostedZone)},
	}}
}

const (
	create = types.ChangeActionCreate
	upsert = types.ChangeActionUpsert
	del    = types.ChangeActionDelete
)

func TestABatchOfRecordsIsMadeWholeOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDNSBench(t)
		b.mustChange(values(create, "old.example.com", types.RRTypeCname, 300, "elsewhere.example.net"))
		weighted := values(create, "split.example.com", types.RRTypeA, 60, "192.0.2.1")
		weighted.ResourceRecordSet.SetIdentifier, weighted.ResourceRecordSet.Weight = aws.String("blue"), aws.Int64(10)
		b.mustChange(weighted)
		for what, batch := range map[string][]types.Change{
			"an A beside a CNAME":                {aliasTo(create, "old.example.com", "x-1.us-east-1.elb.amazonaws.com")},
			"a CNAME beside an A":                {aliasTo(upsert, "new.example.com", "x-1.us-east-1.elb.amazonaws.com"), values(upsert, "new.example.com", types.RRTypeCname, 60, "a.example.net")},
			"a create of what is there":          {values(create, "old.example.com", types.RRTypeCname, 300, "elsewhere.example.net")},
			"a delete with another time to live": {values(del, "old.example.com", types.RRTypeCname, 60, "elsewhere.example.net")},
			"a delete of what is not there":      {values(create, "a.example.com", types.RRTypeA, 60, "192.0.2.1"), values(del, "b.example.com", types.RRTypeA, 60, "192.0.2.1")},
			"a simple one beside a weighted one": {values(create, "split.example.com", types.RRTypeA, 60, "192.0.2.1")},
			"a CNAME of the zone's own name":     {values(create, "example.com", types.RRTypeCname, 60, "a.example.net")},
			"no address":                         {values(create, "a.example.com", types.RRTypeA, 60, "a.example.net")},
			"the same record twice":              {values(upsert, "a.example.com", types.RRTypeA, 60, "192.0.2.1"), values(upsert, "a.example.com", types.RRTypeA, 60, "192.0.2.2")},
			"nothing":                            {},
		} {
			_, err := b.change(batch...)
			refused(t, what, err, "InvalidChangeBatch")
		}
		if n := len(b.world.HostedZones[b.zone].Records); n != 2 {
			t.Errorf("the refused batches left %d records", n)
		}
		b.mustChange(values(del, "old.example.com", types.RRTypeCname, 300, "elsewhere.example.net"), aliasTo(create, "old.example.com", "x-1.us-east-1.elb.amazonaws.com"))
	})
}

func TestRecordsAreListedByTheirLabelsFromTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDNSBench(t)
		for _, name := range []string{"zoo.example.com", "chat.agents.example.com", "*.agents.example.com", "agents.example.com", "agents2.example.com"} {
			b.mustChange(values(create, name, types.RRTypeA, 60, "192.0.2.1"))
		}
		in := &route53.ListResourceRecordSetsInput{HostedZoneId: &b.zone, MaxItems: aws.Int32(2)}
		var got []string
		for {
			out, err := b.api.ListResourceRecordSets(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out.ResourceRecordSets {
				got = append(got, *r.Name+" "+string(r.Type))
			}
			if !out.IsTruncated {
				break
			}
			in.StartRecordName, in.StartRecordType = out.NextRecordName, out.NextRecordType
		}
		want := `example.com. NS|example.com. SOA|agents.example.com. A|\052.agents.example.com. A|chat.agents.example.com. A|agents2.example.com. A|zoo.example.com. A`
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("listed: %s", s)
		}
	})
}

func TestAChangeIsKnownToAllNameServersWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDNSBench(t)
		id := b.mustChange(values(create, "a.example.com", types.RRTypeCname, 60, "b.example.net"))
		began := time.Now()
		for {
			out, err := b.api.GetChange(context.Background(), &route53.GetChangeInput{Id: &id})
			if err != nil {
				t.Fatal(err)
			}
			if out.ChangeInfo.Status == types.ChangeStatusInsync {
				break
			}
			if got := b.lookUp("a.example.com"); got != "a.example.com" {
				t.Fatalf("before it is in sync the name leads to %s", got)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took < dnsLeast || took > dnsMost {
			t.Errorf("it took %s", took)
		}
		if got := b.lookUp("a.example.com"); got != "b.example.net" {
			t.Errorf("in sync the name leads to %s", got)
		}
		none := "/change/C000"
		_, err := b.api.GetChange(context.Background(), &route53.GetChangeInput{Id: &none})
		refused(t, "a change that there is not", err, "NoSuchChange")
	})
}

// lookUp asks the resolver.
func (b *dnsBench) lookUp(host string) (to string) {
	_ = b.Edit(func(*World) { to = b.resolve(host) })
	return to
}

func TestAResolverKeepsAnAnswerForItsTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDNSBench(t)
		b.mustChange(values(create, "a.example.com", types.RRTypeCname, 300, "old.example.net"))
		time.Sleep(dnsMost)
		if got := b.lookUp("a.example.com"); got != "old.example.net" {
			t.Fatal(got)
		}
		b.mustChange(values(del, "a.example.com", types.RRTypeCname, 300, "old.example.net"), aliasTo(create, "a.example.com", "new-1.us-east-1.elb.amazonaws.com"))
		time.Sleep(299 * time.Second)
		if got := b.lookUp("a.example.com"); got != "old.example.net" {
			t.Errorf("within the time to live it says %s", got)
		}
		time.Sleep(time.Second)
		if got := b.lookUp("a.example.com"); got != "new-1.us-east-1.elb.amazonaws.com" {
			t.Errorf("after it, it says %s", got)
		}
		b.mustChange(aliasTo(upsert, "a.example.com", "other-1.us-east-1.elb.amazonaws.com"))
		time.Sleep(dnsMost)
		if got := b.lookUp("a.example.com"); got != "other-1.us-east-1.elb.amazonaws.com" {
			t.Errorf("a minute later an alias says %s", got)
		}
	})
}

func TestAWildcardIsForNamesThatDoNotExist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDNSBench(t)
		b.mustChange(
			values(create, "*.example.com", types.RRTypeCname, 60, "wild.example.net"),
			values(create, "own.example.com", types.RRTypeCname, 60, "own.example.net"),
			values(create, "text.example.com", types.RRTypeTxt, 60, `"x"`),
			values(create, "_proof.chat.example.com", types.RRTypeCname, 60, "acm.example.net"),
		)
		time.Sleep(dnsMost)
		for host, want := range map[string]string{
			"any.example.com": "wild.example.net", "a.b.example.com": "wild.example.net", "own.example.com": "own.example.net",
			"text.example.com": "text.example.com", "chat.example.com": "chat.example.com", "x.own.example.com": "x.own.example.com",
		} {
			if got := b.lookUp(host); got != want {
				t.Errorf("%s leads to %s, want %s", host, got, want)
			}
		}
		if _, err := b.RoundTripper().RoundTrip(&http.Request{Method: http.MethodGet, URL: mustURL(t, "http://text.example.com/")}); err == nil {
			t.Error("a name without an address answers")
		}
	})
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

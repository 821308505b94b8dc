package provision

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TestARecordThatLeadsElsewhereIsNotOurs, also where no file names its zone any more.
func TestARecordThatLeadsElsewhereIsNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		const name = "agents.example.com"
		for alias, there := range map[string]engine.Phase{
			b.home.loadBalancerName() + "-123456789.us-east-1.elb.amazonaws.com.": engine.Ready,
			"somebody-elses-123456789.us-east-1.elb.amazonaws.com.":               engine.Absent,
		} {
			b.edit(func(w *awssim.World) {
				clear(w.HostedZones)
				zone := w.HostedZones[w.SeedHostedZone("example.com", false)]
				zone.Records[name+". A"] = &awssim.DNSRecord{Name: name + ".", Type: types.RRTypeA, Alias: alias, AliasZone: "Z35SXDOTRQ7X7K"}
			})
			found, err := (&Record{Env: b.home, Name: name, Type: "A"}).Find(t.Context(), engine.Look{})
			if err != nil || found.Phase != there {
				t.Errorf("one that leads to %s is %v, %v", alias, found.Phase, err)
			}
		}
	})
}

package cost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func offers(t *testing.T, names ...string) []Product {
	t.Helper()
	var all []Product
	for _, n := range names {
		f, err := os.Open(filepath.Join("pricegen/testdata/offers", n+".json"))
		if err != nil {
			t.Fatal(err)
		}
		some, err := ReadOffer(f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

// The files have AWS's own traps: no prefix in one service and USE1- in the
// next, products at 0 in front, names within names, one name in four families,
// tiers, local zones, and rows without a region.
func TestThePriceListsTrapsAreSteppedOver(t *testing.T) {
	rows, err := Choose("us-east-1", offers(t, Services()...))
	if err != nil {
		t.Fatal(err)
	}
	for item, want := range map[Item]string{
		FargateVCPU:     "0.04048",  // not ECS on EC2 at 0, not Windows
		FargateARMVCPU:  "0.03238",  // not x86
		LoadBalancer:    "0.0225",   // not the classic one, not Outposts, not a trust store
		LoadBalancerLCU: "0.008",    // not the network load balancer's
		NATHour:         "0.045",    // not a regional gateway, not a local zone
		NATGB:           "0.045",    // not the private bytes at 0
		EndpointGB:      "0.01",     // the first tier
		AddressInUse:    "0.005",    // has no product family
		Metric:          "0.3",      // the first tier
		AlarmMonth:      "0.1",      // not high resolution
		DashboardMonth:  "3",        // global
		TracesStored:    "0.000005", // behind a tier at 0
		EgressGB:        "0.09",
		CrossAZGB:       "0.01", // not the explicit meter at 0
	} {
		if got := rows[item].USD.String(); got != want {
			t.Errorf("%s is %s, want %s", item, got, want)
		}
	}
}

func TestTwoPricesForOneItemAreAnError(t *testing.T) {
	all := offers(t, "AmazonECS")
	twin := all[1]
	twin.Tiers = []TierPrice{{USD: twin.Tiers[0].USD.Mul(busy), Unit: "hours"}}
	for _, p := range all {
		if p.Attributes["usagetype"] == "USE1-Fargate-GB-Hours" {
			twin.Attributes, twin.Family, twin.Service = p.Attributes, p.Family, p.Service
		}
	}
	if _, err := Choose("us-east-1", append(all, twin)); err == nil || !strings.Contains(err.Error(), "two prices") {
		t.Errorf("two prices for one item give %v", err)
	}
}

func TestADocumentOfGetProductsIsReadLikeTheBulkFile(t *testing.T) {
	const doc = `{"product":{"productFamily":"Compute","attributes":{"regionCode":"us-east-1","servicecode":"AmazonECS",
		"usagetype":"USE1-Fargate-vCPU-Hours:perCPU","cputype":"perCPU"},"sku":"8CESGAFWKAJ98PME"},"serviceCode":"AmazonECS",
		"terms":{"OnDemand":{"8CESGAFWKAJ98PME.JRTCKXETXF":{"priceDimensions":{"8CESGAFWKAJ98PME.JRTCKXETXF.6YS6EN2CT7":{
		"unit":"hours","endRange":"Inf","beginRange":"0","pricePerUnit":{"USD":"0.0404800000"}}},"sku":"8CESGAFWKAJ98PME"}}},
		"version":"20260911000000","publicationDate":"2026-09-11T00:00:00Z"}`
	p, err := ReadDocument(doc)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Choose("us-east-1", []Product{p})
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[FargateVCPU]; r.USD.String() != "0.04048" || r.Published != "2026-09-11" {
		t.Errorf("the document gives %+v", r)
	}
}

func TestWhatIsNotAPriceFileIsRefused(t *testing.T) {
	for _, text := range []string{"", "<html>", "{}", `{"offerCode":"AmazonECS"}`} {
		if _, err := ReadOffer(strings.NewReader(text)); err == nil {
			t.Errorf("%q is taken for a price file", text)
		}
	}
}

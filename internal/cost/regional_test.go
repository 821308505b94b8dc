package cost

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
)

// complete are the regions in which the shipped fleet has every price but, in
// Jakarta, that of Spot, which AWS's feed of Spot prices did not have.
var complete = []string{
	"ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ca-central-1",
	"eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-2",
}

// read are the prices as they were read, by region and item: a copy of its own,
// so that the snapshot cannot agree with itself alone.
func read(t *testing.T) map[string]map[Item]decimal.Decimal {
	t.Helper()
	f, err := os.Open("testdata/regional_prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[Item]decimal.Decimal{}
	for _, row := range rows[1:] {
		if out[row[0]] == nil {
			out[row[0]] = map[Item]decimal.Decimal{}
		}
		out[row[0]][Item(row[1])] = decimal.RequireFromString(row[2])
	}
	return out
}

func TestEveryRegionHasThePricesThatWereRead(t *testing.T) {
	all := read(t)
	everywhere := all["*"]
	delete(all, "*")
	if len(all) != 36 {
		t.Fatalf("%d regions were read, want 36", len(all))
	}
	for region, prices := range all {
		b, err := Open(region, "")
		if err != nil {
			t.Fatal(err)
		}
		for item, want := range prices {
			if row, ok := b.Prices[item]; !ok || !row.USD.Equal(want) {
				t.Errorf("%s in %s is %s, want %s", item, region, row.USD, want)
			}
		}
		for item, row := range b.Prices {
			if row.Published == "" || !row.USD.IsPositive() {
				t.Errorf("%s in %s is %s of %q", item, region, row.USD, row.Published)
			}
			_, here := prices[item]
			if want, flat := everywhere[item]; !here && (!flat || !row.USD.Equal(want)) {
				t.Errorf("%s in %s is %s, and that was read nowhere", item, region, row.USD)
			}
		}
	}
}

// The quantities are those of the estimate of us-east-1, the prices are read here.
func TestTheShippedFleetIsPricedInSixteenRegions(t *testing.T) {
	all, spot := read(t), []Item{SpotVCPU, SpotGB}
	cfg := config(t, "agents.yaml")
	quantities := estimate(t, cfg)
	for _, region := range complete {
		cfg := config(t, "agents.yaml")
		cfg.Region = region
		b, err := Open(region, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := EstimateConfig(cfg, b)
		if err != nil {
			t.Fatal(err)
		}
		lacks := got.Lacks(func(Component) bool { return true })
		if region == "ap-southeast-3" {
			lacks = slices.DeleteFunc(lacks, func(i Item) bool { return slices.Contains(spot, i) })
		}
		if len(lacks) > 0 {
			t.Errorf("%s lacks %v", region, lacks)
		}
		want := decimal.Zero
		for _, c := range quantities.Components {
			price, ok := all[region][c.Price]
			if !ok {
				price = all["*"][c.Price]
			}
			want = want.Add(c.Quantity.Expected.Mul(price))
		}
		if is := got.Total().Expected; !is.Round(6).Equal(want.Round(6)) {
			t.Errorf("%s costs %s a month, want %s", region, is, want)
		}
	}
}

func TestARegionThatLacksAPriceNamesItAndGivesTheRest(t *testing.T) {
	for region, want := range map[string][]Item{
		"eu-north-1": nil, "us-west-1": {LoadBalancerLCU}, "il-central-1": {SpotVCPU, SpotGB}, "ap-southeast-3": {SpotVCPU, SpotGB},
		"me-central-1": {SpotVCPU, SpotGB, LoadBalancer, LoadBalancerLCU},
	} {
		cfg := config(t, "agents.yaml")
		cfg.Region = region
		b, err := Open(region, "")
		if err != nil {
			t.Fatal(err)
		}
		e, err := EstimateConfig(cfg, b)
		if err != nil {
			t.Fatal(err)
		}
		got := e.Lacks(func(Component) bool { return true })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s lacks %v, want %v", region, got, want)
		}
		if len(e.Missing) != len(want) || !e.Total().Expected.IsPositive() {
			t.Errorf("%s: %s a month without %v", region, e.Total().Expected, e.Missing)
		}
	}
}

func TestEverySourceOfAPriceIsNamedWithItsDate(t *testing.T) {
	all, err := readRegional()
	if err != nil {
		t.Fatal(err)
	}
	for region, prices := range all.Regions {
		for item, p := range prices {
			for _, s := range p.Sources {
				if src := all.Sources[s]; src.What == "" || src.Date == "" {
					t.Errorf("%s in %s is from %q, of which nothing is said", item, region, s)
				}
			}
			if len(p.Sources) == 0 {
				t.Errorf("%s in %s has no source", item, region)
			}
		}
	}
}

func TestThePackedPricesAreThoseThatWereRead(t *testing.T) {
	raw, err := os.ReadFile("prices/source/regions.json")
	if err != nil {
		t.Fatal(err)
	}
	want, packed := &regional{}, (*regional)(nil)
	if err := json.Unmarshal(raw, want); err != nil {
		t.Fatal(err)
	}
	if packed, err = readRegional(); err != nil || !reflect.DeepEqual(packed, want) {
		t.Errorf("prices/regions.json.gz is not what prices/source/regions.json has: make gen (%v)", err)
	}
}

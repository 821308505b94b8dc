package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/cost"
)

// elsewhere rewrites the price files of us-east-1 as AWS writes those of another
// region: every usage type has the region's prefix, what is global has none.
func elsewhere(t *testing.T, region, prefix string) string {
	t.Helper()
	dir := t.TempDir()
	for _, service := range cost.Services() {
		raw, err := os.ReadFile(filepath.Join("testdata", "offers", service+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		products, _ := file["products"].(map[string]any)
		for _, p := range products {
			product, _ := p.(map[string]any)
			a, _ := product["attributes"].(map[string]any)
			ours := false
			for _, field := range []string{"regionCode", "fromRegionCode"} {
				if a[field] == "us-east-1" {
					a[field], ours = region, true
				}
			}
			if usage, _ := a["usagetype"].(string); ours {
				a["usagetype"] = prefix + "-" + strings.TrimPrefix(usage, "USE1-")
			}
		}
		if raw, err = json.Marshal(file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, service+".json"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every commercial region, and one that is newer than this program, has all of
// its list prices found, none of them from a neighbouring product.
func TestEveryRegionsPriceFilesAreRead(t *testing.T) {
	home, err := cost.Open("us-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	regions := cost.Prefixes()
	regions["xx-newest-1"] = "XXN9"
	if len(regions) < 30 {
		t.Errorf("only %d regions have a prefix", len(regions))
	}
	delete(regions, "us-east-1") // the snapshot's own test
	for region, prefix := range regions {
		o := options{offers: elsewhere(t, region, prefix), region: region, out: filepath.Join(t.TempDir(), "prices.json")}
		var notes strings.Builder
		if err := run(context.Background(), o, &notes); err != nil {
			t.Errorf("%s: %v", region, err)
			continue
		}
		if lacks := strings.Count(notes.String(), "no price for"); lacks != strings.Count(notes.String(), "_spot_") || lacks != 4 {
			t.Errorf("%s lacks more than Spot prices, which are in no price file:\n%s", region, notes.String())
		}
		raw, err := os.ReadFile(o.out)
		if err != nil {
			t.Fatal(err)
		}
		var book cost.Book
		if err := json.Unmarshal(raw, &book); err != nil {
			t.Fatal(err)
		}
		for item, row := range book.Prices {
			if want := home.Prices[item].USD; !row.USD.Equal(want) {
				t.Errorf("%s: %s is %s, want %s", region, item, row.USD, want)
			}
		}
	}
}

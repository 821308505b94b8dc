package cost

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestTheSnapshotOfUSEast1HasEveryPrice(t *testing.T) {
	b, err := Open("us-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	if lacks := b.Lacks(); len(lacks) > 0 {
		t.Errorf("no price for %v", lacks)
	}
	if b.AsOf != "2026-09-11" || b.SpotAsOf != "2026-09-28" {
		t.Errorf("the snapshot is of %s, Spot of %s", b.AsOf, b.SpotAsOf)
	}
}

func TestARegionWithoutASnapshotLacksEveryPrice(t *testing.T) {
	b, err := Open("eusc-de-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Lacks()) != len(catalogue) {
		t.Errorf("prices out of nowhere: only %v are missing", b.Lacks())
	}
}

func TestRefreshedPricesWinWhenTheyAreNewer(t *testing.T) {
	dir := t.TempDir()
	b, _ := Open("us-east-1", "")
	for _, c := range []struct{ date, want string }{{"2026-11-01", "2026-11-01"}, {"2026-01-01", "2026-09-11"}} {
		b.AsOf = c.date
		if _, err := b.Save(dir); err != nil {
			t.Fatal(err)
		}
		got, err := Open("us-east-1", dir)
		if err != nil {
			t.Fatal(err)
		}
		if got.AsOf != c.want {
			t.Errorf("with prices of %s in the cache those of %s are used", c.date, got.AsOf)
		}
	}
}

func TestADamagedCacheSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "prices-us-east-1.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("us-east-1", dir); engine.AdviceOf(err) != "karmactl cost refresh" {
		t.Errorf("a damaged cache gives %v", err)
	}
}

func TestTheSpotFeedIsReadForOneRegion(t *testing.T) {
	f, err := os.Open("pricegen/testdata/fargate-spot-prices.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := ReadSpotFeed(f, "eu-west-1", "2026-09-28")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[SpotVCPU].USD.String() != "0.01412345" {
		t.Errorf("the feed gives %v", rows)
	}
}

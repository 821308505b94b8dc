package cost

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
)

// memory is a volume on the stack's own file system.
var memory = []agents.Volume{{Name: "memory", Path: "/data"}}

func TestTheMeterBillsTheFilesThatTheEstimateTakesToBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config(t, "agents.yaml")
		cfg.Agents[0].Volumes, cfg.Agents[1].Volumes, cfg.Usage.EFSGB = memory, memory, 7
		sim := raise(t, cfg)
		if err := sim.Edit(func(w *awssim.World) {
			for _, f := range w.FileSystems {
				f.GB = 7
			}
		}); err != nil {
			t.Fatal(err)
		}
		meter, err := sim.Meter()
		if err != nil {
			t.Fatal(err)
		}
		e := estimate(t, cfg)
		files := e.Sum(func(c Component) bool { return c.Noun == "file_system" })
		if got := meter["file_system"].Mul(hours); USD(got) != "2.10" || USD(files.Expected) != "2.10" || !files.Low.IsZero() || USD(files.High) != "21.00" {
			t.Errorf("the meter says $%s, the estimate $%s ($%s – $%s)", USD(got), USD(files.Expected), USD(files.Low), USD(files.High))
		}
		if !slices.ContainsFunc(e.Assumptions, func(s string) bool { return strings.Contains(s, "keep 7 GB in their volumes together") }) {
			t.Errorf("nothing says how much is kept: %v", e.Assumptions)
		}
	})
}

func TestAFileSystemThatIsThereAlreadyIsNotInTheEstimate(t *testing.T) {
	cfg := config(t, "agents.yaml")
	before := estimate(t, cfg)
	cfg.Agents[0].Volumes = []agents.Volume{{Name: "models", Path: "/models", EFS: "fs-0a1b2c3d"}}
	e := estimate(t, cfg)
	if !e.Total().Expected.Equal(before.Total().Expected) || !slices.Contains(e.Assumptions, "what is on fs-0a1b2c3d is not in the estimate: it is not the stack's") {
		t.Errorf("%s a month instead of %s; %v", USD(e.Total().Expected), USD(before.Total().Expected), e.Assumptions)
	}
}

func TestARegionWithoutAPriceForFilesSaysSo(t *testing.T) {
	cfg, book := config(t, "agents.yaml"), prices(t)
	delete(book.Prices, FilesStored)
	cfg.Agents[0].Volumes = memory
	e, err := EstimateConfig(cfg, book)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(e.Missing, "no price for efs_standard_gb_month in us-east-1") {
		t.Errorf("missing: %v", e.Missing)
	}
}

func TestWhatKeepingFilesCostsIsSaid(t *testing.T) {
	nowhere := &Book{Region: "xx-newest-1", Prices: map[Item]Row{}}
	for size, want := range map[int64]string{
		6144:                  "less than a cent a month at $0.30 for each GB",
		16 * (1 << 30) / 5:    "3.20 GB cost $0.96 a month",
		1000 * int64(1<<30):   "1000.00 GB cost $300.00 a month",
		(1 << 30) / 30 * 1001: "33.37 GB cost $10.01 a month",
	} {
		if got := KeepingFiles(size, prices(t)); got != want {
			t.Errorf("%d bytes: %s, want %s", size, got, want)
		}
	}
	if got := KeepingFiles(1<<30, nowhere); got != "1.00 GB cost what EFS asks in xx-newest-1, of which karmactl has no price" {
		t.Error(got)
	}
}

func TestABillForFilesIsExplained(t *testing.T) {
	for _, c := range []struct{ estimated, actual, want string }{
		{"0.30", "0.60", ""},
		{"0.30", "6.00", "volumes hold more than usage.efs_gb, or data that was kept is not in agents.yaml any more"},
		{"0", "6.00", "volumes hold more than usage.efs_gb, or data that was kept is not in agents.yaml any more"},
		{"6.00", "0.30", "volumes hold less than usage.efs_gb"},
	} {
		l := Line{Service: "Amazon Elastic File System", Estimated: decimal.RequireFromString(c.estimated), Actual: decimal.RequireFromString(c.actual)}
		if got := l.why(); got != c.want {
			t.Errorf("$%s instead of $%s: %q, want %q", c.actual, c.estimated, got, c.want)
		}
	}
}

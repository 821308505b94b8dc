package importer

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestAFleetThatTerraformBuiltBecomesAnAgentsYAMLFromWhatRunsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Region: livetest.Region, Visible: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if _, err := livetest.Build(ctx, sim, engine.RealClock{}, livetest.Shape{}); err != nil {
			t.Fatal(err)
		}
		res, err := ReadECS(ctx, cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.ReadOnly)), livetest.Cluster, Options{})
		if err != nil {
			t.Fatal(err)
		}
		const golden = "testdata/live/agents.yaml"
		if *update {
			if err := os.MkdirAll("testdata/live", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, []byte(res.Text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), res.Text); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

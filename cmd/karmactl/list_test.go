package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// TestStacksOfEveryRegionAreListed has one stack in each of two regions, one of which has lost its state.
func TestStacksOfEveryRegionAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		there, err := o.sim.InRegion("eu-west-1")
		if err != nil {
			t.Fatal(err)
		}
		world := filepath.Join(o.dir, "world")
		run := func(args ...string) (int, string) {
			var out locked
			a := &app{
				term: ui.NewTerminal(strings.NewReader(""), &out, &out, func(string) string { return "" }),
				rehearse: func(_, region string) (*awssim.Sim, engine.Clock, error) {
					if region == "eu-west-1" {
						return there, engine.RealClock{}, nil
					}
					return o.sim, engine.RealClock{}, nil
				},
				stop: make(chan struct{}), leaveSignals: func() {},
			}
			return a.run(context.Background(), append([]string{"--file", o.file, "--simulate", world}, args...)), out.String()
		}
		if code, said := run("--region", "eu-west-1", "--state", filepath.Join(o.dir, "lost"), "up", "--yes"); code != 0 {
			t.Fatal(said)
		}
		code, said := run("--state", "s3://karmactl-state-123456789012-us-east-1/it", "-q", "list", "--all-regions", "-o", "json")
		var d document.Stacks
		if err := json.Unmarshal([]byte(said), &d); code != 0 || err != nil {
			t.Fatalf("exit %d, %v:\n%s", code, err, said)
		}
		if len(d.Stacks) != 2 || len(d.Regions) != 2 || len(d.Notes) != 0 {
			t.Fatalf("not two stacks in two regions:\n%s", said)
		}
		west, east := d.Stacks[0], d.Stacks[1]
		if west.Region != "eu-west-1" || west.State != "" || west.Project != "" || west.Running != 1 || west.Monthly == "" || west.Changed != nil {
			t.Errorf("the stack that lost its state is %+v", west)
		}
		if east.Region != "us-east-1" || !strings.HasSuffix(east.State, "/it") || east.Running != 1 || east.Who != "operator" || east.Command != "up" || east.Changed == nil {
			t.Errorf("the stack with its state is %+v", east)
		}
	})
}

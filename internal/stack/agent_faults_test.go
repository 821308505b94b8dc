package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// ours are the services of AWS whose calls this group's resources make.
func ours(c awssim.Call) bool {
	return c.Mutating && (c.Service == "Secrets Manager" || c.Service == "SSM" || c.Service == "ECS" && !strings.Contains(c.Operation, "Cluster"))
}

// lone is a fleet of one agent, with a secret or with parameters.
func lone(store agents.Store) *agents.Config {
	cfg := fleetConfig()
	cfg.Agents = cfg.Agents[1:]
	cfg.Secrets.Store = store
	return cfg
}

// stages are the ways that an agent goes: made, changed, taken down.
func stages(b *bench, cfg *agents.Config) []func() error {
	up := func() error {
		res, err := b.walk(true, b.fleet(cfg)...).Up(context.Background())
		if err != nil {
			return err
		}
		return res.Err()
	}
	return []func() error{up, func() error {
		cfg.Agents[0].Env = map[string]string{"LEVEL": "debug"}
		cfg.Agents[0].Spot.Enabled = false
		b.home.Tags = cloud.Tags{"Project": "karmacadabra", "Team": "agents"}
		return up()
	}, func() error {
		w := b.walk(true, b.fleet(cfg)...)
		w.Keep = func(k engine.Key) string {
			if k.Kind() == "slr" {
				return "it belongs to the account"
			}
			return ""
		}
		res, err := w.Down(context.Background())
		if err != nil {
			return err
		}
		return res.Err()
	}}
}

// sweep does something to each of this group's calls in turn; in make test to every
// fourth one, from one of the first four on.
func sweep(t *testing.T, store agents.Store, fault awssim.Fault, rerun bool, from int) {
	step := 1
	if testing.Short() {
		step = 4
	} else {
		from = 1
	}
	for n := from; ; n += step {
		reached := ""
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, slow)
			b.home.Images = &provision.Registries{Transport: b.sim.Registry()}
			var mu sync.Mutex
			seen, done := 0, false
			inject := func(c awssim.Call) awssim.Fault {
				mu.Lock()
				defer mu.Unlock()
				if ours(c) && !done {
					if seen++; seen == n {
						reached, done = c.Name(), true
						return fault
					}
				}
				return awssim.Fault{}
			}
			b.sim.Inject(inject)
			for i, stage := range stages(b, lone(store)) {
				err := stage()
				if err != nil && rerun && reached != "" {
					b.sim.Inject(inject)
					err = stage()
				}
				if err != nil {
					t.Fatalf("call %d, %s, in stage %d: %v", n, reached, i, err)
				}
			}
			b.edit(func(w *awssim.World) {
				if left := len(w.TaskDefinitions) + len(w.Parameters) + len(w.VPCs); left > 0 {
					t.Errorf("call %d, %s: %d things are left", n, reached, left)
				}
			})
		})
		if reached == "" {
			if n < 6 {
				t.Fatalf("only %d calls were tried", n-1)
			}
			return
		}
		if t.Failed() {
			return
		}
	}
}

func TestEveryReplyToAnAgentsCallsMayBeLostOnce(t *testing.T) {
	for i, store := range []agents.Store{agents.StoreSecretsManager, agents.StoreSSM} {
		t.Run(string(store)+" connection", func(t *testing.T) { sweep(t, store, awssim.Fault{After: awssim.LostConnection()}, false, 1+2*i) })
		t.Run(string(store)+" 500", func(t *testing.T) { sweep(t, store, awssim.Fault{After: awssim.ServerError()}, false, 2+2*i) })
	}
}

func TestAProcessMayDieAfterAnyOfAnAgentsCalls(t *testing.T) {
	for i, store := range []agents.Store{agents.StoreSecretsManager, agents.StoreSSM} {
		t.Run(string(store), func(t *testing.T) { sweep(t, store, awssim.Fault{Kill: true}, true, 1+i) })
	}
}

func TestAValueGoesNowhereButIntoItsSecret(t *testing.T) {
	const canary = "canary-2b7e151628aed2a6"
	for _, store := range []agents.Store{agents.StoreSecretsManager, agents.StoreSSM} {
		synctest.Test(t, func(t *testing.T) {
			opts := slow
			opts.File = filepath.Join(t.TempDir(), "world.json")
			b := newBench(t, opts)
			b.put("karmacadabra", `{"validator-agent":{"private_key":"`+canary+`"}}`)
			cfg := lone(store)
			var mu sync.Mutex
			var said strings.Builder
			run := func() {
				for _, apply := range []bool{false, true} {
					w := b.walk(apply, b.fleet(cfg)...)
					w.Report = engine.ReporterFunc(func(e engine.Event) {
						mu.Lock()
						defer mu.Unlock()
						fmt.Fprintf(&said, "%+v\n", e)
					})
					res, err := w.Up(context.Background())
					fmt.Fprintf(&said, "%+v %v %v\n", res, err, res.Err())
				}
			}
			b.sim.Inject(func(c awssim.Call) awssim.Fault {
				if c.Operation == "CreateSecret" || c.Operation == "PutParameter" {
					return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
				}
				return awssim.Fault{}
			})
			run()
			if !strings.Contains(said.String(), "not authorized") {
				t.Fatal("the refusal is not told")
			}
			b.sim.Inject(nil)
			run()
			entries, err := json.Marshal(b.rec.Entries())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&said, "%s %+v", entries, b.sim.Calls())
			for _, pattern := range []string{"*", "*/*", "*/*/*"} {
				files, _ := filepath.Glob(filepath.Join(filepath.Dir(opts.File), pattern))
				for _, f := range files {
					if text, err := os.ReadFile(f); err == nil {
						said.Write(text)
					}
				}
			}
			if i := strings.Index(said.String(), canary); i >= 0 {
				t.Fatalf("%s: the value got out: …%s…", store, said.String()[max(0, i-200):i])
			}
			if !strings.Contains(said.String(), "service/validator") || !strings.Contains(said.String(), "Sealed") {
				t.Fatal("there was nothing to search")
			}
			if info, err := os.Stat(opts.File + ".key"); err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("the key's file: %v, %v", info, err)
			}
			if store == agents.StoreSecretsManager && b.value("karmacadabra/validator")["private_key"] != canary {
				t.Fatal("the value did not get into its secret")
			}
		})
	}
}

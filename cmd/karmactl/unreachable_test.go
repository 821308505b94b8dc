package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// offline are the commands that need no network.
var offline = []string{"ci", "cost", "diagram", "init", "state", "secrets", "try", "validate", "version"}

// arguments are what commands need to get as far as AWS.
var arguments = map[string]string{
	"adopt": "--from-ecs acme-prod --dry-run", "ci github": "--repo acme/agents",
	"deploy": "validator --restart", "exec": "validator -- true", "port-forward": "validator", "cp": "validator:/data/x.json .", "run": "validator -- true", "rollback": "validator", "scale": "validator=2",
	"secrets set": "validator private_key", "state import": "agents.yaml", "state restore": "v1", "state rm": "vpc", "state show": "vpc",
	"state unlock": "--yes",
}

// TestWithoutANetworkEveryCommandGivesUpSoon runs each command where nothing answers, with credentials and without.
func TestWithoutANetworkEveryCommandGivesUpSoon(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
	for _, signedIn := range []bool{true, false} {
		id, say := "", "there are no AWS credentials"
		if signedIn {
			id, say = "AKIAEXAMPLE", "cannot reach AWS"
		}
		t.Setenv("AWS_ACCESS_KEY_ID", id)
		t.Setenv("AWS_SECRET_ACCESS_KEY", id)
		ran := 0
		for _, name := range commandNames(newRootCmd(&app{term: &ui.Terminal{}}), "") {
			if slices.Contains(offline, name) {
				continue
			}
			ran++
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, oneAgent)
				var out locked
				a := &app{
					term: ui.NewTerminal(strings.NewReader("value"), &out, &out, func(string) string { return "" }),
					stop: make(chan struct{}), leaveSignals: func() {},
				}
				began := time.Now()
				args := slices.Concat([]string{"--file", o.file}, strings.Fields(name), strings.Fields(strings.ReplaceAll(arguments[name], "agents.yaml", filepath.ToSlash(o.file))))
				code := a.run(context.Background(), args)
				took := time.Since(began)
				if code != exitError || took > 10*time.Second || !strings.Contains(out.String(), say) || strings.Contains(out.String(), "operation error") {
					t.Errorf("%s: exit %d after %s:\n%s", name, code, took, out.String())
				}
			})
		}
		if ran < 20 {
			t.Errorf("only %d commands", ran)
		}
	}
}

// commandNames are all commands that do something.
func commandNames(c *cobra.Command, prefix string) []string {
	var out []string
	for _, sub := range c.Commands() {
		if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		name := strings.TrimSpace(prefix + " " + sub.Name())
		if sub.Runnable() {
			out = append(out, name)
		}
		out = append(out, commandNames(sub, name)...)
	}
	return out
}

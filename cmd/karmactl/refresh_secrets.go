package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
)

// refreshSecrets keeps the agents whose running tasks use an older version of a
// secret: those are started again, as with --restart. It says why the others are
// left alone, and keeps their documents.
func (d *deploy) refreshSecrets(ctx context.Context) error {
	all, err := d.secretsOf(ctx, chosen(d.cfg, d.names))
	if err != nil {
		return err
	}
	d.names, d.o.restart = nil, true
	for _, ag := range all {
		why := standing(ag)
		if why == "" {
			d.names = append(d.names, ag.Agent)
			d.say(rollout.Line{At: d.clock.Now(), Agent: ag.Agent, About: "refresh", Text: older(ag)})
			continue
		}
		doc, err := d.asItIs(ctx, ag.Agent)
		if err != nil {
			return err
		}
		doc.Reason = "left alone: " + why
		d.left = append(d.left, doc)
	}
	return nil
}

// older says how many tasks use older values, and of what.
func older(ag fleet.AgentSecrets) string {
	var envs []string
	for _, t := range ag.Older() {
		envs = append(envs, t.Older...)
	}
	slices.Sort(envs)
	return fmt.Sprintf("%d of %d tasks started with older values: %s", len(ag.Older()), len(ag.Tasks), strings.Join(slices.Compact(envs), ", "))
}

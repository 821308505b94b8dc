package main

import (
	"context"
	"slices"

	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
)

// refreshSecrets keeps the agents whose running tasks use an older version of a
// secret: those are started again, as with --restart. It says why the others are
// left alone, and gives their documents.
func (d *deploy) refreshSecrets(ctx context.Context) ([]*rollout.Deployment, error) {
	chosen, err := d.chosen(d.names)
	if err != nil {
		return nil, err
	}
	all, err := d.secretsOf(ctx, chosen)
	if err != nil {
		return nil, err
	}
	var left []*rollout.Deployment
	d.names = nil
	h := d.home(true)
	for _, ag := range all {
		why := standing(ag)
		if why == "" {
			d.names = append(d.names, ag.Agent)
			d.say(rollout.Line{At: d.clock.Now(), Agent: ag.Agent, About: "refresh", Text: older(ag)})
			continue
		}
		d.say(rollout.Line{At: d.clock.Now(), Agent: ag.Agent, About: "left", Text: why})
		doc, err := d.fleetAgent(h, ag.Agent).Standing(ctx)
		if err != nil {
			return nil, err
		}
		left = append(left, doc)
	}
	return left, nil
}

// older says how many tasks use older values, and of what.
func older(ag fleet.AgentSecrets) string {
	var envs []string
	for _, t := range ag.Older() {
		envs = append(envs, t.Older...)
	}
	slices.Sort(envs)
	return counted(len(ag.Older()), "task") + " of " + counted(len(ag.Tasks), "task") + " with older values of " + listed(slices.Compact(envs))
}

package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// A user who may only look still watches: that an agent cannot be put on demand is told once.
func TestAWatchThatMayNotPutAnAgentOnDemandSaysSoOnceAndContinues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, `
project: acme
network: {nat: none, azs: 1}
secrets: {nested: ""}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents:
  bot: {spot: {fallback: 1m}}
`)
		o.must("", "up", "--yes")
		if err := o.sim.Edit(func(w *awssim.World) { w.NoSpotCapacity = true }); err != nil {
			t.Fatal(err)
		}
		o.must("", "scale", "bot=2")
		time.Sleep(3 * time.Minute)
		o.deny("S3.PutObject") // the lock
		_, said := o.run("", "status", "--watch", "--timeout", "31s")
		said = strings.Join(strings.Fields(said), " ")
		if n := strings.Count(said, "permission s3:PutObject is missing"); n != 1 {
			t.Errorf("the missing permission is told %d times:\n%s", n, said)
		}
		if n := strings.Count(said, "acme-prod us-east-1"); n < 3 {
			t.Errorf("the status is shown %d times in half a minute:\n%s", n, said)
		}
	})
}

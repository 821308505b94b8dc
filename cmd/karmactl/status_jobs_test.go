package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// TestStatusTellsAttemptsAndARunThatWasLeftOutAsTheDocsShow: docs/jobs.md has both lines.
func TestStatusTellsAttemptsAndARunThatWasLeftOutAsTheDocsShow(t *testing.T) {
	docs, err := os.ReadFile("../../docs/jobs.md")
	if err != nil {
		t.Fatal(err)
	}
	at := func(clock string) *time.Time {
		x, err := time.Parse(time.DateTime, "2026-11-"+clock)
		if err != nil {
			t.Fatal(err)
		}
		return &x
	}
	code := 3
	for _, c := range []struct {
		now *time.Time
		job fleet.JobStatus
	}{
		{at("29 11:55:00"), fleet.JobStatus{
			Name: "nightly", Agent: "scout", Schedule: "every day at 03:00", Timezone: "Europe/Berlin", Next: at("30 02:00:00"), Attempts: 3,
			Last: &document.JobRun{Started: *at("29 11:54:00"), Ended: at("29 11:54:40"), Listed: true, ExitCode: &code, Attempt: 1, Again: true},
		}},
		{at("29 12:51:00"), fleet.JobStatus{
			Name: "hourly", Agent: "scout", Schedule: "every hour", Timezone: "UTC", Next: at("29 13:00:00"), Running: 1, LeftOut: at("29 12:00:00"),
			Last: &document.JobRun{Started: *at("29 11:00:00"), Listed: true},
		}},
	} {
		if line := jobLines([]fleet.JobStatus{c.job}, *c.now)[0]; !strings.Contains(string(docs), "\n"+line+"\n") {
			t.Errorf("docs/jobs.md has no line %q", line)
		}
	}
}

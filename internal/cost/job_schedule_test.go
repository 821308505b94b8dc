package cost

import (
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
)

const oneJob = `project: acme
network: {nat: none}
usage: {job_minutes: 12}
agents:
  scout: {image: python:3.13-slim, cpu: 1024, memory: 2048}
jobs:
  nightly: {agent: scout, command: [a], schedule: every day at 03:00%s}
`

func jobParts(t *testing.T, keys string) (vcpu, gb, address string, whose []string) {
	t.Helper()
	cfg, err := agents.Parse("agents.yaml", []byte(strings.Replace(oneJob, "%s", keys, 1)), "")
	if err != nil {
		t.Fatal(err)
	}
	e := estimate(t, cfg)
	for _, c := range e.Components {
		if c.Noun != "job_schedule" {
			continue
		}
		whose = append(whose, c.Agent)
		q := c.Quantity.Expected.StringFixed(4)
		switch c.Unit {
		case "vCPU-hour":
			vcpu = q
		case "GB-hour":
			gb = q
		case "address-hour":
			address = q
		}
		if c.Hourly {
			t.Errorf("%s bills whether or not it runs", c.Item)
		}
	}
	if !strings.Contains(strings.Join(e.Assumptions, "\n"), "each run of a job takes 12 minutes") {
		t.Errorf("the estimate does not say how long a run takes: %q", e.Assumptions)
	}
	return vcpu, gb, address, whose
}

// 365 runs a year of 12 minutes are 6.0833 hours a month.
func TestAJobCostsItsRunsForAsLongAsTheFileSaysThatTheyTake(t *testing.T) {
	vcpu, gb, address, whose := jobParts(t, "")
	if vcpu != "6.0833" || gb != "12.1667" || address != "6.0833" {
		t.Errorf("a run a day: %s vCPU-hours, %s GB-hours, %s address-hours", vcpu, gb, address)
	}
	for _, agent := range whose {
		if agent != "scout" {
			t.Errorf("the job's cost is %q's, not its agent's", agent)
		}
	}
	vcpu, gb, _, _ = jobParts(t, ", cpu: 256, memory: 512")
	if vcpu != "1.5208" || gb != "3.0417" {
		t.Errorf("a smaller job: %s vCPU-hours, %s GB-hours", vcpu, gb)
	}
}

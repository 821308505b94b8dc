package cost

import (
	"slices"
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

// TestATransitionHasThePriceThatItsRegionsRowOnAWSPageHas: 43,800 runs a month, two states each, less 4,000 that are free. A
// region that has no row there lacks the price, and a fleet without such a job is not told of that page's age.
func TestATransitionHasThePriceThatItsRegionsRowOnAWSPageHas(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "2.09", "eu-west-1": "2.09", "us-west-1": "2.33", "eu-west-3": "2.48", "ap-northeast-2": "2.27", "ap-south-1": "2.38", "sa-east-1": "3.14",
		"us-gov-west-1": "2.51", "af-south-1": "",
	} {
		for _, keys := range []string{", retries: 1", ""} {
			cfg, err := agents.Parse("agents.yaml", []byte(strings.NewReplacer("%s", keys, "every day at 03:00", "every 1 minute").Replace(oneJob)), "")
			if err != nil {
				t.Fatal(err)
			}
			cfg.Region = region
			b, err := Open(region, "")
			if err != nil {
				t.Fatal(err)
			}
			e, err := EstimateConfig(cfg, b)
			if err != nil {
				t.Fatal(err)
			}
			lacks := slices.Contains(e.Lacks(func(Component) bool { return true }), Transition)
			old := strings.Contains(strings.Join(e.Assumptions, "\n"), "the oldest reading is of 2019")
			if keys == "" && (lacks || old) {
				t.Errorf("%s: without retries it lacks the price of a transition (%v), or tells of a reading of 2019 (%v)", region, lacks, old)
			}
			if keys == "" {
				continue
			}
			if lacks != (want == "") {
				t.Errorf("%s lacks the price of a transition: %v", region, lacks)
			}
			if got := e.Sum(func(c Component) bool { return c.Noun == "state_machine" }).Expected.StringFixed(2); want != "" && got != want {
				t.Errorf("%s: transitions cost %s a month, want %s", region, got, want)
			}
		}
	}
}

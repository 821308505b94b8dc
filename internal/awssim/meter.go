package awssim

import (
	"encoding/json"
	"strconv"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// metered is something that bills by the hour for as long as it is there.
type metered struct {
	noun    string // the file of internal/cost that prices it
	service string // Cost Explorer's name
	tags    cloud.Tags
	since   time.Time
	hourly  decimal.Decimal
}

// The hourly rates of the simulated account, us-east-1 in September 2026. They
// are written down here once more, so that the meter and the estimate are two
// independent ways to one figure.
var rates = struct {
	nat, balancer, address, endpoint                                        decimal.Decimal
	vcpu, gb, armVCPU, armGB                                                decimal.Decimal
	spotVCPU, spotGB, spotARMVCPU, spotARMGB, storage                       decimal.Decimal
	secret, alarm, dashboard, metric, insightsMetric, files, volume, aMonth decimal.Decimal
	instances                                                               map[string]decimal.Decimal // by their types
}{
	nat: usd("0.045"), balancer: usd("0.0225"), address: usd("0.005"), endpoint: usd("0.01"),
	vcpu: usd("0.04048"), gb: usd("0.004445"), armVCPU: usd("0.03238"), armGB: usd("0.00356"),
	spotVCPU: usd("0.01288871"), spotGB: usd("0.00141527"), spotARMVCPU: usd("0.01030969"), spotARMGB: usd("0.00113349"), storage: usd("0.000111"),
	secret: usd("0.40"), alarm: usd("0.10"), dashboard: usd("3"), metric: usd("0.30"), insightsMetric: usd("0.07"), files: usd("0.30"), volume: usd("0.08"), aMonth: usd("730"),
	instances: map[string]decimal.Decimal{"t4g.nano": usd("0.0042"), "t4g.micro": usd("0.0084"), "t4g.small": usd("0.0168")},
}

func usd(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func times(d decimal.Decimal, n int) decimal.Decimal { return d.Mul(decimal.NewFromInt(int64(n))) }

// Meter is what the account bills for one hour as it is now, in USD by noun,
// with the free tiers of CloudWatch taken off.
func (s *Sim) Meter() (map[string]decimal.Decimal, error) {
	bill := map[string]decimal.Decimal{}
	err := s.transact(false, func() error {
		s.settle()
		for _, m := range s.meter() {
			bill[m.noun] = bill[m.noun].Add(m.hourly)
		}
		return nil
	})
	return bill, err
}

func (s *Sim) meter() []metered {
	all := s.meterWatching()
	s.each(func(t thing) {
		for _, m := range t.bills {
			if m.tags == nil {
				m.tags = t.tags
			}
			if m.since.IsZero() {
				m.since = t.since
			}
			all = append(all, m)
		}
	})
	return all
}

// taskBills are what a task costs, from the start of the image pull to its end.
func (s *Sim) taskBills(t *Task) []metered {
	def := s.world.TaskDefinitions[t.Definition]
	if !t.StoppedAt.IsZero() || def == nil {
		return nil
	}
	tags := cloud.Tags{}
	if x := s.world.Services[t.Service]; x != nil && x.PropagateTags == ecstypes.PropagateTagsService {
		tags = x.Tags
	}
	all := []metered{{"service", "Amazon Elastic Container Service", tags, t.Created, taskRate(def.Definition, t.Provider)}}
	if eni := s.world.NetworkInterfaces[t.Interface]; eni != nil && eni.PublicIP != "" {
		all = append(all, metered{"service", "Amazon Virtual Private Cloud", tags, t.Created, rates.address})
	}
	return all
}

func taskRate(d ecstypes.TaskDefinition, provider string) decimal.Decimal {
	number := func(s *string) decimal.Decimal {
		if s == nil {
			return decimal.Zero
		}
		n, err := strconv.Atoi(*s)
		if err != nil {
			return decimal.Zero
		}
		return decimal.NewFromInt(int64(n)).Div(decimal.NewFromInt(1024))
	}
	vcpu, gb := rates.vcpu, rates.gb
	arm := d.RuntimePlatform != nil && d.RuntimePlatform.CpuArchitecture == ecstypes.CPUArchitectureArm64
	switch spot := provider == "FARGATE_SPOT"; {
	case spot && arm:
		vcpu, gb = rates.spotARMVCPU, rates.spotARMGB
	case spot:
		vcpu, gb = rates.spotVCPU, rates.spotGB
	case arm:
		vcpu, gb = rates.armVCPU, rates.armGB
	}
	rate := number(d.Cpu).Mul(vcpu).Add(number(d.Memory).Mul(gb))
	if e := d.EphemeralStorage; e != nil { // the first 20 GiB are free
		rate = rate.Add(times(rates.storage, int(e.SizeInGiB)-20))
	}
	return rate
}

// meterWatching bills alarms, dashboards and metrics. They carry no tags in the bill.
func (s *Sim) meterWatching() []metered {
	var all []metered
	add := func(noun string, monthly decimal.Decimal) {
		all = append(all, metered{noun, "AmazonCloudWatch", nil, s.now(), monthly.Div(rates.aMonth)})
	}
	add("alarm", times(rates.alarm, max(0, s.alarmMetrics()-10)))
	free := 3
	for _, body := range s.world.Dashboards {
		if small(body) && free > 0 {
			free--
			continue
		}
		add("dashboard", rates.dashboard)
	}
	custom := 0
	for _, c := range s.world.Clusters {
		services, tasks := 0, 0
		for _, svc := range s.world.Services {
			if svc.Deleted.IsZero() {
				services++
				tasks += max(svc.Desired, 1)
			}
		}
		switch {
		case c.Inactive:
		case c.Insights == "enabled":
			custom += 12 + services*(15+10)
		case c.Insights == "enhanced":
			add("cluster", times(rates.insightsMetric, 25+125*tasks))
		}
	}
	add("cluster", times(rates.metric, max(0, custom-10)))
	return all
}

// small tells whether a dashboard has 50 metrics at most.
func small(body string) bool {
	var d struct {
		Widgets []struct {
			Properties struct {
				Metrics []json.RawMessage `json:"metrics"`
			} `json:"properties"`
		} `json:"widgets"`
	}
	if json.Unmarshal([]byte(body), &d) != nil {
		return false
	}
	n := 0
	for _, w := range d.Widgets {
		n += len(w.Properties.Metrics)
	}
	return n <= 50
}

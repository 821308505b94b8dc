package cost

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// yearOfRuns is the year over which a job's runs are counted: any without a 29 February, so
// that the same file is the same estimate on every day.
var yearOfRuns = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

var minutesPerHour = decimal.NewFromInt(60)

// priceJob: the tasks that a schedule starts, on demand, for as long as usage.job_minutes says
// that a run takes, and for no longer than its timeout. The schedule itself is free: 14 million invocations a month are, and a
// hundred jobs that run each minute make 4.4 million.
// https://aws.amazon.com/eventbridge/pricing/
func priceJob(b *bill, k engine.Key, s provision.JobScheduleSpec) {
	size, ok := specOf[provision.TaskDefinitionSpec](b, engine.Key("task-definition/"+k.Name()))
	times, err := agents.ParseJobTimes(s.Expression, s.Timezone)
	if !ok || err != nil || s.State != "ENABLED" {
		return // nothing says how large its task is or when it runs, or it does not run
	}
	minutes := b.cfg.Usage.JobMinutes
	if most := b.cfg.Jobs[k.Name()].Timeout; most > 0 {
		minutes = min(minutes, most.Minutes())
	}
	hours := decimal.NewFromFloat(times.PerMonth(yearOfRuns)).Mul(decimal.NewFromFloat(minutes)).Div(minutesPerHour)
	add := func(item, unit string, size decimal.Decimal, price Item) {
		b.add(charge{key: k, noun: "job_schedule", item: item, unit: unit, quantity: exactly(hours.Mul(size)), price: price})
	}
	p := fargatePrices(size.Arch == string(types.CPUArchitectureArm64))
	add("Fargate vCPU of a job's runs", "vCPU-hour", decimal.NewFromInt(int64(size.CPU)).Div(decimal.NewFromInt(1024)), p.vcpu)
	add("Fargate memory of a job's runs", "GB-hour", decimal.NewFromInt(int64(size.Memory)).Div(decimal.NewFromInt(1024)), p.gb)
	if above := size.Storage - freeStorage; above > 0 {
		add("Fargate storage of a job's runs above 20 GiB", "GB-hour", decimal.NewFromInt(int64(above)), FargateStorage)
	}
	if m, led := specOf[provision.StateMachineSpec](b, engine.Key("state-machine/"+k.Name())); s.Network.PublicIP || led && m.PublicIP() {
		add("public IPv4 address of a job's runs", "address-hour", decimal.NewFromInt(1), AddressInUse)
	}
}

// assumeJobs says how long a run is taken to be.
func assumeJobs(b *bill) {
	atMost := ""
	for _, j := range b.cfg.Jobs {
		if j.Timeout > 0 {
			atMost = ", and none longer than its timeout"
		}
	}
	b.out.Assumptions = append(b.out.Assumptions, fmt.Sprintf("each run of a job takes %v minutes, image pull and all (usage.job_minutes)%s", b.cfg.Usage.JobMinutes, atMost))
}

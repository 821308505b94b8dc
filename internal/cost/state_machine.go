package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// freeTransitions is Step Functions' free tier, a month and for ever:
// https://aws.amazon.com/step-functions/pricing/
var freeTransitions = decimal.NewFromInt(4_000)

// transitions are the states that a run enters which succeeds at once: the attempt and the end; with overlap: skip
// the look at ECS and what it means, too; and what the end of a task means that has other containers.
func transitions(j agents.Job, owner agents.Agent) int64 {
	n := int64(2)
	if j.Overlap == agents.OverlapSkip {
		n += 2
	}
	if task := j.AsAgent(owner); len(task.Containers()) > 0 {
		n++
	}
	return n
}

// priceTransitions: $25 for a million, beyond the transitions that are free. Within them nothing is said of a price, which is
// not known in each region.
func priceTransitions(b *bill) {
	total := decimal.Zero
	for _, name := range b.cfg.JobNames() {
		j := b.cfg.Jobs[name]
		times, err := j.Times()
		if owner, _ := b.cfg.Owner(j.Agent); err == nil && j.ByStateMachine() {
			total = total.Add(decimal.NewFromFloat(times.PerMonth(yearOfRuns)).Mul(decimal.NewFromInt(transitions(j, owner))))
		}
	}
	if b.cfg.Usage.FreeTier && total.LessThanOrEqual(freeTransitions) {
		return
	}
	b.add(charge{noun: "state_machine", item: "Step Functions transitions of jobs with retries or overlap", unit: "transition", quantity: exactly(total), price: Transition})
	b.free("state_machine", "the first 4,000 transitions", "transition", freeTransitions, exactly(total), Transition, false)
}

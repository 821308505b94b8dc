package cost

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// priceAlarm: $0.10 a month each.
func priceAlarm(b *bill, k engine.Key) {
	if strings.HasSuffix(string(k), "/"+provision.ScaleByWake) {
		b.alarm(k, "alarm that wakes", metricsOfWake)
		return
	}
	b.alarm(k, "alarm", 1)
}

// alarmsPerPolicy is how many alarms Application Auto Scaling makes by itself
// for one target tracking policy: one to go up, one to go down.
const alarmsPerPolicy = 2

// metricsOfQueue is how many metrics the alarms of a queue look at: messages that wait,
// messages that are being worked on, and tasks. An alarm is billed for each metric:
// https://aws.amazon.com/cloudwatch/pricing/
const metricsOfQueue = 3

// metricsOfWake is how many a wake alarm looks at: messages that wait, and tasks.
const metricsOfWake = 2

// priceScalingPolicy: the policy is free, its alarms are not, and no inventory
// of the stack shows them.
func priceScalingPolicy(b *bill, k engine.Key) {
	if strings.HasSuffix(string(k), "/"+provision.ScaleByWake) {
		return // its alarm is the stack's own
	}
	n := alarmsPerPolicy
	if strings.HasSuffix(string(k), "/"+provision.ScaleByQueue) {
		n *= metricsOfQueue
	}
	b.alarm(k, "alarms that target tracking makes", n)
}

// freeAlarms is CloudWatch's free tier of standard alarms.
const freeAlarms = 10

// alarm counts alarms; priceFreeAlarms takes the first ten of the account off.
func (b *bill) alarm(key engine.Key, item string, n int) {
	b.add(charge{key: key, noun: "alarm", item: item, unit: "alarm", quantity: whole(n), price: AlarmMonth, hourly: true})
	b.alarms += n
}

func priceFreeAlarms(b *bill) {
	b.free("alarm", "the first 10 alarms", "alarm", decimal.NewFromInt(freeAlarms), whole(b.alarms), AlarmMonth, true)
}

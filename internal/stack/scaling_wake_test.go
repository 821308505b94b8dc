package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aastypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// TestTheFirstMessageHasATaskWithinTwoMinutes: whenever in the minute it comes, with as many tasks at once as the
// messages ask for. What is counted late makes neither too many of them nor too few.
func TestTheFirstMessageHasATaskWithinTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		for _, second := range []int{0, 1, 20, 40, 59} {
			for messages, tasks := range map[int]int{1: 1, 10: 1, 11: 2, 35: 4, 500: 5} {
				b.holds(0, 0)
				time.Sleep(2 * time.Hour)
				if n := b.desired("consumer"); n != 0 {
					t.Fatalf("an empty queue has %d tasks", n)
				}
				time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + time.Duration(second)*time.Second)))
				b.holds(messages, 0)
				wanted := b.until(5*time.Minute, func() bool { return b.desired("consumer") > 0 })
				runs := wanted + b.until(5*time.Minute, func() bool { return b.tasksOf("consumer") == tasks })
				t.Logf("%d messages at second %d: %d tasks wanted after %s, running after %s", messages, second, b.desired("consumer"), wanted, runs)
				if wanted < 0 || wanted > 2*time.Minute || runs > 3*time.Minute {
					t.Errorf("%d messages at second %d: wanted after %s, running after %s", messages, second, wanted, runs)
				}
				for minute := range 40 { // all stay where they are while no message is taken
					time.Sleep(time.Minute)
					if n := b.desired("consumer"); n != tasks {
						t.Fatalf("%d messages, %d minutes later: %d tasks, not %d", messages, minute+1, n, tasks)
					}
				}
			}
		}
	})
}

// TestAnAgentWakesWhateverMetricMathMakesOfAMetricWithoutADataPoint: the tasks of an agent at 0 are one.
func TestAnAgentWakesWhateverMetricMathMakesOfAMetricWithoutADataPoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		for _, set := range []func(w *awssim.World){
			func(w *awssim.World) { w.EmptySeries = awssim.EmptyUnfilled },
			func(w *awssim.World) { w.EmptySeries = awssim.EmptyDropped },
		} {
			b.edit(set)
			b.holds(0, 0)
			if b.until(2*time.Hour, func() bool { return b.desired("consumer") == 0 }) < 0 {
				t.Fatal("it never sleeps")
			}
			time.Sleep(30 * time.Minute)
			b.holds(11, 0)
			wanted := b.until(10*time.Minute, func() bool { return b.desired("consumer") == 2 })
			t.Logf("two tasks wanted after %s", wanted)
			if wanted < 0 || wanted > 2*time.Minute {
				t.Errorf("two tasks wanted after %s", wanted)
			}
		}
	})
}

// TestAWakePolicyTakesNoTaskAway: of an agent that was scaled by hand to more than its messages ask for, and whose
// tasks do not run yet; nor does it add any to tasks that run and are counted late.
func TestAWakePolicyTakesNoTaskAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		b.holds(0, 0)
		time.Sleep(30 * time.Minute)
		b.edit(func(w *awssim.World) {
			for arn, x := range w.Services {
				if strings.HasSuffix(arn, "/consumer") {
					x.Desired = 5
				}
			}
		})
		b.holds(2, 0)
		for minute := range 10 {
			time.Sleep(time.Minute)
			if n := b.desired("consumer"); n != 5 {
				t.Fatalf("after %d minutes 5 tasks are %d", minute+1, n)
			}
		}
	})
}

// TestTasksThatCannotStartAreNoReasonForAllOfThem: without capacity a quarter of an hour passes before more are asked for.
func TestTasksThatCannotStartAreNoReasonForAllOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		b.holds(0, 0)
		time.Sleep(30 * time.Minute)
		b.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
		b.holds(1, 0)
		var wanted []int
		for range 5 {
			time.Sleep(10 * time.Minute)
			wanted = append(wanted, b.desired("consumer"))
		}
		if want := []int{1, 2, 2, 3, 4}; !slices.Equal(wanted, want) {
			t.Errorf("one message without capacity asks for %v tasks every ten minutes, not %v", wanted, want)
		}
		b.edit(func(w *awssim.World) { w.NoSpotCapacity = false })
		b.holds(0, 0)
		time.Sleep(30 * time.Minute)
		if n := b.desired("consumer"); n != 0 {
			t.Errorf("with capacity and without messages %d tasks stay", n)
		}
	})
}

// TestAQueueThatWasSilentForSixHoursWakesLater: CloudWatch has no metrics of it, and has them again up to a quarter
// of an hour after the first message. Nothing moves without them.
func TestAQueueThatWasSilentForSixHoursWakesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		b.holds(0, 0)
		for range 7 {
			time.Sleep(time.Hour)
			if n := b.desired("consumer"); n != 0 {
				t.Fatalf("a silent queue has %d tasks", n)
			}
		}
		b.holds(1, 0)
		wanted := b.until(30*time.Minute, func() bool { return b.desired("consumer") == 1 })
		t.Logf("a message after seven silent hours: a task wanted after %s", wanted)
		if wanted < 10*time.Minute || wanted > 17*time.Minute {
			t.Errorf("a message after seven silent hours: a task wanted after %s", wanted)
		}
	})
}

// TestAMessageRightAfterTheLastTaskWaitsForItsLastCount: a service is without tasks for an alarm once it has
// read no count of any for as long as it looks back.
func TestAMessageRightAfterTheLastTaskWaitsForItsLastCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		b.holds(1, 0)
		time.Sleep(30 * time.Minute)
		b.holds(0, 0)
		if b.until(30*time.Minute, func() bool { return b.tasksOf("consumer") == 0 }) < 0 {
			t.Fatal("it never sleeps")
		}
		b.holds(1, 0)
		wanted := b.until(30*time.Minute, func() bool { return b.desired("consumer") == 1 })
		t.Logf("a message right after the last task: a task wanted after %s", wanted)
		if wanted < 0 || wanted > 6*time.Minute {
			t.Errorf("a message right after the last task: a task wanted after %s", wanted)
		}
	})
}

// TestWhatWakesAnAgentIsPutBack: whatever of the step policy and its alarm was changed or deleted by hand.
func TestWhatWakesAnAgentIsPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		const policy, alarm = "scaling-policy/consumer/wake", "alarm/consumer/wake"
		policies := func(edit func(x *awssim.ScalableTarget, p *awssim.ScalingPolicy)) func(w *awssim.World) {
			return func(w *awssim.World) {
				for _, x := range w.ScalableTargets {
					for _, p := range x.Policies {
						if p.Step != nil {
							edit(x, p)
						}
					}
				}
			}
		}
		alarms := func(edit func(w *awssim.World, a *awssim.Alarm)) func(w *awssim.World) {
			return func(w *awssim.World) {
				for name, a := range w.Alarms {
					if strings.HasSuffix(name, "-consumer-wake") {
						edit(w, a)
					}
				}
			}
		}
		for _, x := range []struct {
			drift drift
			edit  func(w *awssim.World)
		}{
			{drift{key: policy, field: "metric"}, policies(func(_ *awssim.ScalableTarget, p *awssim.ScalingPolicy) {
				p.Step.AdjustmentType = aastypes.AdjustmentTypeExactCapacity
			})},
			{drift{key: policy, field: "of"}, policies(func(_ *awssim.ScalableTarget, p *awssim.ScalingPolicy) {
				p.Step.StepAdjustments = p.Step.StepAdjustments[:2]
			})},
			{drift{key: policy, field: "target"}, policies(func(_ *awssim.ScalableTarget, p *awssim.ScalingPolicy) {
				p.Step.StepAdjustments[4].MetricIntervalLowerBound = aws.Float64(99)
			})},
			{drift{key: policy, field: "out_cooldown"}, policies(func(_ *awssim.ScalableTarget, p *awssim.ScalingPolicy) { p.Step.Cooldown = aws.Int32(60) })},
			{drift{key: policy}, policies(func(x *awssim.ScalableTarget, p *awssim.ScalingPolicy) { delete(x.Policies, p.Name) })},
			{drift{key: alarm, field: "metric"}, alarms(func(_ *awssim.World, a *awssim.Alarm) { a.Alarm.Metrics[3].Expression = aws.String("waiting") })},
			{drift{key: alarm, field: "period"}, alarms(func(_ *awssim.World, a *awssim.Alarm) { a.Alarm.Metrics[0].MetricStat.Period = aws.Int32(300) })},
			{drift{key: alarm, field: "actions"}, alarms(func(_ *awssim.World, a *awssim.Alarm) { a.Alarm.AlarmActions = nil })},
			{drift{key: alarm}, alarms(func(w *awssim.World, a *awssim.Alarm) { delete(w.Alarms, *a.Alarm.AlarmName) })},
		} {
			b.edit(x.edit)
			plan := b.planStack()
			if !x.drift.isShownBy(plan) {
				t.Errorf("the plan does not show %s %q: %s", x.drift.key, x.drift.field, verbs(plan))
			}
			b.upStack(nil)
			if again := b.planStack(); again.Changes() {
				t.Errorf("up left %s %q: %s", x.drift.key, x.drift.field, verbs(again))
			}
		}
		b.holds(1, 0)
		time.Sleep(3 * time.Minute)
		if n := b.desired("consumer"); n != 1 {
			t.Errorf("with all of it put back, a message makes %d tasks", n)
		}
	})
}

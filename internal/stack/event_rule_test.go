package stack

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// mailed is a fleet with an address for alarms and a job that ends as its command says.
const mailed = `
network: {nat: none}
secrets: {nested: ""}
observability: {alarms: {emails: [ops@example.com]}}
agents:
  bot: {image: "public.ecr.aws/docker/library/python:3.13-slim", sidecars: {helper: {command: [tail]}}}
jobs:
  nightly: {agent: bot, command: [sh, -c, %q], schedule: every 6 hours, timeout: 30m}
`

// messages are what the topic was told.
func (b *stackBench) messages() []string {
	b.t.Helper()
	b.sim.Inventory()
	var out []string
	b.edit(func(w *awssim.World) {
		for _, x := range w.Topics {
			out = append(out, x.Messages...)
		}
	})
	return out
}

// TestAFailedRunOfAJobComesByMail: whatever it failed of, once, and with what to do. One that ends well tells nothing.
func TestAFailedRunOfAJobComesByMail(t *testing.T) {
	for command, fails := range map[string]bool{"echo well; exit 0": false, "sleep 20; exit 3": true, "sleep 7200; exit 0": true, "kill -9": true} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, fmt.Sprintf(mailed, command)))
			b.upStack(nil)
			time.Sleep(6*time.Hour + 40*time.Minute)
			all := b.messages()
			if !fails && len(all) != 0 || fails && len(all) != 1 {
				t.Fatalf("%q: %d messages: %q", command, len(all), all)
			}
			if fails && (!strings.Contains(all[0], "The job nightly of karmacadabra-prod has failed: Essential container in task exited.") || !strings.Contains(all[0], "karmactl logs nightly --since 1h") ||
				strings.ContainsAny(all[0], "<>")) {
				t.Errorf("%q: %s", command, all[0])
			}
			if plan := b.planStack(); plan.Changes() {
				t.Errorf("the plan after is not empty: %s", verbs(plan))
			}
			b.downStack()
			b.edit(func(w *awssim.World) {
				if len(w.EventRules)+len(w.Topics) > 0 {
					t.Errorf("down left %d rules and %d topics", len(w.EventRules), len(w.Topics))
				}
			})
		})
	}
}

func TestAJobWhoseTaskCannotStartComesByMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, fmt.Sprintf(mailed, "echo well; exit 0")))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, g := range w.LogGroups {
				if strings.HasSuffix(g.Name, "/nightly") {
					delete(w.LogGroups, g.Name)
				}
			}
		})
		time.Sleep(6*time.Hour + 10*time.Minute)
		if all := b.messages(); len(all) != 1 || !strings.Contains(all[0], "has failed: ResourceInitializationError") {
			t.Errorf("%d messages: %q", len(all), all)
		}
	})
}

// TestARuleThatIsMadeLaterIsNotToldOfOlderFailures: EventBridge delivers an event to the rules
// that there are when it comes, so the address that is added today gets no mail of last week.
func TestARuleThatIsMadeLaterIsNotToldOfOlderFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := fmt.Sprintf(mailed, "sleep 20; exit 3")
		quiet := strings.Replace(text, "observability: {alarms: {emails: [ops@example.com]}}\n", "", 1)
		b := newStackBench(t, parse(t, quiet))
		b.upStack(nil)
		time.Sleep(6*time.Hour + 40*time.Minute)
		b.cfg = parse(t, text)
		b.upStack(nil)
		if all := b.messages(); len(all) != 0 {
			t.Errorf("%d messages of failures before the rule: %q", len(all), all)
		}
		time.Sleep(6 * time.Hour)
		if all := b.messages(); len(all) != 1 {
			t.Errorf("%d messages of the failure after it: %q", len(all), all)
		}
	})
}

// TestAStartOfAJobThatIsGivenUpComesByMail: to the address of the alarms and to a topic of one's own, once, and its
// end is no news. Without anyone to tell there is no such alarm, and it is gone with the stack.
func TestAStartOfAJobThatIsGivenUpComesByMail(t *testing.T) {
	text := fmt.Sprintf(mailed, "exit 0")
	own := "arn:aws:sns:us-east-1:123456789012:mine"
	for who, told := range map[string]int{"emails: [ops@example.com]": 1, "topics: [" + own + "]": 1, "emails: [ops@example.com], topics: [" + own + "]": 2, "kinds: []": 0} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, strings.Replace(text, "emails: [ops@example.com]", who, 1)))
			b.edit(func(w *awssim.World) {
				w.Topics["mine"] = &awssim.Topic{Name: "mine", ARN: own, Tags: cloud.Tags{}, Subscriptions: map[string]*awssim.Subscription{}}
			})
			b.upStack(nil)
			b.edit(func(w *awssim.World) {
				for _, r := range w.Roles {
					if strings.Contains(r.Trust, "scheduler.amazonaws.com") {
						r.Inline = nil
					}
				}
			})
			time.Sleep(6*time.Hour + 50*time.Minute)
			if all := b.messages(); len(all) != 0 {
				t.Fatalf("%s: while it is tried again: %q", who, all)
			}
			time.Sleep(50 * time.Minute)
			all := b.messages()
			if len(all) != told {
				t.Fatalf("%s: %d messages: %q", who, len(all), all)
			}
			for _, m := range all {
				if !strings.HasPrefix(m, `ALARM: "karmacadabra-prod-dropped-starts"`) || !strings.Contains(m, "a job of karmacadabra-prod was not started") || !strings.Contains(m, "karmactl status") {
					t.Errorf("%s: %s", who, m)
				}
			}
			b.downStack()
			b.edit(func(w *awssim.World) {
				if len(w.Alarms) > 0 {
					t.Errorf("%s: down left %d alarms", who, len(w.Alarms))
				}
			})
		})
	}
}

package provision

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func TestADownNeedsNoMuteRulesInCloudWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "ListAlarmMuteRules" {
				return awssim.Fault{Before: &smithy.GenericAPIError{Code: "InvalidAction", Message: "Unknown action: ListAlarmMuteRules"}}
			}
			return awssim.Fault{}
		})
		if names, err := b.home.muteRulesOf(context.Background(), "an-alarm"); err != nil || len(names) > 0 {
			t.Errorf("%q: %v", names, err)
		}
	})
}

func TestADurationIsReadInEachFormThatAWSMayWrite(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT9H15M": 9*time.Hour + 15*time.Minute, "P1DT2H": 26 * time.Hour, "PT26H0M": 26 * time.Hour, "P7D": 7 * 24 * time.Hour, "PT1M": time.Minute, "once": 0,
	} {
		if got := fromISO(text); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
	if got := isoDuration(26*time.Hour + 5*time.Minute); fromISO(got) != 26*time.Hour+5*time.Minute {
		t.Errorf("26 hours and 5 minutes are written as %s", got)
	}
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// The state's bucket is made of several calls, the first of which leaves one without tags
// and versions: the same command again makes it whole.
func TestATakeoverThatDiesWhileItMakesTheStatesBucketIsContinued(t *testing.T) {
	for at := 1; at <= 6; at++ {
		t.Run(fmt.Sprintf("call %d", at), func(t *testing.T) {
			t.Chdir(t.TempDir()) // a state that cannot be written is left here
			synctest.Test(t, func(t *testing.T) {
				o, f := withoutFile(t)
				command := slices.Concat(takeIt, []string{"--state", "s3://karmactl-123456789012-us-east-1/it"}) // the account's own name
				n := 0
				o.sim.Inject(func(c awssim.Call) awssim.Fault { // one call at a time is asked about
					bucket := c.Service == "S3" && c.Mutating
					if bucket {
						n++
					}
					return awssim.Fault{Kill: bucket && n == at}
				})
				o.run("", command...)
				if !o.sim.Dead() {
					t.Fatalf("it did not die: %d calls", n)
				}
				o.sim.Inject(nil)
				time.Sleep(30 * time.Minute) // the lock of what died ends
				if out := said(t, o, command...); !strings.Contains(out, "Taken over: 51 resources") {
					t.Errorf("again:\n%s", out)
				}
				if err := f.Ask(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

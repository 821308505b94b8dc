package main

import (
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// TestCredentialsThatEndMidwayEndTheRunAsCtrlCDoes lets them expire in the middle of an up, before the last of what was
// made is in the state. That is in the emergency copy, and with new credentials up continues from there.
func TestCredentialsThatEndMidwayEndTheRunAsCtrlCDoes(t *testing.T) {
	t.Chdir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		var refused atomic.Int32
		o.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.N < 50 || c.N < 60 && c.Service != "S3" {
				return awssim.Fault{}
			}
			refused.Add(1)
			return awssim.Fault{Before: &smithy.GenericAPIError{Code: "ExpiredToken", Message: "The security token included in the request is expired"}}
		})
		code, said := o.run("", "up", "--yes")
		for _, want := range []string{
			"the credentials have expired", "Interrupted, because the credentials have ended", "sign in",
			"the last state was not saved", "karmactl.errored-state.json, which karmactl state import pushes back",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("not said: %q", want)
			}
		}
		if code != exitInterrupted || strings.Contains(said, "operation error") || t.Failed() {
			t.Fatalf("exit %d after %d refused calls:\n%s", code, refused.Load(), last(said, 12))
		}
		if _, err := os.Stat("karmactl.errored-state.json"); err != nil {
			t.Error(err)
		}
		o.deny("")
		o.must("", "state", "unlock", "--yes")
		o.must("", "state", "import", "karmactl.errored-state.json")
		o.must("", "up", "--yes")
	})
}

package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

// TestATimeoutEndsAWalkAsCtrlCDoes: within a call or while it waits, what was made is recorded and the next run continues.
func TestATimeoutEndsAWalkAsCtrlCDoes(t *testing.T) {
	for _, after := range []string{"5s", "20s", "50s"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t, oneAgent)
			for _, walk := range []string{"up", "down"} {
				code, said := o.run("", walk, "--yes", "--timeout", after)
				if code != exitInterrupted || !strings.Contains(said, "--timeout "+after+" is over: what was made is recorded. Next: run the same command again") || strings.Contains(said, "deadline") {
					t.Errorf("%s after %s exits %d:\n%s", walk, after, code, said)
				}
				o.must("", walk, "--yes")
			}
		})
	}
}

package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

// What hibernates is left out of a plan. What of it could not be read is not: it may be there, and bill.
func TestAPlanOfAHibernatingStackSaysWhatItCouldNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		o.must("", "hibernate", "--yes")
		for _, args := range [][]string{{"plan"}, {"up", "--yes"}, {"up", "--dry-run"}} {
			o.must("", args...)
			o.deny("EC2.DescribeNatGateways")
			code, said := o.run("", args...)
			o.deny("")
			if words := strings.Join(strings.Fields(said), " "); code != exitError || !strings.Contains(words, "permission ec2:DescribeNatGateways is missing") {
				t.Errorf("%v exits %d:\n%s", args, code, said)
			}
		}
	})
}

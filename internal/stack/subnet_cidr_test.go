package stack

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestSubnetsFitTheirVPCAndDoNotOverlap(t *testing.T) {
	for _, c := range []struct {
		vpc   string
		zones int
	}{{"10.0.0.0/16", 2}, {"10.0.0.0/16", 6}, {"172.31.16.0/20", 3}, {"192.168.4.0/22", 2}, {"192.168.4.0/22", 3}, {"10.1.2.0/24", 2}} {
		t.Run(fmt.Sprintf("%s over %d AZs", c.vpc, c.zones), func(t *testing.T) {
			vpc := netip.MustParsePrefix(c.vpc)
			var all []netip.Prefix
			for tier := range 2 {
				for i := range c.zones {
					p := netip.MustParsePrefix(subnetCIDR(c.vpc, c.zones, tier, i))
					if p.Masked() != p || !vpc.Overlaps(p) || p.Bits() <= vpc.Bits() {
						t.Errorf("%s is no part of %s", p, vpc)
					}
					for _, o := range all {
						if o.Overlaps(p) {
							t.Errorf("%s and %s overlap", o, p)
						}
					}
					all = append(all, p)
				}
			}
		})
	}
	if got := subnetCIDR("10.0.0.0/16", 2, 1, 1); got != "10.0.144.0/20" {
		t.Errorf("the second private subnet is %s, want 10.0.144.0/20 for ever", got)
	}
}

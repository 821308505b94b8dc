package stack

import (
	"encoding/binary"
	"net/netip"
)

// subnetCIDR cuts the VPC's block into equal parts: the first half for public
// subnets (tier 0), the second for private ones (tier 1), in the order of the
// AZs. A block of /20 or larger is always cut into 16, so that an AZ that is
// added later takes a part that no other has.
func subnetCIDR(vpc string, zones, tier, i int) string {
	block, err := netip.ParsePrefix(vpc)
	if err != nil || !block.Addr().Is4() {
		return vpc // agents.Load has refused such a block; AWS would too
	}
	bits := 1
	for 1<<(bits-1) < zones {
		bits++
	}
	if block.Bits() <= 20 {
		bits = 4
	}
	part := uint32(tier)<<(bits-1) | uint32(i)
	a := block.Masked().Addr().As4()
	base := binary.BigEndian.Uint32(a[:]) | part<<(32-block.Bits()-bits)
	binary.BigEndian.PutUint32(a[:], base)
	return netip.PrefixFrom(netip.AddrFrom4(a), block.Bits()+bits).String()
}

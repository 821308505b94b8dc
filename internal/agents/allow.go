package agents

import (
	"net/netip"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// maxAllowed is how many blocks may reach the load balancer: its security group takes 60
// rules, and with a domain each block has two, for HTTP and for HTTPS.
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const maxAllowed = 30

var allowRule = textRule{pattern: lazyregexp.New(`^[0-9.]+/[0-9]+$`), near: blockOf, allowed: "a block of IPv4 addresses such as 203.0.113.0/24", refuse: refuseBlock}

// blockOf is the block of one address.
func blockOf(s string) string {
	if at, err := netip.ParseAddr(s); err == nil && at.Is4() {
		return s + "/32"
	}
	return ""
}

// refuseBlock: EC2 takes blocks that begin with their first address.
func refuseBlock(s string) string {
	block, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return "a block of IPv4 addresses such as 203.0.113.0/24"
	case block != block.Masked():
		return didYouMean(block.Masked().String()) + "the first address of the block"
	}
	return ""
}

package provision

import (
	"maps"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// tagIPv6 is on the service whose tasks have addresses of IPv6.
const tagIPv6 = "karmactl:ipv6"

// dual tells whether its tasks are to have addresses of IPv6. What the subnets assign is changed by an up; a deploy,
// which changes nothing that all share, goes by what is there.
func (s *Service) dual() bool {
	if !s.NoWait {
		return len(s.Blocks) > 0
	}
	for _, b := range s.Blocks {
		if engine.IsUnknown(b.ID()) {
			return s.seen.IPv6
		}
	}
	return len(s.Blocks) > 0 || s.seen.IPv6
}

// allTags are the tags, and the one for IPv6.
func (s ServiceSpec) allTags() cloud.Tags {
	if !s.IPv6 {
		return s.Tags
	}
	out := maps.Clone(s.Tags)
	out[tagIPv6] = "true"
	return out
}

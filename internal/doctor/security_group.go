package doctor

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// allows tells whether a security group allows in what comes from one of the groups,
// or from anywhere by an address, at a port.
func (sn *snapshot) allows(group string, from []string, port int32) bool {
	for _, p := range sn.security[group].IpPermissions {
		all := aws.ToString(p.IpProtocol) == "-1"
		if !all && (aws.ToInt32(p.FromPort) > port || aws.ToInt32(p.ToPort) < port) {
			continue
		}
		if len(p.IpRanges) > 0 {
			return true
		}
		for _, g := range p.UserIdGroupPairs {
			if slices.Contains(from, aws.ToString(g.GroupId)) {
				return true
			}
		}
	}
	return false
}

// allowsAny is allows for a thing that has several groups: one is enough.
func (sn *snapshot) allowsAny(groups, from []string, port int32) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return sn.allows(g, from, port) })
}

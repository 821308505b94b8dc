//go:build wire

package wire

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// moto is https://github.com/getmoto/moto in server mode.
func moto() emulator {
	return emulator{name: "moto", variable: "WIRE_MOTO", reset: "/moto-api/reset", gaps: motoGaps}
}

func motoGaps() []*gap {
	return []*gap{
		newGap("a gateway endpoint is said to have private DNS; AWS says that of interfaces only",
			amend("EC2.DescribeVpcEndpoints", func(_ *ec2.DescribeVpcEndpointsInput, out *ec2.DescribeVpcEndpointsOutput) (met bool) {
				for i, e := range out.VpcEndpoints {
					if e.VpcEndpointType == types.VpcEndpointTypeGateway && aws.ToBool(e.PrivateDnsEnabled) {
						out.VpcEndpoints[i].PrivateDnsEnabled, met = aws.Bool(false), true
					}
				}
				return met
			})),
	}
}

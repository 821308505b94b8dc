package provision

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// BlockedBy is the mode in which VPC Block Public Access closes the internet gateway
// for a subnet; "" is that it does not, or that AWS does not say.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func BlockedBy(s types.Subnet) types.BlockPublicAccessMode {
	if s.BlockPublicAccessStates == nil || s.BlockPublicAccessStates.InternetGatewayBlockMode == types.BlockPublicAccessModeOff {
		return ""
	}
	return s.BlockPublicAccessStates.InternetGatewayBlockMode
}

// OpenPublicAccess is the command that leaves a VPC out of Block Public Access. Where
// the organisation decides, it may refuse that.
func OpenPublicAccess(vpc, region string) string {
	return fmt.Sprintf("aws ec2 create-vpc-block-public-access-exclusion --vpc-id %s --internet-gateway-exclusion-mode allow-bidirectional --region %s", vpc, region)
}

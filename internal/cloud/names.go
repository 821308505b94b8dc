package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The longest names that AWS takes.
const (
	// MaxLoadBalancerName also holds for target groups:
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	MaxLoadBalancerName = 32
	// MaxRoleName: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	MaxRoleName = 64
	// MaxLaunchTemplateName: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
	MaxLaunchTemplateName = 128
	// MaxGroupName: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
	MaxGroupName = 255
)

// Name joins the parts with hyphens. A name over limit is cut and ends in six
// hex digits of the whole, so that two long names stay apart and the same one
// always comes out: karmacadabra-prod-skill-extractor has 33 characters, one
// more than a target group may have.
func Name(limit int, parts ...string) string {
	name := strings.Join(parts, "-")
	if len(name) <= limit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimRight(name[:limit-7], "-") + "-" + hex.EncodeToString(sum[:3])
}

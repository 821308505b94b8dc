//go:build wire

package wire

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const scalingPrincipal = "ecs.application-autoscaling.amazonaws.com"

// serviceLinkedRoles are AWS's own names, by the service that they are for.
var serviceLinkedRoles = map[string]string{
	"ecs.amazonaws.com":                  "AWSServiceRoleForECS",
	"elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
	scalingPrincipal:                     "AWSServiceRoleForApplicationAutoScaling_ECSService",
}

// serviceLinkedNames: both emulators make the names up.
func serviceLinkedNames() *gap {
	return newGap("service-linked roles have names of the emulator's own (AWSServiceRoleForecs); AWS's is AWSServiceRoleForECS",
		amend("IAM.GetAccountAuthorizationDetails", func(_ *iam.GetAccountAuthorizationDetailsInput, out *iam.GetAccountAuthorizationDetailsOutput) (met bool) {
			for i, r := range out.RoleDetailList {
				service := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(r.Path), "/aws-service-role/"), "/")
				if name, ok := serviceLinkedRoles[service]; ok && aws.ToString(r.RoleName) != name {
					out.RoleDetailList[i].RoleName, met = &name, true
				}
			}
			return met
		}))
}

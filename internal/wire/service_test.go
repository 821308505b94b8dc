//go:build wire

package wire

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// connectLost: neither emulator keeps Service Connect.
func connectLost() *gap {
	var connect notes[*types.ServiceConnectConfiguration]
	return newGap("Service Connect of a service is lost; AWS tells it with each deployment",
		heed("ECS.CreateService", func(in *ecs.CreateServiceInput, out *ecs.CreateServiceOutput) {
			connect.put(aws.ToString(out.Service.ServiceArn), in.ServiceConnectConfiguration)
		}),
		amend("ECS.DescribeServices", func(_ *ecs.DescribeServicesInput, out *ecs.DescribeServicesOutput) (met bool) {
			for _, s := range out.Services {
				made, _ := connect.get(aws.ToString(s.ServiceArn))
				for i, d := range s.Deployments {
					if made != nil && d.ServiceConnectConfiguration == nil {
						s.Deployments[i].ServiceConnectConfiguration, met = made, true
					}
				}
			}
			return met
		}))
}

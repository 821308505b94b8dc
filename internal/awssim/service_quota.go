package awssim

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	types "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
)

// newAccountVCPU is Fargate's quota of vCPU that run at once in a new account,
// on demand and on Spot each:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const newAccountVCPU = 6

// quota is one that Service Quotas tells, as it is in a new account.
type quota struct {
	service, name string
	value         float64
}

// quotas are by their codes. Those of the network are held where addresses and
// VPCs are made: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
var quotas = map[string]quota{
	"L-3032A538": {"fargate", "Fargate On-Demand vCPU resource count", newAccountVCPU},
	"L-36FBB829": {"fargate", "Fargate Spot vCPU resource count", newAccountVCPU},
	"L-0263D0A3": {"ec2", "EC2-VPC Elastic IPs", addressQuota},
	"L-F678F1CE": {"vpc", "VPCs per Region", vpcQuota},
}

func (s *Sim) serviceQuotaNoun() noun {
	return noun{
		ops: []operation{
			on("Service Quotas.GetServiceQuota", s.getServiceQuota, "ServiceCode", "QuotaCode"),
		},
	}
}

func (s *Sim) getServiceQuota(in *servicequotas.GetServiceQuotaInput) (*servicequotas.GetServiceQuotaOutput, error) {
	code, service := aws.ToString(in.QuotaCode), aws.ToString(in.ServiceCode)
	q, ok := quotas[code]
	if !ok || q.service != service {
		return nil, fail("NoSuchResourceException", "The request failed because the specified service or quota does not exist.")
	}
	if service == "fargate" {
		q.value = s.vcpuQuota(code)
	}
	return &servicequotas.GetServiceQuotaOutput{Quota: &types.ServiceQuota{
		ServiceCode: &service, QuotaCode: &code, QuotaName: &q.name, Adjustable: true,
		QuotaArn: aws.String(s.world.arn("servicequotas", service+"/"+code)), Unit: aws.String("None"), Value: &q.value,
	}}, nil
}

func (s *Sim) vcpuQuota(code string) float64 {
	if n, ok := s.world.FargateVCPU[code]; ok {
		return n
	}
	return newAccountVCPU
}

// overQuota tells whether one more task of a definition is more vCPU than the
// account may run on a provider; tasks count until they have stopped.
func (s *Sim) overQuota(provider, taskDefinition string) bool {
	code := "L-3032A538"
	if provider == "FARGATE_SPOT" {
		code = "L-36FBB829"
	}
	used := s.vcpu(taskDefinition)
	for _, t := range s.world.Tasks {
		if t.Status != "STOPPED" && (t.Provider == "FARGATE_SPOT") == (provider == "FARGATE_SPOT") {
			used += s.vcpu(t.Definition)
		}
	}
	return used > s.vcpuQuota(code)
}

func (s *Sim) vcpu(taskDefinition string) float64 {
	d := s.world.TaskDefinitions[taskDefinition]
	if d == nil {
		return 0
	}
	units, err := strconv.ParseFloat(aws.ToString(d.Definition.Cpu), 64)
	if err != nil {
		return 0
	}
	return units / 1024
}

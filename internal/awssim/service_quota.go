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

// fargateQuotas are the names of Fargate's quotas by their codes.
var fargateQuotas = map[string]string{
	"L-3032A538": "Fargate On-Demand vCPU resource count",
	"L-36FBB829": "Fargate Spot vCPU resource count",
}

func (s *Sim) serviceQuotaOperations() []operation {
	return []operation{on("Service Quotas.GetServiceQuota", s.getServiceQuota, "ServiceCode", "QuotaCode")}
}

func (s *Sim) getServiceQuota(in *servicequotas.GetServiceQuotaInput) (*servicequotas.GetServiceQuotaOutput, error) {
	name, ok := fargateQuotas[aws.ToString(in.QuotaCode)]
	if !ok || aws.ToString(in.ServiceCode) != "fargate" {
		return nil, fail("NoSuchResourceException", "The request failed because the specified service or quota does not exist.")
	}
	return &servicequotas.GetServiceQuotaOutput{Quota: &types.ServiceQuota{
		ServiceCode: in.ServiceCode, ServiceName: aws.String("AWS Fargate"), QuotaCode: in.QuotaCode, QuotaName: &name, Adjustable: true,
		QuotaArn: aws.String(s.world.arn("servicequotas", "fargate/"+aws.ToString(in.QuotaCode))), Unit: aws.String("None"),
		Value: aws.Float64(s.vcpuQuota(aws.ToString(in.QuotaCode))),
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

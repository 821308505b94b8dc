// Package cloud is AWS as karmactl sees it: the clients and what guards them,
// names, tags, listings that are shared, and what AWS's errors mean.
package cloud

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// Account is where a stack lives.
type Account struct {
	ID string
	// Partition is "aws" except in China and GovCloud.
	Partition string
	Region    string
	// Profile of AWS's shared configuration that signs in; "" is the default one, or none.
	Profile string
	// Caller is who signed in, the end of its ARN: ana, or Admin/ana for who took a role;
	// "" until it was asked.
	Caller string
}

// ARN builds an ARN of this account and region.
func (a Account) ARN(service, resource string) string {
	return "arn:" + a.Partition + ":" + service + ":" + a.Region + ":" + a.ID + ":" + resource
}

// GlobalARN builds an ARN of a service without regions, such as IAM.
func (a Account) GlobalARN(service, resource string) string {
	return "arn:" + a.Partition + ":" + service + "::" + a.ID + ":" + resource
}

// DNSSuffix is what the host names of a region's services end in:
// https://docs.aws.amazon.com/general/latest/gr/rande.html
func DNSSuffix(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "amazonaws.com.cn"
	case strings.HasPrefix(region, "eusc-"):
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// Clients are the SDK's clients over one configuration. They are used through
// the small interfaces that each resource declares.
type Clients struct {
	ACM            *acm.Client
	AutoScaling    *applicationautoscaling.Client
	Budgets        *budgets.Client
	CloudWatch     *cloudwatch.Client
	Logs           *cloudwatchlogs.Client
	EC2            *ec2.Client
	ECR            *ecr.Client
	ECS            *ecs.Client
	EFS            *efs.Client
	ELB            *elasticloadbalancingv2.Client
	Events         *eventbridge.Client
	Groups         *autoscaling.Client // EC2 Auto Scaling
	IAM            *iam.Client
	Tagging        *resourcegroupstaggingapi.Client
	Route53        *route53.Client
	S3             *s3.Client
	Scheduler      *scheduler.Client
	SecretsManager *secretsmanager.Client
	Discovery      *servicediscovery.Client
	Quotas         *servicequotas.Client
	SFN            *sfn.Client // Step Functions
	SNS            *sns.Client
	SSM            *ssm.Client
	XRay           *xray.Client
}

// NewClients makes the clients. Nothing is called.
func NewClients(cfg aws.Config) *Clients {
	return &Clients{
		ACM:            acm.NewFromConfig(cfg),
		AutoScaling:    applicationautoscaling.NewFromConfig(cfg),
		Budgets:        budgets.NewFromConfig(cfg),
		CloudWatch:     cloudwatch.NewFromConfig(cfg),
		Logs:           cloudwatchlogs.NewFromConfig(cfg, logsOptions),
		EC2:            ec2.NewFromConfig(cfg),
		ECR:            ecr.NewFromConfig(cfg),
		ECS:            ecs.NewFromConfig(cfg),
		EFS:            efs.NewFromConfig(cfg),
		ELB:            elasticloadbalancingv2.NewFromConfig(cfg),
		Events:         eventbridge.NewFromConfig(cfg),
		Groups:         autoscaling.NewFromConfig(cfg),
		IAM:            iam.NewFromConfig(cfg),
		Tagging:        resourcegroupstaggingapi.NewFromConfig(cfg),
		Route53:        route53.NewFromConfig(cfg),
		S3:             s3.NewFromConfig(cfg, s3Options),
		Scheduler:      scheduler.NewFromConfig(cfg),
		SecretsManager: secretsmanager.NewFromConfig(cfg),
		Discovery:      servicediscovery.NewFromConfig(cfg),
		Quotas:         servicequotas.NewFromConfig(cfg),
		SFN:            sfn.NewFromConfig(cfg),
		SNS:            sns.NewFromConfig(cfg),
		SSM:            ssm.NewFromConfig(cfg),
		XRay:           xray.NewFromConfig(cfg),
	}
}

// s3Options: an endpoint of one's own has its buckets in the path, whether it is
// named for all services or, by AWS_ENDPOINT_URL_S3 or in the profile, for S3 alone.
// An object that was written without a checksum is nothing to tell the user.
func s3Options(o *s3.Options) {
	o.UsePathStyle = o.BaseEndpoint != nil
	o.DisableLogOutputChecksumValidationSkipped = true
}

// logsOptions: an endpoint of one's own has no other host for what streams.
func logsOptions(o *cloudwatchlogs.Options) {
	if o.BaseEndpoint != nil {
		o.APIOptions = append(o.APIOptions, plainHost)
	}
}

// ECREndpoint is the endpoint of one's own that ECR is asked at; nil is AWS's.
func ECREndpoint(cfg aws.Config) *string { return ecr.NewFromConfig(cfg).Options().BaseEndpoint }

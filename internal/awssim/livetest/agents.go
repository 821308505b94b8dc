package livetest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

const (
	trust     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	execution = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:*","logs:*","secretsmanager:GetSecretValue"],"Resource":"*"}]}`
	// A task role as a module grows it: two rights that agents.yaml can say, and one that has
	// a condition.
	task = `{"Version":"2012-10-17","Statement":[
  {"Sid":"Models","Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream"],"Resource":"arn:aws:bedrock:us-east-1::foundation-model/*"},
  {"Sid":"Ledger","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":["arn:aws:dynamodb:us-east-1:123456789012:table/ledger","arn:aws:dynamodb:us-east-1:123456789012:table/ledger/index/*"]},
  {"Sid":"Outbox","Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:outbox","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`
	registry = awssim.DefaultAccount + ".dkr.ecr." + Region + ".amazonaws.com/"
)

// roles is one pair for all agents.
func (f *Fleet) roles(ctx context.Context) error {
	for name, arn := range map[string]*string{"execution": &f.ids.execution, "task": &f.ids.task} {
		role := Cluster + "-ecs-" + name + "-20250611083000000000000002"
		out, err := f.clients.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: aws.String(trust), Description: aws.String("Managed by Terraform")})
		if err != nil {
			return err
		}
		*arn = aws.ToString(out.Role.Arn)
		if err := f.clock.Wait(ctx, 30*time.Second); err != nil { // until it is known everywhere
			return err
		}
		if err := f.grant(ctx, role, name); err != nil {
			return err
		}
	}
	return nil
}

// grant gives a role its rights: ECS's, or those of the agents.
func (f *Fleet) grant(ctx context.Context, role, kind string) error {
	policy, document := "all", execution
	if kind == "task" {
		policy, document = "agents", task
		if _, err := f.clients.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")}); err != nil {
			return err
		}
	}
	_, err := f.clients.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: &policy, PolicyDocument: &document})
	return err
}

// platform is the secret, the images, the namespace and the cluster.
func (f *Fleet) platform(ctx context.Context) error {
	s, err := f.clients.SecretsManager.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("acme-keys"), SecretString: aws.String(`{"openai":"not-a-real-key"}`)})
	if err != nil {
		return err
	}
	f.ids.secret = aws.ToString(s.ARN)
	seed := awssim.Seed{Images: map[string]string{}}
	for _, a := range Agents() {
		seed.Images["acme/"+a.Name] = "v7"
	}
	if err := f.Sim.Seed(seed); err != nil {
		return err
	}
	operation, err := f.makeNamespace(ctx)
	if err != nil {
		return err
	}
	if err := f.clock.Wait(ctx, 30*time.Second); err != nil {
		return err
	}
	op, err := f.clients.Discovery.GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: operation})
	if err != nil {
		return err
	}
	got, err := f.clients.Discovery.GetNamespace(ctx, &servicediscovery.GetNamespaceInput{Id: aws.String(op.Operation.Targets["NAMESPACE"])})
	if err != nil {
		return err
	}
	f.ids.namespace = aws.ToString(got.Namespace.Arn)
	_, err = f.clients.ECS.CreateCluster(ctx, &ecs.CreateClusterInput{
		ClusterName: aws.String(Cluster), CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"}, Tags: ecsTags(Cluster),
		Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("disabled")}},
	})
	if err != nil {
		return err
	}
	return f.clock.Wait(ctx, 30*time.Second)
}

func (f *Fleet) makeNamespace(ctx context.Context) (operation *string, err error) {
	name, token := aws.String("acme.local"), aws.String("terraform-1")
	if f.shape.PrivateDNS {
		out, err := f.clients.Discovery.CreatePrivateDnsNamespace(ctx, &servicediscovery.CreatePrivateDnsNamespaceInput{Name: name, Vpc: &f.ids.vpc, CreatorRequestId: token})
		if err != nil {
			return nil, err
		}
		return out.OperationId, nil
	}
	out, err := f.clients.Discovery.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{Name: name, CreatorRequestId: token})
	if err != nil {
		return nil, err
	}
	return out.OperationId, nil
}

func ecsTags(name string) []types.Tag {
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	return []types.Tag{tag("Name", name), tag("ManagedBy", "Terraform"), tag("Team", "agents")}
}

// agents are the services with all of their own.
func (f *Fleet) agents(ctx context.Context) error {
	for i, a := range Agents() {
		group := "/ecs/" + Cluster + "/" + a.Name
		if _, err := f.clients.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group, Tags: map[string]string{"ManagedBy": "Terraform"}}); err != nil {
			return err
		}
		if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
			return err
		}
		if _, err := f.clients.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(7)}); err != nil {
			return err
		}
		target, err := f.target(ctx, a, int32(100+10*i)) //nolint:gosec // a few agents
		if err != nil {
			return err
		}
		if err := f.service(ctx, a, group, target); err != nil {
			return err
		}
		if err := f.watch(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) service(ctx context.Context, a Agent, group, target string) error {
	port := int32(a.Port) //nolint:gosec // a port
	containers, volumes := f.beside(a, []types.ContainerDefinition{f.container(a, group)})
	d, err := f.clients.ECS.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(Cluster + "-" + a.Name), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: aws.String("256"), Memory: aws.String("512"), ExecutionRoleArn: &f.ids.execution, TaskRoleArn: &f.ids.task, Tags: ecsTags(a.Name),
		ContainerDefinitions: containers, Volumes: volumes,
	})
	if err != nil {
		return err
	}
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
		return err
	}
	name := Cluster + "-" + a.Name
	_, err = f.clients.ECS.CreateService(ctx, &ecs.CreateServiceInput{
		ServiceName: &name, Cluster: aws.String(Cluster), TaskDefinition: d.TaskDefinition.TaskDefinitionArn, DesiredCount: aws.Int32(1), Tags: ecsTags(name),
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 100}, {CapacityProvider: aws.String("FARGATE"), Weight: 1}},
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: f.ids.private, SecurityGroups: []string{f.ids.tasks}, AssignPublicIp: types.AssignPublicIpDisabled,
		}},
		LoadBalancers:                 []types.LoadBalancer{{TargetGroupArn: &target, ContainerName: &a.Name, ContainerPort: &port}},
		HealthCheckGracePeriodSeconds: aws.Int32(60),
		ServiceConnectConfiguration: &types.ServiceConnectConfiguration{Enabled: true, Namespace: &f.ids.namespace, Services: []types.ServiceConnectService{{
			PortName: &a.Name, ClientAliases: []types.ServiceConnectClientAlias{{DnsName: &a.Name, Port: &port}},
		}}},
	})
	return err
}

// container is an agent's own.
func (f *Fleet) container(a Agent, group string) types.ContainerDefinition {
	port := int32(a.Port) //nolint:gosec // a port
	return types.ContainerDefinition{
		Name: aws.String(a.Name), Image: aws.String(registry + "acme/" + a.Name + ":v7"), Essential: aws.Bool(true),
		PortMappings: []types.PortMapping{{ContainerPort: &port, Name: aws.String(a.Name), Protocol: types.TransportProtocolTcp, AppProtocol: types.ApplicationProtocolHttp}},
		Environment:  []types.KeyValuePair{{Name: aws.String("ENVIRONMENT"), Value: aws.String("prod")}, {Name: aws.String("PORT"), Value: aws.String(strconv.Itoa(a.Port))}},
		Secrets:      []types.Secret{{Name: aws.String("OPENAI_API_KEY"), ValueFrom: aws.String(f.ids.secret + ":openai::")}},
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": group, "awslogs-region": Region, "awslogs-stream-prefix": "ecs",
		}},
	}
}

// watch is what scales an agent, and the alarm on its processor.
func (f *Fleet) watch(ctx context.Context, a Agent) error {
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
		return err
	}
	id := fmt.Sprintf("service/%s/%s-%s", Cluster, Cluster, a.Name)
	_, err := f.clients.AutoScaling.RegisterScalableTarget(ctx, &aas.RegisterScalableTargetInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount, ResourceId: &id,
		MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(3),
	})
	if err != nil {
		return err
	}
	_, err = f.clients.AutoScaling.PutScalingPolicy(ctx, &aas.PutScalingPolicyInput{
		PolicyName: aws.String(Cluster + "-" + a.Name + "-cpu-autoscaling"), PolicyType: scalingtypes.PolicyTypeTargetTrackingScaling, ResourceId: &id,
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		TargetTrackingScalingPolicyConfiguration: &scalingtypes.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(75), ScaleInCooldown: aws.Int32(300), ScaleOutCooldown: aws.Int32(60),
			PredefinedMetricSpecification: &scalingtypes.PredefinedMetricSpecification{PredefinedMetricType: scalingtypes.MetricTypeECSServiceAverageCPUUtilization},
		},
	})
	if err != nil {
		return err
	}
	_, err = f.clients.CloudWatch.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String(Cluster + "-" + a.Name + "-high-cpu"), Namespace: aws.String("AWS/ECS"), MetricName: aws.String("CPUUtilization"), Statistic: watchtypes.StatisticAverage,
		ComparisonOperator: watchtypes.ComparisonOperatorGreaterThanThreshold, Threshold: aws.Float64(85), Period: aws.Int32(300), EvaluationPeriods: aws.Int32(2),
		Dimensions: []watchtypes.Dimension{{Name: aws.String("ClusterName"), Value: aws.String(Cluster)}, {Name: aws.String("ServiceName"), Value: aws.String(Cluster + "-" + a.Name)}},
	})
	return err
}

package awssim

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	aastypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const trustsTasks = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// account is a simulated account and clients of it.
func account(t *testing.T) (*Sim, *cloud.Clients) {
	t.Helper()
	s, err := New(Options{Clock: engine.RealClock{}})
	if err != nil {
		t.Fatal(err)
	}
	return s, cloud.NewClients(s.Config())
}

func TestIAMRefusesWhatAWSRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := account(t)
		ctx := context.Background()
		create := func(name, trust string) error {
			_, err := c.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
			return err
		}
		if err := create("validator", trustsTasks); err != nil {
			t.Fatal(err)
		}
		refused(t, "a name that differs in case only", create("Validator", trustsTasks), "EntityAlreadyExists")
		refused(t, "65 characters", create(fmt.Sprintf("%065d", 0), trustsTasks), "ValidationError")
		refused(t, "a trust without a principal", create("other", `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}`), "MalformedPolicyDocument")

		arn := "arn:aws:iam::123456789012:role/validator"
		if s.assumable(arn) {
			t.Error("a role made this moment can be assumed")
		}
		time.Sleep(rolePropagation)
		if !s.assumable(arn) {
			t.Error("a role made ten seconds ago cannot be assumed")
		}

		for document, code := range map[string]string{
			`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`:       "",
			`{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}`: "",
			`{"Statement":[{"Effect":"Deny","Action":"iam:*","NotResource":"*"}]}`:  "",
			`{"Statement":[{"Effect":"Allow","Resource":"*"}]}`:                     "MalformedPolicyDocument",
			`{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`:                    "MalformedPolicyDocument",
			`{"Statement":[]}`: "MalformedPolicyDocument", `{"Statement":{}}`: "MalformedPolicyDocument", `{}`: "MalformedPolicyDocument", `[`: "MalformedPolicyDocument",
		} {
			_, err := c.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("validator"), PolicyName: aws.String("p"), PolicyDocument: &document})
			if code == "" && err != nil {
				t.Errorf("%s: %v", document, err)
			} else if code != "" {
				refused(t, document, err, code)
			}
		}
		_, err := c.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("validator"), PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("validator")})
		refused(t, "deleting a role that has a policy", err, "DeleteConflict")

		link := func() error {
			_, err := c.IAM.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("ecs.amazonaws.com")})
			return err
		}
		if err := link(); err != nil {
			t.Fatal(err)
		}
		refused(t, "a service-linked role that is there", link(), "InvalidInput")
	})
}

func TestAClusterOfTheSameNameKeepsItsSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := account(t)
		ctx := context.Background()
		must[*ecs.CreateClusterOutput](t)(c.ECS.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("x"), CapacityProviders: []string{"FARGATE"}}))
		out := must[*ecs.CreateClusterOutput](t)(c.ECS.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("x"), CapacityProviders: []string{"FARGATE_SPOT"}}))
		if got := out.Cluster.CapacityProviders; len(got) != 1 || got[0] != "FARGATE" {
			t.Errorf("the second create changed the providers to %v", got)
		}
		put := func() error {
			_, err := c.ECS.PutClusterCapacityProviders(ctx, &ecs.PutClusterCapacityProvidersInput{
				Cluster: aws.String("x"), CapacityProviders: []string{"FARGATE_SPOT"}, DefaultCapacityProviderStrategy: []ecstypes.CapacityProviderStrategyItem{},
			})
			return err
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		refused(t, "a change while one is under way", put(), "UpdateInProgressException")
		_, err := c.ECS.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: aws.String("x")})
		refused(t, "deleting while a change is under way", err, "UpdateInProgressException")
	})
}

func TestTheRegistryKeepsImagesUnlessForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := account(t)
		ctx := context.Background()
		name := aws.String("karmacadabra/validator")
		must[*ecr.CreateRepositoryOutput](t)(c.ECR.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: name}))
		_, err := c.ECR.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: name})
		refused(t, "the same name again", err, "RepositoryAlreadyExistsException")
		_, err = c.ECR.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("Upper")})
		refused(t, "a capital letter", err, "InvalidParameterException")
		_, err = c.ECR.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{RepositoryName: name, LifecyclePolicyText: aws.String(
			`{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}},
			{"rulePriority":2,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}`)})
		refused(t, "a rule for any image that is not the last", err, "InvalidParameterException")
		if err := s.Edit(func(w *World) {
			w.Repositories[*name].Images["sha256:1"] = &RepositoryImage{Digest: "sha256:1", Tags: []string{"v1"}}
		}); err != nil {
			t.Fatal(err)
		}
		_, err = c.ECR.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: name})
		refused(t, "deleting a repository with images", err, "RepositoryNotEmptyException")
		must[*ecr.DeleteRepositoryOutput](t)(c.ECR.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: name, Force: true}))
	})
}

func TestATopicRefusesOtherTagsUnderTheSameName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := account(t)
		ctx := context.Background()
		create := func(v string) error {
			_, err := c.SNS.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("x"), Tags: []snstypes.Tag{{Key: aws.String("k"), Value: &v}}})
			return err
		}
		if err := create("1"); err != nil {
			t.Fatal(err)
		}
		if err := create("1"); err != nil {
			t.Errorf("the same topic again: %v", err)
		}
		refused(t, "other tags", create("2"), "InvalidParameter")
	})
}

func TestSchedulesAreReadAsAWSReadsThem(t *testing.T) {
	for _, text := range []string{"cron(0 18 * * MON-FRI *)", "cron(0 18 ? * MON-FRI)", "cron(61 * * * ? *)", "cron(0 9 ? * ? *)", "rate(1 hours)", "rate(2 hour)", "at(tomorrow)", "0 9 * * *"} {
		if _, err := parseSchedule(text, ""); !cloud.Is(err, "ValidationException") {
			t.Errorf("%s is taken: %v", text, err)
		}
	}
	if _, err := parseSchedule("rate(1 hour)", "America/Nowhere"); !cloud.Is(err, "ValidationException") {
		t.Errorf("an unknown zone is taken: %v", err)
	}
	from := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) // a Friday
	for _, c := range []struct {
		text, zone string
		now, want  time.Time
	}{
		{"cron(0 18 ? * MON-FRI *)", "America/New_York", from.Add(12 * time.Hour), time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)},
		{"cron(0/15 9-17 ? * 2-6 *)", "", from.Add(20 * time.Minute), from.Add(15 * time.Minute)},
		{"cron(30 6 L * ? *)", "", from.AddDate(0, 0, 11), time.Date(2026, 11, 30, 6, 30, 0, 0, time.UTC)},
		{"rate(5 minutes)", "", from.Add(12 * time.Minute), from.Add(10 * time.Minute)},
		{"at(2026-11-20T14:00:00)", "", from.Add(3 * time.Hour), from.Add(2 * time.Hour)},
	} {
		s, err := parseSchedule(c.text, c.zone)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if at, ok := s.last(from, c.now); !ok || !at.Equal(c.want) {
			t.Errorf("%s in %q was last due at %s (%v), want %s", c.text, c.zone, at, ok, c.want)
		}
	}
}

func TestAScheduleMovesTheBoundsAndTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := account(t)
		ctx := context.Background()
		id := aws.String("service/x/validator")
		register := &aas.RegisterScalableTargetInput{ServiceNamespace: aastypes.ServiceNamespaceEcs, ScalableDimension: aastypes.ScalableDimensionECSServiceDesiredCount, ResourceId: id, MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(3)}
		_, err := c.AutoScaling.RegisterScalableTarget(ctx, register)
		refused(t, "a service that is not there", err, "ValidationException")
		if err := s.Edit(func(w *World) {
			arn := s.serviceARN("x", "validator")
			w.Services[arn] = &Service{ARN: arn, Name: "validator", Cluster: "x", Status: "ACTIVE", Desired: 5, Deployments: []*Deployment{{ID: "d", RetryAt: time.Now().AddDate(1, 0, 0)}}}
		}); err != nil {
			t.Fatal(err)
		}
		must[*aas.RegisterScalableTargetOutput](t)(c.AutoScaling.RegisterScalableTarget(ctx, register))
		if n, _ := s.desired("x", "validator"); n != 3 {
			t.Errorf("registering left %d tasks, the bounds are 1 to 3", n)
		}
		must[*aas.PutScalingPolicyOutput](t)(c.AutoScaling.PutScalingPolicy(ctx, &aas.PutScalingPolicyInput{
			PolicyName: aws.String("cpu"), PolicyType: aastypes.PolicyTypeTargetTrackingScaling, ServiceNamespace: register.ServiceNamespace, ScalableDimension: register.ScalableDimension, ResourceId: id,
			TargetTrackingScalingPolicyConfiguration: &aastypes.TargetTrackingScalingPolicyConfiguration{
				TargetValue:                   aws.Float64(75),
				PredefinedMetricSpecification: &aastypes.PredefinedMetricSpecification{PredefinedMetricType: aastypes.MetricTypeECSServiceAverageCPUUtilization},
			},
		}))
		alarms := func() int {
			return len(must[*cloudwatch.DescribeAlarmsOutput](t)(c.CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("TargetTracking-")})).MetricAlarms)
		}
		if n := alarms(); n != 2 {
			t.Errorf("target tracking made %d alarms, AWS makes 2", n)
		}
		must[*aas.PutScheduledActionOutput](t)(c.AutoScaling.PutScheduledAction(ctx, &aas.PutScheduledActionInput{
			ServiceNamespace: register.ServiceNamespace, ScalableDimension: register.ScalableDimension, ResourceId: id, ScheduledActionName: aws.String("sleep"),
			Schedule: aws.String("rate(1 hour)"), ScalableTargetAction: &aastypes.ScalableTargetAction{MinCapacity: aws.Int32(0), MaxCapacity: aws.Int32(0)},
		}))
		time.Sleep(61 * time.Minute)
		out := must[*aas.DescribeScalableTargetsOutput](t)(c.AutoScaling.DescribeScalableTargets(ctx, &aas.DescribeScalableTargetsInput{ServiceNamespace: register.ServiceNamespace}))
		if got := aws.ToInt32(out.ScalableTargets[0].MaxCapacity); got != 0 {
			t.Errorf("after the schedule fired the most is %d, want 0", got)
		}
		if n, _ := s.desired("x", "validator"); n != 0 {
			t.Errorf("after the schedule fired %d tasks are wanted, want 0", n)
		}
		must[*aas.DeregisterScalableTargetOutput](t)(c.AutoScaling.DeregisterScalableTarget(ctx, &aas.DeregisterScalableTargetInput{ServiceNamespace: register.ServiceNamespace, ScalableDimension: register.ScalableDimension, ResourceId: id}))
		if n := alarms(); n != 0 {
			t.Errorf("%d alarms outlive their policy", n)
		}
	})
}

func TestALateEventIsNotInThePagesThatFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := account(t)
		ctx := context.Background()
		group := aws.String("/ecs/x/validator")
		must[*logs.CreateLogGroupOutput](t)(c.Logs.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: group}))
		began := time.Now()
		write := func(at time.Duration, text string) {
			if err := s.Write(*group, "agent/validator/1", began.Add(at), text); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 5 {
			write(time.Duration(i)*time.Second, fmt.Sprintf("line %d", i))
		}
		first := must[*logs.FilterLogEventsOutput](t)(c.Logs.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: group, Limit: aws.Int32(3)}))
		write(time.Second, "late ERROR")
		rest := must[*logs.FilterLogEventsOutput](t)(c.Logs.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: group, Limit: aws.Int32(3), NextToken: first.NextToken}))
		if len(first.Events) != 3 || len(rest.Events) != 2 || rest.NextToken != nil {
			t.Errorf("pages of %d and %d events, want 3 and 2", len(first.Events), len(rest.Events))
		}
		all := must[*logs.FilterLogEventsOutput](t)(c.Logs.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("?ERROR ?panic")}))
		if len(all.Events) != 1 || aws.ToString(all.Events[0].Message) != "late ERROR" {
			t.Errorf("the pattern finds %d events, want the late one", len(all.Events))
		}
		tail := must[*logs.GetLogEventsOutput](t)(c.Logs.GetLogEvents(ctx, &logs.GetLogEventsInput{LogGroupName: group, LogStreamName: aws.String("agent/validator/1"), Limit: aws.Int32(2)}))
		if len(tail.Events) != 2 || aws.ToString(tail.Events[1].Message) != "line 4" {
			t.Errorf("the tail is %d events", len(tail.Events))
		}
		again := must[*logs.GetLogEventsOutput](t)(c.Logs.GetLogEvents(ctx, &logs.GetLogEventsInput{LogGroupName: group, LogStreamName: aws.String("agent/validator/1"), NextToken: tail.NextForwardToken}))
		if len(again.Events) != 0 || *again.NextForwardToken != *tail.NextForwardToken {
			t.Error("at the end the same token comes back")
		}
	})
}

func TestTheWorldIsPlainData(t *testing.T) {
	w := newWorld("123456789012", "us-east-1")
	w.Alarms["a"] = &Alarm{Tags: cloud.Tags{"k": "v"}}
	w.SamplingRules["r"] = &SamplingRule{}
	b, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, newWorld("", "")); err != nil {
		t.Fatal(err)
	}
}

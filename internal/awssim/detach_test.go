package awssim

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A reply is as it was when it was given, and a request is the caller's again
// once it is answered, as over a wire.
func TestCallerAndWorldShareNoMemory(t *testing.T) {
	b, ctx := newECSBench(t), context.Background()
	in := b.serviceInput("image")
	in.DeploymentConfiguration = &types.DeploymentConfiguration{MaximumPercent: aws.Int32(200), MinimumHealthyPercent: aws.Int32(100)}
	if _, err := b.api.CreateService(ctx, in); err != nil {
		t.Fatal(err)
	}
	in.NetworkConfiguration.AwsvpcConfiguration.Subnets[0] = "another"
	describe := func() *types.Service {
		out, err := b.api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("c"), Services: []string{"s"}})
		if err != nil {
			t.Fatal(err)
		}
		return &out.Services[0]
	}
	was := describe()
	if got := was.NetworkConfiguration.AwsvpcConfiguration.Subnets[0]; got != "subnet-1" {
		t.Errorf("the service is in %s after its request was changed, want subnet-1", got)
	}
	_, err := b.api.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: aws.String("c"), Service: aws.String("s"),
		DeploymentConfiguration: &types.DeploymentConfiguration{MaximumPercent: aws.Int32(150), MinimumHealthyPercent: aws.Int32(50)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := *was.DeploymentConfiguration.MaximumPercent; got != 200 {
		t.Errorf("the earlier reply says %d %% now, want the 200 %% that it said", got)
	}
	was.DeploymentConfiguration.MaximumPercent = aws.Int32(1)
	if got := *describe().DeploymentConfiguration.MaximumPercent; got != 150 {
		t.Errorf("a caller changed the world by its reply: %d %%, want 150 %%", got)
	}
}

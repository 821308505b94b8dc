package awssim

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestATargetGroupIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		e := newEdge(t)
		e.group("validator")
		for name, c := range map[string]struct {
			change func(*elb.CreateTargetGroupInput)
			code   string
		}{
			"33 characters":         {func(in *elb.CreateTargetGroupInput) { in.Name = aws.String("karmacadabra-prod-skill-extractor") }, "ValidationError"},
			"ends in a hyphen":      {func(in *elb.CreateTargetGroupInput) { in.Name = aws.String("a-") }, "ValidationError"},
			"another port":          {func(in *elb.CreateTargetGroupInput) { in.Port = aws.Int32(9002) }, "DuplicateTargetGroupName"},
			"an interval of 4 s":    {func(in *elb.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = aws.Int32(4) }, "ValidationError"},
			"a timeout as interval": {func(in *elb.CreateTargetGroupInput) { in.HealthCheckTimeoutSeconds = aws.Int32(5) }, "ValidationError"},
			"checked on no port":    {func(in *elb.CreateTargetGroupInput) { in.HealthCheckPort = aws.String("http") }, "ValidationError"},
			"checked by TCP":        {func(in *elb.CreateTargetGroupInput) { in.HealthCheckProtocol = types.ProtocolEnumTcp }, "ValidationError"},
			"checked elsewhere":     {func(in *elb.CreateTargetGroupInput) { in.HealthCheckPort = aws.String("8080") }, "DuplicateTargetGroupName"},
			"another VPC": {func(in *elb.CreateTargetGroupInput) {
				in.Name, in.VpcId = aws.String("other"), aws.String("vpc-2")
			}, "ValidationError"},
		} {
			in := groupInput("validator")
			c.change(in)
			_, err := e.elb.CreateTargetGroup(ctx, in)
			refused(t, name, err, c.code)
		}
		if e.group("validator"); len(e.world.TargetGroups) != 1 {
			t.Error("the same create twice makes two target groups")
		}
	})
}

package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

type zonesAPI interface {
	DescribeAvailabilityZones(context.Context, *ec2.DescribeAvailabilityZonesInput, ...func(*ec2.Options)) (*ec2.DescribeAvailabilityZonesOutput, error)
}

// availabilityZones are the zones that a stack spreads over: those named, once
// it is sure that the region has them, or else the region's first n.
func availabilityZones(ctx context.Context, api zonesAPI, n int, names []string) ([]string, error) {
	out, err := api.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []types.Filter{
		{Name: aws.String("zone-type"), Values: []string{"availability-zone"}},
		{Name: aws.String("state"), Values: []string{"available"}},
	}})
	if err != nil {
		return nil, fmt.Errorf("the availability zones of the region cannot be listed: %w", err)
	}
	var have []string
	for _, z := range out.AvailabilityZones {
		have = append(have, aws.ToString(z.ZoneName))
	}
	slices.Sort(have)
	for _, name := range names {
		if !slices.Contains(have, name) {
			return nil, fmt.Errorf("there is no availability zone %s here: the region has %s", name, strings.Join(have, ", "))
		}
	}
	if len(names) > 0 {
		return slices.Sorted(slices.Values(names)), nil
	}
	if len(have) < n {
		return nil, fmt.Errorf("the stack needs %d availability zones: the region has only %s", n, strings.Join(have, ", "))
	}
	return have[:n], nil
}

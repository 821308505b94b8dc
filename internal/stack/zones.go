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

// withoutFargate are zones in which Fargate runs no tasks. Which letter a zone has
// differs by account, its id does not.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
var withoutFargate = []string{"apne1-az3", "usw1-az2"}

// chooseZones are the zones that a stack spreads over. The zones that it is in already
// stay, in their order, whatever has become of them: another zone would be another
// stack. To them come those named, or the first available ones that run tasks, up
// to n.
func chooseZones(ctx context.Context, api *ec2.Client, n int, names, inUse []string) ([]string, error) {
	zones := slices.Clone(inUse)
	if len(names) > 0 {
		n = len(names)
		zones = slices.DeleteFunc(zones, func(z string) bool { return !slices.Contains(names, z) })
	}
	if len(zones) >= n {
		return zones[:n], nil
	}
	have, without, err := availableZones(ctx, api)
	if err != nil {
		return nil, err
	}
	wanted := have
	if len(names) > 0 {
		wanted = slices.Sorted(slices.Values(names))
	}
	// A first up that was interrupted has subnets in some zones only. What it would have
	// gone on with keeps each zone at the block that was cut for it.
	fresh, err := fillZones(nil, n, wanted, have, without)
	others := func(z string) bool { return !slices.Contains(fresh, z) }
	if err == nil && !slices.ContainsFunc(zones, others) {
		return fresh, nil
	}
	return fillZones(zones, n, wanted, have, without)
}

// fillZones adds zones in which tasks can be started until there are n.
func fillZones(zones []string, n int, wanted, have []string, without map[string]string) ([]string, error) {
	for _, z := range wanted {
		switch {
		case slices.Contains(zones, z) || len(zones) == n:
		case slices.Contains(have, z):
			zones = append(zones, z)
		case without[z] != "":
			return nil, fmt.Errorf("zone %s is %s, where Fargate runs no tasks: network.azs can have %s", z, without[z], strings.Join(have, ", "))
		default:
			return nil, fmt.Errorf("there is no availability zone %s here: the region has %s", z, strings.Join(have, ", "))
		}
	}
	if len(zones) < n {
		return nil, fmt.Errorf("the stack needs %d availability zones: the region has only %s", n, strings.Join(have, ", "))
	}
	return zones, nil
}

// availableZones are the region's in which tasks can be started, in order, and the
// ids of those without Fargate by name.
func availableZones(ctx context.Context, api *ec2.Client) (have []string, without map[string]string, err error) {
	out, err := api.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []types.Filter{
		{Name: aws.String("zone-type"), Values: []string{"availability-zone"}},
		{Name: aws.String("state"), Values: []string{"available"}},
	}})
	if err != nil {
		return nil, nil, fmt.Errorf("the availability zones of the region cannot be listed: %w", err)
	}
	without = map[string]string{}
	for _, z := range out.AvailabilityZones {
		if id := aws.ToString(z.ZoneId); slices.Contains(withoutFargate, id) {
			without[aws.ToString(z.ZoneName)] = id
		} else {
			have = append(have, aws.ToString(z.ZoneName))
		}
	}
	slices.Sort(have)
	return have, without, nil
}

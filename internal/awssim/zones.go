package awssim

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (s *Sim) zoneOperations() []operation {
	return []operation{
		on("EC2.DescribeAvailabilityZones", s.describeAvailabilityZones, "ZoneNames", "Filters"),
	}
}

// zones are the region's: six in us-east-1, three elsewhere.
func (s *Sim) zones() []string {
	letters := "abc"
	if s.world.Region == "us-east-1" {
		letters = "abcdef"
	}
	var out []string
	for _, l := range letters {
		out = append(out, s.world.Region+string(l))
	}
	return out
}

func (s *Sim) describeAvailabilityZones(in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	zones := map[string]string{}
	for _, z := range s.zones() {
		zones[z] = z
	}
	for _, name := range in.ZoneNames {
		if zones[name] == "" {
			return nil, fail("InvalidParameterValue", "Invalid availability zone: [%s]", name)
		}
	}
	out := &ec2.DescribeAvailabilityZonesOutput{}
	for _, z := range sorted(zones) {
		ok, err := ec2Filters(in.Filters, nil, map[string]string{
			"state": "available", "zone-type": "availability-zone", "zone-name": z, "region-name": s.world.Region, "opt-in-status": "opt-in-not-required",
		})
		if err != nil {
			return nil, err
		}
		if ok && wanted(in.ZoneNames, z) {
			out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
				ZoneName: aws.String(z), RegionName: &s.world.Region, State: types.AvailabilityZoneStateAvailable,
				ZoneType: aws.String("availability-zone"), OptInStatus: types.AvailabilityZoneOptInStatusOptInNotRequired,
			})
		}
	}
	return out, nil
}

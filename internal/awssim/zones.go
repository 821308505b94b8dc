package awssim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (s *Sim) zoneNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.DescribeAvailabilityZones", s.describeAvailabilityZones, "ZoneNames", "Filters"),
			on("EC2.DescribeRegions", s.describeRegions),
		},
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

// zoneID is use1-az1 for us-east-1a, unless the account has it otherwise.
func (s *Sim) zoneID(name string) string {
	if id := s.world.ZoneIDs[name]; id != "" {
		return id
	}
	area, rest, _ := strings.Cut(s.world.Region, "-")
	side, number, _ := strings.Cut(rest, "-")
	short := strings.NewReplacer("north", "n", "south", "s", "east", "e", "west", "w", "central", "c").Replace(side)
	return fmt.Sprintf("%s%s%s-az%d", area, short, number, name[len(name)-1]-'a'+1)
}

func (s *Sim) zoneState(name string) types.AvailabilityZoneState {
	if slices.Contains(s.world.ImpairedZones, name) {
		return types.AvailabilityZoneStateImpaired
	}
	return types.AvailabilityZoneStateAvailable
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
			"state": string(s.zoneState(z)), "zone-id": s.zoneID(z), "zone-type": "availability-zone", "zone-name": z, "region-name": s.world.Region, "opt-in-status": "opt-in-not-required",
		})
		if err != nil {
			return nil, err
		}
		if ok && wanted(in.ZoneNames, z) {
			out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
				ZoneName: aws.String(z), ZoneId: aws.String(s.zoneID(z)), RegionName: &s.world.Region, State: s.zoneState(z),
				ZoneType: aws.String("availability-zone"), OptInStatus: types.AvailabilityZoneOptInStatusOptInNotRequired,
				GroupName: aws.String(s.world.Region + "-zg-1"), NetworkBorderGroup: &s.world.Region,
			})
		}
	}
	return out, nil
}

// describeRegions tells of the regions that are enabled: the ones in which the simulated account
// was opened. Without AllRegions AWS names no others:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
func (s *Sim) describeRegions(*ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
	out := &ec2.DescribeRegionsOutput{}
	for _, name := range slices.Sorted(slices.Values(append([]string{s.world.Region}, s.elsewhere...))) {
		out.Regions = append(out.Regions, types.Region{
			RegionName: aws.String(name), Endpoint: aws.String("ec2." + name + ".amazonaws.com"), OptInStatus: aws.String("opt-in-not-required"),
		})
	}
	return out, nil
}

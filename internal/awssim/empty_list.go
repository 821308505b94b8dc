package awssim

import (
	"reflect"

	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	metrics "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatch "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	ec2api "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2 "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbapi "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// emptyLists are the lists of answers that AWS sends when there is nothing in them,
// and does not leave out, as recorded.json has it. The list that a listing is for is
// one, too.
var emptyLists = map[reflect.Type][]string{
	reflect.TypeFor[acmtypes.CertificateDetail](): {"ExtendedKeyUsages", "InUseBy", "KeyUsages"},
	reflect.TypeFor[cloudwatch.MetricAlarm]():     {"AlarmActions", "Dimensions", "InsufficientDataActions", "OKActions"},

	reflect.TypeFor[ec2api.DescribeAddressesOutput]():         {"Addresses"},
	reflect.TypeFor[ec2api.DescribeAvailabilityZonesOutput](): {"AvailabilityZones"},
	reflect.TypeFor[route53.ListResourceRecordSetsOutput]():   {"ResourceRecordSets"},
	reflect.TypeFor[ec2.AvailabilityZone]():                   {"Messages"},
	reflect.TypeFor[ec2.InternetGateway]():                    {"Attachments", "Tags"},
	reflect.TypeFor[ec2.IpPermission]():                       {"IpRanges", "PrefixListIds", "UserIdGroupPairs"},
	reflect.TypeFor[ec2.NetworkInterface]():                   {"Groups", "Ipv6Addresses", "PrivateIpAddresses", "TagSet"},
	reflect.TypeFor[ec2.RouteTable]():                         {"Associations", "PropagatingVgws", "Routes"},
	reflect.TypeFor[ec2.SecurityGroup]():                      {"IpPermissions", "IpPermissionsEgress"},
	reflect.TypeFor[ec2.VpcEndpoint]():                        {"DnsEntries", "Groups", "NetworkInterfaceIds", "RouteTableIds", "SubnetIds"},
	reflect.TypeFor[ecs.DescribeClustersOutput]():             {"Clusters", "Failures"},
	reflect.TypeFor[ecs.DescribeServicesOutput]():             {"Failures", "Services"},
	reflect.TypeFor[ecs.DescribeTasksOutput]():                {"Failures", "Tasks"},

	reflect.TypeFor[ecstypes.Cluster]():             {"Statistics"},
	reflect.TypeFor[ecstypes.ContainerDefinition](): {"Environment", "MountPoints", "PortMappings", "VolumesFrom"},
	reflect.TypeFor[ecstypes.Container]():           {"NetworkInterfaces"},
	reflect.TypeFor[ecstypes.Service]():             {"Events", "LoadBalancers", "PlacementConstraints", "PlacementStrategy"},
	reflect.TypeFor[ecstypes.Task]():                {"Attachments", "Containers"},
	reflect.TypeFor[ecstypes.TaskDefinition]():      {"Volumes"},
	reflect.TypeFor[ecstypes.TaskOverride]():        {"ContainerOverrides"},

	reflect.TypeFor[metrics.GetMetricDataOutput](): {"Messages"},
	reflect.TypeFor[cloudwatch.MetricDataResult](): {"Timestamps", "Values"},
	reflect.TypeFor[logs.FilterLogEventsOutput]():  {"Events", "SearchedLogStreams"},
	reflect.TypeFor[logs.GetLogEventsOutput]():     {"Events"},

	reflect.TypeFor[elbapi.DescribeTargetHealthOutput](): {"TargetHealthDescriptions"},
	reflect.TypeFor[elb.TagDescription]():                {"Tags"},
	reflect.TypeFor[elb.TargetGroup]():                   {"LoadBalancerArns"},
}

// sendEmptyLists puts the empty lists into an answer that nothing else points to.
func (c copier) sendEmptyLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.sendEmptyLists(v.Elem())
		}
	case reflect.Slice:
		if !c.shares(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			c.sendEmptyLists(v.Index(i))
		}
	case reflect.Struct:
		for _, name := range emptyLists[v.Type()] {
			if f := v.FieldByName(name); f.IsNil() {
				f.Set(reflect.MakeSlice(f.Type(), 0, 0))
			}
		}
		for _, i := range c.fields(v.Type()) {
			c.sendEmptyLists(v.Field(i))
		}
	}
}

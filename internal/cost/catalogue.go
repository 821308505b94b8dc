package cost

import (
	"maps"
	"slices"
	"strings"
)

// Item names one price that a stack may need, whatever AWS calls it.
type Item string

// The items. Prices are per the unit that AWS's own file says.
const (
	FargateVCPU     Item = "fargate_vcpu_hour"
	FargateGB       Item = "fargate_gb_hour"
	FargateARMVCPU  Item = "fargate_arm_vcpu_hour"
	FargateARMGB    Item = "fargate_arm_gb_hour"
	SpotVCPU        Item = "fargate_spot_vcpu_hour"
	SpotGB          Item = "fargate_spot_gb_hour"
	SpotARMVCPU     Item = "fargate_spot_arm_vcpu_hour"
	SpotARMGB       Item = "fargate_spot_arm_gb_hour"
	FargateStorage  Item = "fargate_storage_gb_hour"
	LoadBalancer    Item = "load_balancer_hour"
	LoadBalancerLCU Item = "load_balancer_lcu_hour"
	NATHour         Item = "nat_gateway_hour"
	NATGB           Item = "nat_gateway_gb"
	NATNano         Item = "t4g_nano_hour"
	NATMicro        Item = "t4g_micro_hour"
	NATSmall        Item = "t4g_small_hour"
	VolumeGB        Item = "gp3_gb_month"
	EndpointHour    Item = "vpc_endpoint_hour"
	EndpointGB      Item = "vpc_endpoint_gb"
	AddressInUse    Item = "public_ipv4_in_use_hour"
	AddressIdle     Item = "public_ipv4_idle_hour"
	LogsIngested    Item = "logs_ingested_gb"
	LogsStored      Item = "logs_stored_gb_month"
	Metric          Item = "custom_metric_month"
	InsightsMetric  Item = "enhanced_insights_metric_month"
	AlarmMonth      Item = "alarm_month"
	DashboardMonth  Item = "dashboard_month"
	ImagesStored    Item = "images_stored_gb_month"
	FilesStored     Item = "efs_standard_gb_month"
	SecretMonth     Item = "secret_month"
	TracesStored    Item = "trace_stored"
	Transition      Item = "state_transition"
	StateStored     Item = "s3_stored_gb_month"
	StatePut        Item = "s3_put_request"
	StateGet        Item = "s3_get_request"
	EgressGB        Item = "internet_egress_gb"
	CrossAZGB       Item = "cross_az_gb"
	ExplorerRequest Item = "cost_explorer_request"
)

// source is where AWS publishes a price.
type source int

const (
	fromList source = iota // the price list: bulk files and GetProducts
	fromSpot               // the feed behind the Fargate page
	fromPage               // a web page only
)

// entry says how an item is found in what AWS publishes.
type entry struct {
	item Item
	from source
	// service and family are the offer and the product family; AWS gives some
	// products (public addresses) no family.
	service, family string
	// usage is the exact usage type without the region's prefix. us-east-1 has
	// a prefix for some services and none for others, so both are accepted;
	// a substring is not: RegionalNatGateway-Hours contains NatGateway-Hours.
	usage string
	// attribute, value: one more attribute that tells products of one usage
	// type apart.
	attribute, value string
	// global rows carry no region.
	global bool
	// spot is the unit in the feed.
	spot string
}

// catalogue is every item. Names of services, families and usage types are
// AWS's own (price list of 2026-09-11).
var catalogue = []entry{
	{item: FargateVCPU, service: "AmazonECS", family: "Compute", usage: "Fargate-vCPU-Hours:perCPU"},
	{item: FargateGB, service: "AmazonECS", family: "Compute", usage: "Fargate-GB-Hours"},
	{item: FargateARMVCPU, service: "AmazonECS", family: "Compute", usage: "Fargate-ARM-vCPU-Hours:perCPU"},
	{item: FargateARMGB, service: "AmazonECS", family: "Compute", usage: "Fargate-ARM-GB-Hours"},
	{item: FargateStorage, service: "AmazonECS", family: "Compute", usage: "Fargate-EphemeralStorage-GB-Hours"},
	{item: SpotVCPU, from: fromSpot, spot: "vCPU-Hours"},
	{item: SpotGB, from: fromSpot, spot: "GB-Hours"},
	{item: SpotARMVCPU, from: fromSpot, spot: "ARM-vCPU-Hours"},
	{item: SpotARMGB, from: fromSpot, spot: "ARM-GB-Hours"},
	{item: LoadBalancer, service: "AWSELB", family: "Load Balancer-Application", usage: "LoadBalancerUsage"},
	{item: LoadBalancerLCU, service: "AWSELB", family: "Load Balancer-Application", usage: "LCUUsage"},
	{item: NATHour, service: "AmazonEC2", family: "NAT Gateway", usage: "NatGateway-Hours"},
	{item: NATGB, service: "AmazonEC2", family: "NAT Gateway", usage: "NatGateway-Bytes"},
	{item: NATNano, service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.nano", attribute: "operatingSystem", value: "Linux"},
	{item: NATMicro, service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.micro", attribute: "operatingSystem", value: "Linux"},
	{item: NATSmall, service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.small", attribute: "operatingSystem", value: "Linux"},
	{item: VolumeGB, service: "AmazonEC2", family: "Storage", usage: "EBS:VolumeUsage.gp3"},
	{item: EndpointHour, service: "AmazonVPC", family: "VpcEndpoint", usage: "VpcEndpoint-Hours"},
	{item: EndpointGB, service: "AmazonVPC", family: "VpcEndpoint", usage: "VpcEndpoint-Bytes"},
	{item: AddressInUse, service: "AmazonVPC", usage: "PublicIPv4:InUseAddress"},
	{item: AddressIdle, service: "AmazonVPC", usage: "PublicIPv4:IdleAddress"},
	{item: LogsIngested, service: "AmazonCloudWatch", family: "Data Payload", usage: "DataProcessing-Bytes"},
	{item: LogsStored, service: "AmazonCloudWatch", family: "Storage Snapshot", usage: "TimedStorage-ByteHrs"},
	{item: Metric, service: "AmazonCloudWatch", family: "Metric", usage: "CW:MetricMonitorUsage"},
	{item: InsightsMetric, service: "AmazonCloudWatch", family: "Metric", usage: "CW:MetricsUsage"},
	{item: AlarmMonth, service: "AmazonCloudWatch", family: "Alarm", usage: "CW:AlarmMonitorUsage", attribute: "alarmType", value: "Standard"},
	{item: DashboardMonth, service: "AmazonCloudWatch", family: "Dashboard", usage: "DashboardsUsageHour", global: true},
	{item: ImagesStored, service: "AmazonECR", family: "EC2 Container Registry", usage: "TimedStorage-ByteHrs"},
	{item: FilesStored, service: "AmazonEFS", family: "Storage", usage: "TimedStorage-ByteHrs"},
	{item: SecretMonth, service: "AWSSecretsManager", family: "Secret", usage: "AWSSecretsManager-Secrets"},
	{item: TracesStored, service: "AWSXRay", family: "DistributedTracing", usage: "XRay-TracesStored"},
	{item: Transition, service: "AmazonStates", family: "AWS Step Functions", usage: "StateTransition"},
	{item: StateStored, service: "AmazonS3", family: "Storage", usage: "TimedStorage-ByteHrs"},
	{item: StatePut, service: "AmazonS3", family: "API Request", usage: "Requests-Tier1"},
	{item: StateGet, service: "AmazonS3", family: "API Request", usage: "Requests-Tier2"},
	{item: EgressGB, service: "AWSDataTransfer", family: "Data Transfer", usage: "DataTransfer-Out-Bytes", attribute: "transferType", value: "AWS Outbound"},
	{item: CrossAZGB, service: "AWSDataTransfer", family: "Data Transfer", usage: "DataTransfer-Regional-Bytes", attribute: "transferType", value: "IntraRegion"},
	{item: ExplorerRequest, from: fromPage},
}

// Services are the offers that the catalogue reads, each once.
func Services() []string {
	var out []string
	seen := map[string]bool{}
	for _, e := range catalogue {
		if e.from == fromList && !seen[e.service] {
			seen[e.service] = true
			out = append(out, e.service)
		}
	}
	return out
}

// prefixes are the usage type prefixes of the commercial regions that were known
// when this was written. Choose learns those of newer ones from the price list.
var prefixes = map[string]string{
	"us-east-1": "USE1", "us-east-2": "USE2", "us-west-1": "USW1", "us-west-2": "USW2",
	"ca-central-1": "CAN1", "ca-west-1": "CAN2", "sa-east-1": "SAE1", "mx-central-1": "MXC1",
	"eu-west-1": "EU", "eu-west-2": "EUW2", "eu-west-3": "EUW3", "eu-north-1": "EUN1",
	"eu-central-1": "EUC1", "eu-central-2": "EUC2", "eu-south-1": "EUS1", "eu-south-2": "EUS2",
	"ap-northeast-1": "APN1", "ap-northeast-2": "APN2", "ap-northeast-3": "APN3",
	"ap-southeast-1": "APS1", "ap-southeast-2": "APS2", "ap-southeast-3": "APS4", "ap-southeast-4": "APS6",
	"ap-south-1": "APS3", "ap-south-2": "APS5", "ap-east-1": "APE1",
	"me-south-1": "MES1", "me-central-1": "MEC1", "af-south-1": "AFS1", "il-central-1": "ILC1",
}

// Prefixes are the usage type prefixes by region.
func Prefixes() map[string]string { return maps.Clone(prefixes) }

// learnFrom is a usage type that every region has with its prefix, us-east-1 too.
const learnFrom = "PublicIPv4:InUseAddress"

// prefixesOf are the prefixes of a region: the known one, and the ones that its own
// price list shows.
func prefixesOf(region string, products []Product) []string {
	var out []string
	if p := prefixes[region]; p != "" {
		out = append(out, p)
	}
	for _, p := range products {
		if prefix, ok := strings.CutSuffix(p.Attributes["usagetype"], "-"+learnFrom); ok && p.Attributes["regionCode"] == region && !slices.Contains(out, prefix) {
			out = append(out, prefix)
		}
	}
	return out
}

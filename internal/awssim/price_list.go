package awssim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/shopspring/decimal"
)

// The price list answers in a few regions only:
// https://docs.aws.amazon.com/general/latest/gr/billing.html
var priceListRegions = []string{"us-east-1", "eu-central-1", "ap-south-1"}

// listedRegions are the regions that the simulated price list has, with the
// prefix of their usage types. Elsewhere everything costs a tenth more than in
// us-east-1, so that a price of another region shows.
var listedRegions = map[string]string{"us-east-1": "USE1", "eu-west-1": "EU", "ap-southeast-7": "APS8"}

// listedDate is the publication date of the simulated price list.
const listedDate = "2026-11-02T09:00:00Z"

// listing is one product as AWS lists it: with the prefix in us-east-1 too, or
// without one there, or global.
type listing struct {
	service, family, usage string
	usd                    decimal.Decimal
	unit                   string
	prefixed, global       bool
	more                   map[string]string
	free                   int // a first tier that costs nothing
}

// listings is the price list as far as a stack needs it, with the neighbours
// that a careless look-up takes for it.
func listings() []listing {
	nlb := usd("0.0225")
	return []listing{
		{service: "AmazonECS", family: "Compute", usage: "ECS-EC2-vCPU-Hours", unit: "hours", prefixed: true},
		{service: "AmazonECS", family: "Compute", usage: "Fargate-vCPU-Hours:perCPU", usd: rates.vcpu, unit: "hours", prefixed: true},
		{service: "AmazonECS", family: "Compute", usage: "Fargate-GB-Hours", usd: rates.gb, unit: "hours", prefixed: true},
		{service: "AmazonECS", family: "Compute", usage: "Fargate-ARM-vCPU-Hours:perCPU", usd: rates.armVCPU, unit: "hours", prefixed: true},
		{service: "AmazonECS", family: "Compute", usage: "Fargate-ARM-GB-Hours", usd: rates.armGB, unit: "hours", prefixed: true},
		{service: "AWSELB", family: "Load Balancer-Application", usage: "LoadBalancerUsage", usd: rates.balancer, unit: "Hrs"},
		{service: "AWSELB", family: "Load Balancer-Network", usage: "LoadBalancerUsage", usd: nlb, unit: "Hrs"},
		{service: "AWSELB", family: "Load Balancer-Application", usage: "Outposts-LoadBalancerUsage", usd: nlb, unit: "Hrs"},
		{service: "AWSELB", family: "Load Balancer-Application", usage: "LCUUsage", usd: usd("0.008"), unit: "LCU-Hrs"},
		{service: "AmazonEC2", family: "NAT Gateway", usage: "RegionalNatGateway-Hours", usd: rates.nat, unit: "Hrs"},
		{service: "AmazonEC2", family: "NAT Gateway", usage: "NatGateway-Hours", usd: rates.nat, unit: "Hrs"},
		{service: "AmazonEC2", family: "NAT Gateway", usage: "NatGateway-Bytes", usd: usd("0.045"), unit: "GB"},
		{service: "AmazonEC2", family: "NAT Gateway", usage: "NatGateway-Prvd-Bytes", unit: "GB"},
		{service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.nano", usd: rates.instances["t4g.nano"], unit: "Hrs", more: map[string]string{"operatingSystem": "Linux"}},
		{service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.nano", usd: usd("0.0142"), unit: "Hrs", more: map[string]string{"operatingSystem": "SUSE"}},
		{service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.micro", usd: rates.instances["t4g.micro"], unit: "Hrs", more: map[string]string{"operatingSystem": "Linux"}},
		{service: "AmazonEC2", family: "Compute Instance", usage: "BoxUsage:t4g.small", usd: rates.instances["t4g.small"], unit: "Hrs", more: map[string]string{"operatingSystem": "Linux"}},
		{service: "AmazonEC2", family: "Storage", usage: "EBS:VolumeUsage.gp3", usd: rates.volume, unit: "GB-Mo"},
		{service: "AmazonVPC", family: "VpcEndpoint", usage: "VpcEndpoint-Hours", usd: rates.endpoint, unit: "hours", prefixed: true},
		{service: "AmazonVPC", family: "VpcEndpoint", usage: "VpcEndpoint-Bytes", usd: usd("0.01"), unit: "GB", prefixed: true},
		{service: "AmazonVPC", usage: "PublicIPv4:InUseAddress", usd: rates.address, unit: "Hrs", prefixed: true},
		{service: "AmazonVPC", usage: "PublicIPv4:IdleAddress", usd: rates.address, unit: "Hrs", prefixed: true},
		{service: "AmazonCloudWatch", family: "Data Payload", usage: "DataProcessing-Bytes", usd: usd("0.50"), unit: "GB", prefixed: true},
		{service: "AmazonCloudWatch", family: "Storage Snapshot", usage: "TimedStorage-ByteHrs", usd: usd("0.03"), unit: "GB-Mo", prefixed: true},
		{service: "AmazonCloudWatch", family: "Metric", usage: "CW:MetricMonitorUsage", usd: rates.metric, unit: "Metrics"},
		{service: "AmazonCloudWatch", family: "Metric", usage: "CW:MetricsUsage", usd: rates.insightsMetric, unit: "Metrics"},
		{service: "AmazonCloudWatch", family: "Alarm", usage: "CW:AlarmMonitorUsage", usd: rates.alarm, unit: "Alarms", more: map[string]string{"alarmType": "Standard"}},
		{service: "AmazonCloudWatch", family: "Alarm", usage: "CW:AlarmMonitorUsage", usd: rates.metric, unit: "Alarms", more: map[string]string{"alarmType": "High Resolution"}},
		{service: "AmazonCloudWatch", family: "Dashboard", usage: "DashboardsUsageHour", usd: rates.dashboard, unit: "Dashboards", global: true},
		{service: "AmazonECR", family: "EC2 Container Registry", usage: "TimedStorage-ByteHrs", usd: usd("0.10"), unit: "GB-Mo"},
		{service: "AmazonEFS", family: "Storage", usage: "TimedStorage-ByteHrs", usd: rates.files, unit: "GB-Mo", prefixed: true},
		{service: "AmazonEFS", family: "Storage", usage: "IATimedStorage-ByteHrs", usd: usd("0.016"), unit: "GB-Mo", prefixed: true},
		{service: "AWSSecretsManager", family: "Secret", usage: "AWSSecretsManager-Secrets", usd: rates.secret, unit: "Secrets", prefixed: true},
		{service: "AmazonStates", family: "AWS Step Functions", usage: "StateTransition", usd: usd("0.000025"), unit: "StateTransitions", prefixed: true},
		{service: "AWSXRay", family: "DistributedTracing", usage: "XRay-TracesStored", usd: usd("0.000005"), unit: "Traces", prefixed: true, free: 100_000},
		{service: "AmazonS3", family: "Storage", usage: "TimedStorage-ByteHrs", usd: usd("0.023"), unit: "GB-Mo"},
		{service: "AmazonS3", family: "API Request", usage: "Requests-Tier1", usd: usd("0.000005"), unit: "Requests"},
		{service: "AmazonS3", family: "API Request", usage: "Requests-Tier2", usd: usd("0.0000004"), unit: "Requests"},
		{service: "AWSDataTransfer", family: "Data Transfer", usage: "DataTransfer-Out-Bytes", usd: usd("0.09"), unit: "GB", more: map[string]string{"transferType": "AWS Outbound"}},
		{service: "AWSDataTransfer", family: "Data Transfer", usage: "DataTransfer-Regional-Bytes", usd: usd("0.01"), unit: "GB", more: map[string]string{"transferType": "IntraRegion"}},
	}
}

// in writes the product as the list has it in one region.
func (l listing) in(region string) (attributes map[string]string, price decimal.Decimal) {
	a := map[string]string{"servicecode": l.service, "usagetype": l.usage}
	for k, v := range l.more {
		a[k] = v
	}
	price = l.usd
	switch {
	case l.global:
		a["location"] = "Any"
		return a, price
	case region != "us-east-1":
		price = price.Mul(usd("1.1"))
		a["usagetype"] = listedRegions[region] + "-" + l.usage
	case l.prefixed:
		a["usagetype"] = listedRegions[region] + "-" + l.usage
	}
	if l.service == "AWSDataTransfer" {
		a["fromRegionCode"], a["fromLocationType"] = region, "AWS Region"
	} else {
		a["regionCode"], a["locationType"] = region, "AWS Region"
	}
	return a, price
}

func (s *Sim) priceListNoun() noun {
	op := on("Pricing.GetProducts", s.getProducts, "ServiceCode", "FormatVersion", "Filters", "NextToken")
	inner := op.run
	op.run = func(ctx context.Context, in any) (any, error) {
		if region := awsmiddleware.GetRegion(ctx); !slices.Contains(priceListRegions, region) {
			return nil, fmt.Errorf("lookup api.pricing.%s.amazonaws.com: no such host", region)
		}
		return inner(ctx, in)
	}
	return noun{
		ops: []operation{
			op,
		},
	}
}

// getProducts lists one product a page, so that no caller takes the first page for all.
func (s *Sim) getProducts(in *pricing.GetProductsInput) (*pricing.GetProductsOutput, error) {
	if v := aws.ToString(in.FormatVersion); v != "" && v != "aws_v1" {
		return nil, fail("InvalidParameterException", "Invalid FormatVersion: %s", v)
	}
	var found []string
	for i, l := range listings() {
		if l.service != aws.ToString(in.ServiceCode) {
			continue
		}
		for _, region := range []string{"ap-southeast-7", "eu-west-1", "us-east-1"} {
			if l.global && region != "us-east-1" {
				continue // one row for all
			}
			attributes, price := l.in(region)
			fits, err := fitsAll(in.Filters, attributes, l.family)
			if err != nil {
				return nil, err
			}
			if fits {
				found = append(found, l.document(fmt.Sprintf("SIM%03d%s", i, strings.ToUpper(strings.ReplaceAll(region, "-", ""))), attributes, price))
			}
		}
	}
	page := 0
	if t := aws.ToString(in.NextToken); t != "" {
		var err error
		if page, err = strconv.Atoi(t); err != nil || page >= len(found) {
			return nil, fail("InvalidNextTokenException", "The pagination token is invalid")
		}
	}
	out := &pricing.GetProductsOutput{FormatVersion: aws.String("aws_v1"), PriceList: found[page:min(page+1, len(found))]}
	if page+1 < len(found) {
		out.NextToken = aws.String(strconv.Itoa(page + 1))
	}
	return out, nil
}

func fitsAll(filters []types.Filter, attributes map[string]string, family string) (bool, error) {
	for _, f := range filters {
		have := attributes[aws.ToString(f.Field)]
		switch aws.ToString(f.Field) {
		case "productFamily":
			have = family
		case "usagetype", "regionCode", "fromRegionCode":
		default:
			return false, fmt.Errorf("awssim: the price list is not filtered by %s", aws.ToString(f.Field))
		}
		switch f.Type {
		case types.FilterTypeTermMatch, types.FilterTypeEquals:
			if have != aws.ToString(f.Value) {
				return false, nil
			}
		case types.FilterTypeContains:
			if !strings.Contains(have, aws.ToString(f.Value)) {
				return false, nil
			}
		default:
			return false, fmt.Errorf("awssim: filters of type %s are not simulated", f.Type)
		}
	}
	return true, nil
}

// document is one entry of PriceList, as AWS writes it.
func (l listing) document(sku string, attributes map[string]string, price decimal.Decimal) string {
	dimensions := map[string]any{}
	tier := func(from, to string, price decimal.Decimal) {
		dimensions[fmt.Sprintf("%s.JRTCKXETXF.%d", sku, len(dimensions))] = map[string]any{
			"unit": l.unit, "beginRange": from, "endRange": to, "pricePerUnit": map[string]string{"USD": price.StringFixed(10)},
		}
	}
	first := "0"
	if l.free > 0 {
		first = strconv.Itoa(l.free)
		tier("0", first, decimal.Zero)
	}
	tier(first, "Inf", price)
	product := map[string]any{"sku": sku, "attributes": attributes}
	if l.family != "" {
		product["productFamily"] = l.family
	}
	raw, err := json.Marshal(map[string]any{
		"product": product, "serviceCode": l.service, "publicationDate": listedDate,
		"terms": map[string]any{"OnDemand": map[string]any{sku + ".JRTCKXETXF": map[string]any{"priceDimensions": dimensions, "effectiveDate": listedDate}}},
	})
	if err != nil {
		return "{}" // maps of strings: it cannot be
	}
	return string(raw)
}

// spotFeedHost serves the Fargate page's feed of Spot prices.
const spotFeedHost = "dftu77xade0tc.cloudfront.net"

// spotFeed has us-east-1, and of eu-west-1 x86 only.
func spotFeed() answered {
	type row struct {
		Unit       string            `json:"unit"`
		Price      map[string]string `json:"price"`
		Attributes map[string]string `json:"attributes"`
	}
	var feed struct {
		Prices []row `json:"prices"`
	}
	add := func(region, unit string, price decimal.Decimal) {
		feed.Prices = append(feed.Prices, row{unit, map[string]string{"USD": price.String()}, map[string]string{"aws:region": region}})
	}
	add("us-east-1", "vCPU-Hours", rates.spotVCPU)
	add("us-east-1", "GB-Hours", rates.spotGB)
	add("us-east-1", "ARM-vCPU-Hours", rates.spotARMVCPU)
	add("us-east-1", "ARM-GB-Hours", rates.spotARMGB)
	add("eu-west-1", "vCPU-Hours", rates.spotVCPU.Mul(usd("1.1")))
	add("eu-west-1", "GB-Hours", rates.spotGB.Mul(usd("1.1")))
	raw, err := json.Marshal(feed)
	if err != nil {
		return answered{status: http.StatusInternalServerError}
	}
	return answered{status: http.StatusOK, kind: "application/json", body: string(raw)}
}

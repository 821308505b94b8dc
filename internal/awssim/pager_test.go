package awssim

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	xraytypes "github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ownPages are the operations that page by rules of their own.
var ownPages = map[string]string{
	"CloudWatch Logs.FilterLogEvents": "its token is an event's place", "CloudWatch Logs.GetLogEvents": "its tokens go both ways",
	"Cost Explorer.GetCostAndUsage": "the groups of a period are cut", "Pricing.GetProducts": "one product a page",
	"CloudWatch Logs.GetQueryResults": "a query has 10,000 rows at most", "XRay.ListTagsForResource": "a rule has 50 tags at most",
	"CloudWatch.GetMetricData": "one page has 100,800 values", "Cost Explorer.ListCostAllocationTags": "at most 20 keys are asked for",
}

func TestEveryOperationWithATokenPages(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	paging := 0
	for name, o := range s.ops {
		token := field(o.in, append([]string{"NextPageToken"}, tokenFields...))
		if o.pager != nil {
			paging++
		}
		if token != "" && o.pager == nil && ownPages[name] == "" {
			t.Errorf("%s has %s and never gives a second page", name, token)
		}
	}
	if paging < 38 {
		t.Errorf("only %d listings page", paging)
	}
}

func TestAListingIsCutAndPutTogetherAgain(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.PageBy(1)
	for name, o := range s.ops {
		if o.pager == nil {
			continue
		}
		in := reflect.New(o.in)
		seen, pages := 0, 0
		for {
			out := reflect.New(o.out)
			items := out.Elem().FieldByName(o.pager.items)
			items.Set(threeOf(items.Type()))
			if err := s.cut(o.pager, in.Interface(), out.Interface()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			seen, pages = seen+items.Len(), pages+1
			next := out.Elem().FieldByName(o.pager.next)
			if next.IsNil() {
				break
			}
			in.Elem().FieldByName(o.pager.token).Set(next)
		}
		if seen != 3 || pages != 3 {
			t.Errorf("%s gives %d items of 3 on %d pages", name, seen, pages)
		}
	}
}

// threeOf are three items that differ in each name.
func threeOf(of reflect.Type) reflect.Value {
	all := reflect.MakeSlice(of, 3, 3)
	for i := range 3 {
		name := fmt.Sprint("thing-", i)
		item := all.Index(i)
		if item.Kind() == reflect.String {
			item.SetString(name)
			continue
		}
		for j := range item.NumField() {
			switch f := item.Field(j); f.Type() {
			case reflect.TypeFor[*string]():
				f.Set(reflect.ValueOf(&name))
			case reflect.TypeFor[float64]():
				f.SetFloat(float64(i))
			case reflect.TypeFor[*xraytypes.SamplingRule]():
				f.Set(reflect.ValueOf(&xraytypes.SamplingRule{RuleName: &name}))
			}
		}
	}
	return all
}

func TestATokenIsTakenForItsOwnQuestionAlone(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.PageBy(1)
	client := ec2.NewFromConfig(s.Config())
	ctx := t.Context()
	for range 2 {
		if _, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := cloud.Pages(ctx, ec2.NewDescribeVpcsPaginator(client, &ec2.DescribeVpcsInput{}), func(o *ec2.DescribeVpcsOutput) []types.Vpc { return o.Vpcs })
	if err != nil || len(all) != 2 || aws.ToString(all[0].VpcId) == aws.ToString(all[1].VpcId) {
		t.Fatalf("%d networks: %v", len(all), err)
	}
	first, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	if err != nil || first.NextToken == nil {
		t.Fatalf("no second page: %v", err)
	}
	_, err = client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{NextToken: first.NextToken, Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{"vpc-1"}}}})
	if !cloud.Is(err, "InvalidParameterValue") {
		t.Errorf("a token of another question: %v", err)
	}
	named, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{*all[0].VpcId, *all[1].VpcId}})
	if err != nil || len(named.Vpcs) != 2 {
		t.Errorf("what is asked for by id comes in one answer: %v", err)
	}
}

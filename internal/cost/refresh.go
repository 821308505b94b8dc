package cost

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// PriceListRegion is one of the few that answer GetProducts; it has the prices
// of all regions.
const PriceListRegion = "us-east-1"

// PriceList is what Refresh asks; the calls are free and need pricing:GetProducts.
type PriceList interface {
	GetProducts(context.Context, *pricing.GetProductsInput, ...func(*pricing.Options)) (*pricing.GetProductsOutput, error)
}

// Refresh reads today's prices of a region. Spot prices are best effort: without
// them the old ones are kept with their own date, and why says what went wrong.
func Refresh(ctx context.Context, api PriceList, web *http.Client, region string, old *Book, now time.Time) (book *Book, why string, err error) {
	products, err := learn(ctx, api, region)
	if err != nil {
		return nil, "", err
	}
	known := prefixesOf(region, products)
	for _, e := range catalogue {
		if e.from != fromList {
			continue
		}
		some, err := e.products(ctx, api, region, known)
		if err != nil {
			return nil, "", err
		}
		products = append(products, some...)
	}
	rows, err := Choose(region, products)
	if err != nil {
		return nil, "", err
	}
	today := now.UTC().Format(time.DateOnly)
	spot, err := fetchSpot(ctx, web, region, today)
	if err != nil {
		why = err.Error()
		spot = map[Item]Row{}
		for _, e := range catalogue {
			if r, ok := old.Prices[e.item]; ok && e.from == fromSpot {
				spot[e.item] = r
			}
		}
	}
	book = NewBook(region, rows, spot)
	// The list says when each price was last published; what counts is when it was read.
	book.AsOf = today
	return book, why, nil
}

// learn asks for what shows the prefix of a region that is newer than this program.
func learn(ctx context.Context, api PriceList, region string) ([]Product, error) {
	if prefixes[region] != "" {
		return nil, nil
	}
	all, err := list(ctx, api, "AmazonVPC", types.Filter{Field: aws.String("usagetype"), Value: aws.String(learnFrom), Type: types.FilterTypeContains}, match("regionCode", region))
	if err != nil {
		return nil, fmt.Errorf("the price list of %s cannot be read: %w", region, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("AWS's price list has no region %q", region)
	}
	return all, nil
}

// products asks for one usage type, with the region's prefixes and without.
func (e entry) products(ctx context.Context, api PriceList, region string, known []string) ([]Product, error) {
	usages := []string{e.usage}
	for _, p := range known {
		usages = append(usages, p+"-"+e.usage)
	}
	var all []Product
	for _, usage := range usages {
		filters := []types.Filter{match("usagetype", usage)}
		switch {
		case e.global:
		case e.service == "AWSDataTransfer":
			filters = append(filters, match("fromRegionCode", region))
		default:
			filters = append(filters, match("regionCode", region))
		}
		if e.family != "" {
			filters = append(filters, match("productFamily", e.family))
		}
		some, err := list(ctx, api, e.service, filters...)
		if err != nil {
			return nil, fmt.Errorf("the price of %s in %s cannot be read: %w", e.item, region, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func list(ctx context.Context, api PriceList, service string, filters ...types.Filter) ([]Product, error) {
	docs, err := cloud.Pages(ctx, pricing.NewGetProductsPaginator(api, &pricing.GetProductsInput{ServiceCode: &service, FormatVersion: aws.String("aws_v1"), Filters: filters}),
		func(out *pricing.GetProductsOutput) []string { return out.PriceList })
	if err != nil {
		return nil, err
	}
	var all []Product
	for _, doc := range docs {
		p, err := ReadDocument(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func match(field, value string) types.Filter {
	return types.Filter{Field: aws.String(field), Value: aws.String(value), Type: types.FilterTypeTermMatch}
}

func fetchSpot(ctx context.Context, web *http.Client, region, today string) (map[Item]Row, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, SpotFeed, nil)
	if err != nil {
		return nil, err
	}
	resp, err := web.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the feed of Fargate Spot prices does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the feed of Fargate Spot prices answers %s", resp.Status)
	}
	rows, err := ReadSpotFeed(resp.Body, region, today)
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("the feed of Fargate Spot prices has none for %s", region)
	}
	return rows, err
}

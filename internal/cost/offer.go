package cost

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/shopspring/decimal"
)

// Product is one product of AWS's price list with its on-demand terms.
type Product struct {
	SKU        string            `json:"sku"`
	Family     string            `json:"productFamily"`
	Attributes map[string]string `json:"attributes"`
	// Service is the offer it is in.
	Service string `json:"-"`
	// Published is the date of the file, as 2026-09-11.
	Published string      `json:"-"`
	Tiers     []TierPrice `json:"-"`
}

// TierPrice is a price from one amount of usage on.
type TierPrice struct {
	From decimal.Decimal
	USD  decimal.Decimal
	Unit string
}

// The two shapes that AWS publishes: the bulk file of an offer, and the
// documents that GetProducts lists.
type (
	offerFile struct {
		OfferCode       string             `json:"offerCode"`
		PublicationDate string             `json:"publicationDate"`
		Products        map[string]Product `json:"products"`
		Terms           struct {
			OnDemand map[string]map[string]offerTerm `json:"OnDemand"`
		} `json:"terms"`
	}
	offerTerm struct {
		PriceDimensions map[string]offerDimension `json:"priceDimensions"`
	}
	offerDimension struct {
		Unit         string            `json:"unit"`
		BeginRange   string            `json:"beginRange"`
		PricePerUnit map[string]string `json:"pricePerUnit"`
	}
	productDocument struct {
		Product         Product `json:"product"`
		ServiceCode     string  `json:"serviceCode"`
		PublicationDate string  `json:"publicationDate"`
		Terms           struct {
			OnDemand map[string]offerTerm `json:"OnDemand"`
		} `json:"terms"`
	}
)

// ReadOffer reads the bulk file of one offer:
// /offers/v1.0/aws/<ServiceCode>/current/<region>/index.json.
func ReadOffer(r io.Reader) ([]Product, error) {
	var f offerFile
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("this is not an AWS price file: %w", err)
	}
	if f.OfferCode == "" || len(f.Products) == 0 {
		return nil, fmt.Errorf("this is not an AWS price file: it has no offerCode or no products")
	}
	var out []Product
	for sku, p := range f.Products {
		p.SKU, p.Service = sku, f.OfferCode
		if err := p.price(f.PublicationDate, f.Terms.OnDemand[sku]); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].SKU < out[j].SKU })
	return out, nil
}

// ReadDocument reads one entry of GetProducts' PriceList.
func ReadDocument(s string) (Product, error) {
	var d productDocument
	if err := json.Unmarshal([]byte(s), &d); err != nil {
		return Product{}, fmt.Errorf("this is not a document of AWS's price list: %w", err)
	}
	d.Product.Service = d.ServiceCode
	return d.Product, d.Product.price(d.PublicationDate, d.Terms.OnDemand)
}

func (p *Product) price(published string, terms map[string]offerTerm) error {
	p.Published, _, _ = strings.Cut(published, "T")
	for _, t := range terms {
		for _, d := range t.PriceDimensions {
			usd, ok := d.PricePerUnit["USD"]
			if !ok {
				continue // a price in another currency only (China)
			}
			price, err := decimal.NewFromString(usd)
			if err != nil {
				return fmt.Errorf("product %s has the price %q: %w", p.SKU, usd, err)
			}
			from := decimal.Zero
			if d.BeginRange != "" {
				if from, err = decimal.NewFromString(d.BeginRange); err != nil {
					return fmt.Errorf("product %s has a tier from %q: %w", p.SKU, d.BeginRange, err)
				}
			}
			p.Tiers = append(p.Tiers, TierPrice{From: from, USD: price, Unit: d.Unit})
		}
	}
	sort.Slice(p.Tiers, func(i, j int) bool { return p.Tiers[i].From.LessThan(p.Tiers[j].From) })
	return nil
}

// is tells whether a product is the one of a catalogue entry in a region.
func (p *Product) is(e entry, region string, prefixes []string) bool {
	a := p.Attributes
	usage := a["usagetype"]
	for _, prefix := range prefixes {
		if bare, ok := strings.CutPrefix(usage, prefix+"-"); ok {
			usage = bare
			break
		}
	}
	in := a["regionCode"]
	if e.service == "AWSDataTransfer" && in == "" {
		in = a["fromRegionCode"]
	}
	if in == "" && a["fromLocation"] == "" && a["location"] == "Any" || e.global && in == "" {
		in = region
	}
	return p.Service == e.service && p.Family == e.family && usage == e.usage && in == region &&
		(e.attribute == "" || a[e.attribute] == e.value)
}

// first is the first tier that costs something. AWS puts free amounts in front
// (traces) and lower prices for large amounts behind.
func (p *Product) first() (TierPrice, bool) {
	for _, t := range p.Tiers {
		if t.USD.IsPositive() {
			return t, true
		}
	}
	return TierPrice{}, false
}

// Choose finds the items of a region among products. Two products that fit one
// item at different prices are an error, because one of them is wrong.
func Choose(region string, products []Product) (map[Item]Row, error) {
	out := map[Item]Row{}
	known := prefixesOf(region, products)
	for _, e := range catalogue {
		if e.from != fromList {
			continue
		}
		for i := range products {
			p := &products[i]
			if !p.is(e, region, known) {
				continue
			}
			t, ok := p.first()
			if !ok {
				continue // a row at 0, such as ECS on EC2
			}
			row := Row{USD: t.USD, Unit: t.Unit, UsageType: p.Attributes["usagetype"], Service: p.Service, Published: p.Published}
			if was, ok := out[e.item]; ok && !was.USD.Equal(row.USD) {
				return nil, fmt.Errorf("%s in %s has two prices, %s and %s (%s): the catalogue has to tell them apart", e.item, region, was.USD, row.USD, p.SKU)
			}
			out[e.item] = row
		}
	}
	return out, nil
}

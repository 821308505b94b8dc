package cost

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"
)

// regional are the prices of the regions that have no file of their own in prices,
// each as it was read in what AWS publishes or bills. A price that was not read in a
// region is absent: ratios between regions differ by item, so none is computed. They are read in prices/source; the
// program has them packed, which is a twentieth.
//
//go:generate sh -c "gzip -9 -n -c prices/source/regions.json > prices/regions.json.gz"
type regional struct {
	Sources map[string]struct {
		What, Date, How string
	} `json:"sources"`
	// Everywhere are prices for which AWS's pages have no table of regions.
	Everywhere map[Item]reading            `json:"everywhere"`
	Regions    map[string]map[Item]reading `json:"regions"`
}

// reading is one price, the sources that give it, and the date of the newest.
type reading struct {
	USD       decimal.Decimal `json:"usd"`
	Published string          `json:"published"`
	Sources   []string        `json:"sources"`
}

func readRegional() (*regional, error) {
	packed, err := snapshots.ReadFile("prices/regions.json.gz")
	if err != nil {
		return nil, err
	}
	raw, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the prices of the regions in this binary are damaged: %w", err)
	}
	out := &regional{}
	if err := json.NewDecoder(raw).Decode(out); err != nil {
		return nil, fmt.Errorf("the prices of the regions in this binary are damaged: %w", err)
	}
	return out, nil
}

// book is empty for a region whose prices were not read.
func (r *regional) book(region string) *Book {
	b := &Book{Region: region, Prices: map[Item]Row{}}
	prices, read := r.Regions[region]
	if !read {
		return b
	}
	for _, e := range catalogue {
		p, ok := prices[e.item]
		if !ok {
			if p, ok = r.Everywhere[e.item]; !ok {
				continue
			}
		}
		b.Prices[e.item] = Row{USD: p.USD, Service: e.billedAs(), Published: p.Published, Sources: p.Sources}
		switch {
		case e.from == fromSpot:
			b.SpotAsOf = max(b.SpotAsOf, p.Published)
		case b.Since == "" || p.Published < b.Since:
			b.Since = p.Published
			fallthrough
		default:
			b.AsOf = max(b.AsOf, p.Published)
		}
	}
	for item, row := range page {
		b.Prices[item] = row
	}
	return b
}

// billedAs is the service on the bill.
func (e entry) billedAs() string {
	if e.from == fromSpot {
		return "AmazonECS"
	}
	return e.service
}

package cost

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/shopspring/decimal"
)

// SpotFeed is what the Fargate pricing page reads. AWS documents neither the
// address nor the format, and there is no history: best effort.
const SpotFeed = "https://dftu77xade0tc.cloudfront.net/fargate-spot-prices.json"

// ReadSpotFeed reads the Spot prices of a region. date is when it was fetched.
func ReadSpotFeed(r io.Reader, region, date string) (map[Item]Row, error) {
	var feed struct {
		Prices []struct {
			Unit       string            `json:"unit"`
			Price      map[string]string `json:"price"`
			Attributes map[string]string `json:"attributes"`
		} `json:"prices"`
	}
	if err := json.NewDecoder(r).Decode(&feed); err != nil {
		return nil, fmt.Errorf("the feed of Fargate Spot prices has changed its form: %w", err)
	}
	out := map[Item]Row{}
	for _, p := range feed.Prices {
		if p.Attributes["aws:region"] != region {
			continue
		}
		for _, e := range catalogue {
			if e.from != fromSpot || e.spot != p.Unit {
				continue
			}
			usd, err := decimal.NewFromString(p.Price["USD"])
			if err != nil || !usd.IsPositive() {
				return nil, fmt.Errorf("the feed of Fargate Spot prices says %q for %s in %s", p.Price["USD"], p.Unit, region)
			}
			out[e.item] = Row{USD: usd, Unit: p.Unit, Service: "AmazonECS", UsageType: "SpotUsage-Fargate-" + p.Unit, Published: date}
		}
	}
	return out, nil
}

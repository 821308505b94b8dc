package cost

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/pricing"
)

// listed answers GetProducts from the bulk files of the tests, by its filters.
type listed struct{ t *testing.T }

func (l listed) GetProducts(_ context.Context, in *pricing.GetProductsInput, _ ...func(*pricing.Options)) (*pricing.GetProductsOutput, error) {
	raw, err := os.ReadFile("pricegen/testdata/offers/" + *in.ServiceCode + ".json")
	if err != nil {
		return nil, err
	}
	var f struct {
		PublicationDate string                     `json:"publicationDate"`
		Products        map[string]json.RawMessage `json:"products"`
		Terms           struct {
			OnDemand map[string]json.RawMessage `json:"OnDemand"`
		} `json:"terms"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, err
	}
	out := &pricing.GetProductsOutput{}
	for sku, p := range f.Products {
		var product Product
		if err := json.Unmarshal(p, &product); err != nil {
			return nil, err
		}
		fits := true
		for _, filter := range in.Filters {
			have := product.Attributes[*filter.Field]
			if *filter.Field == "productFamily" {
				have = product.Family
			}
			fits = fits && have == *filter.Value
		}
		if !fits {
			continue
		}
		doc, err := json.Marshal(map[string]any{
			"product": p, "serviceCode": *in.ServiceCode, "publicationDate": f.PublicationDate,
			"terms": map[string]any{"OnDemand": f.Terms.OnDemand[sku]},
		})
		if err != nil {
			return nil, err
		}
		out.PriceList = append(out.PriceList, string(doc))
	}
	return out, nil
}

// feed answers for the Fargate page, or not at all.
type feed struct{ file string }

func (f feed) RoundTrip(*http.Request) (*http.Response, error) {
	if f.file == "" {
		return nil, errors.New("no route to host")
	}
	body, err := os.Open(f.file)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{}}, nil
}

func TestRefreshedPricesAreThoseOfTheListAndHaveTodaysDate(t *testing.T) {
	today := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	old := prices(t)
	for _, c := range []struct{ feed, spot string }{
		{"pricegen/testdata/fargate-spot-prices.json", "2026-11-20"},
		{"", "2026-09-28"}, // the old Spot prices, with their own date
	} {
		got, why, err := Refresh(context.Background(), listed{t}, &http.Client{Transport: feed{c.feed}}, "us-east-1", old, today)
		if err != nil {
			t.Fatal(err)
		}
		if got.AsOf != "2026-11-20" || got.SpotAsOf != c.spot || (why == "") != (c.feed != "") {
			t.Errorf("prices of %s, Spot of %s, want %s: %s", got.AsOf, got.SpotAsOf, c.spot, why)
		}
		for item, row := range old.Prices {
			if !got.Prices[item].USD.Equal(row.USD) {
				t.Errorf("%s is refreshed from %s to %s", item, row.USD, got.Prices[item].USD)
			}
		}
	}
}

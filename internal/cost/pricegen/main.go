// Command pricegen writes the dated price snapshot of a region from AWS's public
// price files, which need no credentials:
//
//	go run ./internal/cost/pricegen -offers DIR -spot FILE -spot-date 2026-09-28 -region eu-west-1 -out internal/cost/prices/eu-west-1.json
//
// DIR holds each offer's regional file as <ServiceCode>.json, from
// https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/<ServiceCode>/current/<region>/index.json;
// with -fetch they are fetched there first. FILE is the feed behind the Fargate
// pricing page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/karmacadabra/karmactl/internal/cost"
)

const list = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/%s/current/%s/index.json"

func main() {
	var o options
	flag.StringVar(&o.offers, "offers", "", "the directory of the price files")
	flag.StringVar(&o.spot, "spot", "", "the feed of Spot prices")
	flag.StringVar(&o.spotDate, "spot-date", "", "when the feed was fetched, as 2026-09-28")
	flag.StringVar(&o.asOf, "as-of", "", "the date of the snapshot, where it is not that of the newest file")
	flag.StringVar(&o.region, "region", "us-east-1", "the region")
	flag.StringVar(&o.out, "out", "", "the snapshot to write")
	flag.BoolVar(&o.fetch, "fetch", false, "fetch the price files into -offers first")
	flag.Parse()
	if err := run(context.Background(), o, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "pricegen:", err)
		os.Exit(1)
	}
}

type options struct {
	offers, spot, spotDate, asOf, region, out string
	fetch                                     bool
}

func run(ctx context.Context, o options, notes io.Writer) error {
	var products []cost.Product
	for _, service := range cost.Services() {
		path := filepath.Join(o.offers, service+".json")
		if o.fetch {
			if err := fetch(ctx, fmt.Sprintf(list, service, o.region), path); err != nil {
				return err
			}
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		some, err := cost.ReadOffer(f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		products = append(products, some...)
	}
	rows, err := cost.Choose(o.region, products)
	if err != nil {
		return err
	}
	spot := map[cost.Item]cost.Row{}
	if o.spot != "" {
		f, err := os.Open(o.spot)
		if err != nil {
			return err
		}
		defer f.Close()
		if spot, err = cost.ReadSpotFeed(f, o.region, o.spotDate); err != nil {
			return err
		}
	}
	book := cost.NewBook(o.region, rows, spot)
	if o.asOf != "" {
		book.AsOf = o.asOf
	}
	for _, item := range book.Lacks() {
		fmt.Fprintf(notes, "no price for %s in %s\n", item, o.region)
	}
	raw, err := book.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, raw, 0o644)
}

func fetch(ctx context.Context, url, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}

package cost

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
)

//go:embed prices/*.json prices/regions.json.gz
var snapshots embed.FS

// Row is one price.
type Row struct {
	USD  decimal.Decimal `json:"usd"`
	Unit string          `json:"unit"`
	// UsageType and Service are what the bill says.
	UsageType string `json:"usagetype,omitempty"`
	Service   string `json:"service"`
	// Published is the date of the price file that it is from; of what was read on a page of AWS's, the day of that.
	Published string `json:"published"`
	// Sources name who read it, where it is not from the price list of its region.
	Sources []string `json:"sources,omitempty"`
}

// Book is the prices of one region, with their dates.
type Book struct {
	Region string `json:"region"`
	// AsOf is the date of the list prices, SpotAsOf that of the Spot prices,
	// which AWS changes every few weeks.
	AsOf     string `json:"as_of"`
	SpotAsOf string `json:"spot_as_of,omitempty"`
	// Since is the date of the oldest list price, where they are of several dates.
	Since  string       `json:"since,omitempty"`
	Prices map[Item]Row `json:"prices"`
}

// Open is the newer of the prices in this binary and the prices that `cost
// refresh` has put into dir. A region without prices gives an empty book, and an estimate
// that names every price it lacks.
func Open(region, dir string) (*Book, error) {
	b, err := embedded(region)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return b, nil
	}
	kept, err := os.ReadFile(bookFile(dir, region))
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the refreshed prices cannot be read: %w", err)
	}
	fresh := &Book{}
	if err := json.Unmarshal(kept, fresh); err != nil || fresh.Region != region {
		return nil, engine.Advise(fmt.Errorf("the refreshed prices in %s are damaged: fetch them again", bookFile(dir, region)), "karmactl cost refresh")
	}
	if fresh.AsOf < b.AsOf {
		return b, nil
	}
	return fresh, nil
}

func embedded(region string) (*Book, error) {
	b := &Book{Region: region, Prices: map[Item]Row{}}
	raw, err := snapshots.ReadFile("prices/" + region + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		all, err := readRegional()
		if err != nil {
			return nil, err
		}
		return all.book(region), nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, b); err != nil {
		return nil, fmt.Errorf("the prices of %s in this binary are damaged: %w", region, err)
	}
	return b, nil
}

// Save keeps the book for Open.
func (b *Book) Save(dir string) (string, error) {
	path := bookFile(dir, b.Region)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("the prices cannot be kept: %w", err)
	}
	raw, err := b.Encode()
	if err != nil {
		return "", err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, raw, 0o644); err != nil {
		return "", fmt.Errorf("the prices cannot be kept: %w", err)
	}
	return path, os.Rename(tmp, path)
}

// Encode is the file's text.
func (b *Book) Encode() ([]byte, error) {
	raw, err := json.MarshalIndent(b, "", "  ")
	return append(raw, '\n'), err
}

func bookFile(dir, region string) string { return filepath.Join(dir, "prices-"+region+".json") }

// CacheDir is where refreshed prices and what Cost Explorer said are kept.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no place for a cache: %w", err)
	}
	return filepath.Join(dir, "karmactl"), nil
}

// Lacks are the items without a price.
func (b *Book) Lacks() []Item {
	var out []Item
	for _, e := range catalogue {
		if _, ok := b.Prices[e.item]; !ok {
			out = append(out, e.item)
		}
	}
	return out
}

// page are the prices that AWS publishes on web pages only, the same everywhere.
var page = map[Item]Row{
	ExplorerRequest: {USD: decimal.RequireFromString("0.01"), Unit: "Request", Service: "AWSCostExplorer", Published: "2026-09-11"},
}

// NewBook puts a book together from what AWS publishes. spot may be empty.
func NewBook(region string, list, spot map[Item]Row) *Book {
	b := &Book{Region: region, Prices: map[Item]Row{}}
	for item, r := range list {
		b.Prices[item] = r
		b.AsOf = max(b.AsOf, r.Published)
	}
	for item, r := range spot {
		b.Prices[item] = r
		b.SpotAsOf = max(b.SpotAsOf, r.Published)
	}
	for item, r := range page {
		b.Prices[item] = r
	}
	return b
}

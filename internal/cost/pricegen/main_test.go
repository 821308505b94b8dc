package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func usEast1(t *testing.T) options {
	t.Helper()
	return options{
		offers: "testdata/offers", spot: "testdata/fargate-spot-prices.json", spotDate: "2026-09-28", asOf: "2026-09-11",
		region: "us-east-1", out: filepath.Join(t.TempDir(), "prices.json"),
	}
}

func TestTheSnapshotInTheBinaryIsWhatTheGeneratorMakes(t *testing.T) {
	o := usEast1(t)
	var notes strings.Builder
	if err := run(context.Background(), o, &notes); err != nil {
		t.Fatal(err)
	}
	if notes.Len() > 0 {
		t.Errorf("the price files lack something:\n%s", notes.String())
	}
	got, err := os.ReadFile(o.out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../prices/us-east-1.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("prices/us-east-1.json is not what the generator makes of testdata: run it again\n%s", got)
	}
}

func TestAnotherRegionsPricesAreNeverTakenForOnesOwn(t *testing.T) {
	o := usEast1(t)
	o.region, o.spot = "eu-west-1", ""
	var notes strings.Builder
	if err := run(context.Background(), o, &notes); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes.String(), "no price for nat_gateway_hour in eu-west-1") {
		t.Errorf("files of us-east-1 give prices for eu-west-1:\n%s", notes.String())
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	o := usEast1(t)
	o.offers = t.TempDir()
	if err := run(context.Background(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "AmazonECS.json") {
		t.Errorf("a missing price file gives %v", err)
	}
}

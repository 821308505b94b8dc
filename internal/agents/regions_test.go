package agents

import (
	"slices"
	"strings"
	"testing"
)

func TestARegionIsOneThatAWSHas(t *testing.T) {
	for _, name := range Regions() {
		if err := CheckRegion(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !slices.IsSorted(Regions()) {
		t.Error("they are not in order")
	}
	for name, want := range map[string]string{
		"eu-wst-1":   `"eu-wst-1" is no region of AWS: did you mean eu-west-1? allowed: a region of AWS`,
		"us-east-1a": `did you mean "us-east-1"?`,
		"Frankfurt":  `"Frankfurt" is no region of AWS: a region such as us-east-1`,
		"xx-moon-1":  `one of af-south-1`,
	} {
		if err := CheckRegion(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

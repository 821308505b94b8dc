package agents

import (
	"fmt"
	"slices"
	"strings"
)

// regions are AWS's, with the regions that an account has to opt in to:
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
var regions = strings.Fields(`
	af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
	ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
	ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2
	eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1
	us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2`)

// Regions are the regions that a stack may be in, in order.
func Regions() []string { return slices.Clone(regions) }

// CheckRegion refuses what is no region of AWS, and says which one was probably meant and which there are.
func CheckRegion(name string) error {
	if hint, ok := regionRule.check(name); !ok {
		return fmt.Errorf("%q is no region of AWS: %s", name, hint)
	}
	return nil
}

// unknownRegion says which regions there are in place of one that there is not; "" for one that there is.
func unknownRegion(name string) string {
	if slices.Contains(regions, name) {
		return ""
	}
	if near := Nearest(name, regions); near != "" {
		return didYouMean(near) + "a region of AWS"
	}
	return "one of " + strings.Join(regions, ", ")
}

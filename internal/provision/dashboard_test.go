package provision

import (
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func TestTheConsoleHasAnAddressInEachPartition(t *testing.T) {
	for _, c := range []struct{ partition, region, want string }{
		{"aws", "us-east-1", "https://us-east-1.console.aws.amazon.com/"},
		{"aws-cn", "cn-north-1", "https://console.amazonaws.cn/"},
		{"aws-us-gov", "us-gov-west-1", "https://console.amazonaws-us-gov.com/"},
		{"aws-eusc", "eusc-de-east-1", "https://eusc-de-east-1.console.amazonaws-eusc.eu/"},
	} {
		if got := DashboardURL(cloud.Account{Partition: c.partition, Region: c.region}, "acme-prod"); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", c.partition, got)
		}
	}
}

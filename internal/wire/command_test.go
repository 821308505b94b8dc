//go:build wire

package wire

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// The command itself, pointed at the emulators by the environment alone: a plan of the
// shipped file shows what there is to make, and makes nothing.
func TestTheCommandPlansOverTheWire(t *testing.T) {
	a := moto().open(t, nil)
	bin := filepath.Join(t.TempDir(), "karmactl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../../cmd/karmactl").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := filepath.Abs("../../config/agents.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, "-f", file, "plan", "--detailed-exitcode")
	cmd.Dir = t.TempDir()
	// Images of public registries are not asked for: the proxy does not exist.
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "HTTPS_PROXY=http://127.0.0.1:9", "AWS_CA_BUNDLE=", "NO_COLOR=1",
		"AWS_ENDPOINT_URL_CLOUDWATCH="+ministack().url(t)) // which moto has not
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	exit := new(exec.ExitError)
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Fatalf("karmactl plan ends with %v, not with 2 for changes:\n%s%s", err, out, &stderr)
	}
	for _, want := range []string{"validator", "network", "create"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the plan does not speak of %s:\n%s", want, out)
		}
	}
	c := cloud.NewClients(a.plain)
	vpcs, err := c.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: []types.Filter{{Name: aws.String("tag-key"), Values: []string{cloud.TagStack}}}})
	if err != nil || len(vpcs.Vpcs) > 0 {
		t.Errorf("after a plan there are %d VPCs: %v", len(vpcs.Vpcs), err)
	}
	buckets, err := c.S3.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil || len(buckets.Buckets) > 0 {
		t.Errorf("after a plan there are %d buckets: %v", len(buckets.Buckets), err)
	}
}

package cloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// askedAt notes where a request goes, and sends none.
type askedAt struct{ at string }

func (a *askedAt) Do(r *http.Request) (*http.Response, error) {
	a.at = r.URL.Host + r.URL.Path
	return nil, errors.New("not sent")
}

// TestAnEndpointOfOneServiceIsTakenAsOneOfAllIs: emulators are named by
// AWS_ENDPOINT_URL, or each service by a variable of its own.
func TestAnEndpointOfOneServiceIsTakenAsOneOfAllIs(t *testing.T) {
	const emulator = "emulator.test:5000"
	for _, variables := range [][]string{{"AWS_ENDPOINT_URL"}, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL_ECR"}, nil} {
		t.Run(cmp.Or(strings.Join(variables, " "), "of AWS itself"), func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
			for _, v := range variables {
				t.Setenv(v, "http://"+emulator)
			}
			asked := &askedAt{}
			cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"),
				config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("key", "secret", "")),
				config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
			if err != nil {
				t.Fatal(err)
			}
			cfg.HTTPClient = asked
			clients := NewClients(cfg)
			for _, c := range []struct {
				call       func(context.Context) error
				own, ofAWS string
			}{
				{func(ctx context.Context) error {
					_, err := clients.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
					return err
				}, emulator + "/bucket/key", "bucket.s3.us-east-1.amazonaws.com/key"},
				{func(ctx context.Context) error {
					_, err := clients.Logs.StartLiveTail(ctx, &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"arn:aws:logs:us-east-1:123456789012:log-group:x"}})
					return err
				}, emulator + "/", "stream-logs.us-east-1.amazonaws.com/"},
			} {
				want := c.own
				if variables == nil {
					want = c.ofAWS
				}
				if err := c.call(t.Context()); err == nil || asked.at != want {
					t.Errorf("asked at %q, want %q (%v)", asked.at, want, err)
				}
			}
			if own := ECREndpoint(cfg); (own != nil) != (variables != nil) {
				t.Errorf("ECR's own endpoint: %v", aws.ToString(own))
			}
			all := len(variables) == 1
			if _, err := clients.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err == nil || strings.HasPrefix(asked.at, emulator) != all {
				t.Errorf("EC2 is asked at %q (%v)", asked.at, err)
			}
		})
	}
}

package cloud

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAttempts is enough for a parallel walk to sit out a throttle: the SDK's own
// three are used up within two seconds.
const maxAttempts = 10

// Sign is how the SDK is to sign in.
type Sign struct {
	Region  string
	Profile string
	// Code asks a person for the code of an MFA device; nil where no person can be asked.
	Code func() (string, error)
}

// LoadConfig reads the SDK's own configuration: environment, profile, SSO, AWS_ENDPOINT_URL, AWS_CA_BUNDLE. Of the
// account only the region and the profile are known then. What the SDK would log by itself is left out: its errors say
// the same.
func LoadConfig(ctx context.Context, s Sign) (aws.Config, Account, error) {
	c := &contact{}
	in := Account{Partition: "aws", Region: s.Region, Profile: s.profile()}
	opts := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), config.WithHTTPClient(c.client()), config.WithEC2RoleCredentialOptions(askMachineOnce),
	}
	if s.Region != "" {
		opts = append(opts, config.WithRegion(s.Region))
	}
	if s.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(s.Profile))
	}
	if s.Code != nil {
		opts = append(opts, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = s.Code
			if o.Duration == 0 { // the SDK's 15 minutes end before a first up with a certificate does
				o.Duration = time.Hour // which every role allows
			}
		}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return cfg, in, unloadable(err, in)
	}
	if cfg.Region == "" {
		return cfg, in, &Problem{What: "no region is set", Do: "set region in agents.yaml, --region, or AWS_REGION"}
	}
	cfg.HTTPClient = keepBody{cfg.HTTPClient}
	cfg.Retryer = func() aws.Retryer { return retryer(20*time.Second, c) }
	in.Region = cfg.Region
	return cfg, in, nil
}

// profile is the one that the SDK will use; "" is the default one.
func (s Sign) profile() string {
	return cmp.Or(s.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"))
}

// askMachineOnce asks the machine's metadata service for credentials a single time: it is a second away or not there.
func askMachineOnce(o *ec2rolecreds.Options) {
	o.Client = imds.New(imds.Options{Retryer: aws.NopRetryer{}, Logger: logging.Nop{}})
}

// plainHost keeps the SDK from putting "streaming-" before the host of an endpoint that was named: only AWS's own
// resolvers know such names.
func plainHost(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("karmactl.PlainHost",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// Retryer is the SDK's standard one with enough attempts, and no token pool: a
// walk of many goroutines would empty it and then fail at the first throttle.
func Retryer(maxBackoff time.Duration) aws.Retryer { return retryer(maxBackoff, &contact{made: true}) }

func retryer(maxBackoff time.Duration, c *contact) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = maxBackoff
		o.Backoff = c.backoff(retry.NewExponentialJitterBackoff(maxBackoff))
		o.Retryables = append([]retry.IsErrorRetryable{c}, o.Retryables...)
		o.RateLimiter = noLimit{}
	})
}

type noLimit struct{}

func (noLimit) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (noLimit) AddTokens(uint) error { return nil }

// keepBody keeps the SDK from closing the request body before the transport is
// done with it: over a fast loopback that kills one connection in a thousand
// under a reply that was fine.
type keepBody struct{ aws.HTTPClient }

func (c keepBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.HTTPClient.Do(r)
}

// WithOptions returns cfg with API options added for all clients.
func WithOptions(cfg aws.Config, opts ...func(*middleware.Stack) error) aws.Config {
	cfg = cfg.Copy()
	cfg.APIOptions = append(append([]func(*middleware.Stack) error{}, cfg.APIOptions...), opts...)
	return cfg
}

// HasCredentials finds out whether there are any, for commands that need not know whose.
func HasCredentials(ctx context.Context, cfg aws.Config, in Account) error {
	_, err := cfg.Credentials.Retrieve(ctx)
	if err == nil {
		return nil
	}
	// As a call would say it: the reading of the credentials is one, whatever it is made of.
	op := &smithy.OperationError{ServiceID: "STS", OperationName: "GetCallerIdentity", Err: fmt.Errorf("get credentials: %w", err)}
	return Explain(op, in)
}

// Whoami asks STS whose credentials these are; a is what is known of the account without that.
func Whoami(ctx context.Context, cfg aws.Config, a Account) (Account, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		if Is(err, "InvalidClientTokenId") && acceptedElsewhere(ctx, cfg) {
			return a, &Problem{
				What: "region " + cfg.Region + " is not enabled in this account", Err: err,
				Do: "aws account enable-region --region-name " + cfg.Region + ", which takes minutes to hours; or choose another region",
			}
		}
		return a, Explain(err, a)
	}
	a.ID, a.Partition, a.Region = aws.ToString(out.Account), "aws", cfg.Region
	if id, err := arn.Parse(aws.ToString(out.Arn)); err == nil {
		a.Partition = id.Partition
		_, a.Caller, _ = strings.Cut(id.Resource, "/")
	}
	return a, nil
}

// acceptedElsewhere tells whether the credentials are good and only the region refuses them: STS answers
// InvalidClientTokenId in a region that the account has not enabled.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
func acceptedElsewhere(ctx context.Context, cfg aws.Config) bool {
	const always = "us-east-1"
	if cfg.Region == always || cfg.BaseEndpoint != nil {
		return false
	}
	_, err := sts.NewFromConfig(cfg, func(o *sts.Options) { o.Region = always }).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err == nil
}

// Trace is an API option that tells each call with its duration: service and
// operation only, never what was sent.
func Trace(now func() time.Time, tell func(service, operation string, took time.Duration, err error)) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("karmactl.Trace",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				began := now()
				out, meta, err := next.HandleInitialize(ctx, in)
				tell(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), now().Sub(began), err)
				return out, meta, err
			}), middleware.After)
	}
}

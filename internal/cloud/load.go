package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAttempts is enough for a parallel walk to sit out a throttle: the SDK's own
// three are used up within two seconds.
const maxAttempts = 10

// LoadConfig reads the SDK's own configuration: environment, profile, SSO,
// AWS_ENDPOINT_URL, AWS_CA_BUNDLE.
func LoadConfig(ctx context.Context, region, profile string) (aws.Config, error) {
	opts := []func(*config.LoadOptions) error{}
	if region != "" {
		opts = append(opts, config.WithRegion(region))
	}
	if profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		if errors.As(err, new(config.SharedConfigProfileNotExistError)) {
			return cfg, fmt.Errorf("profile %q does not exist: %w: see aws configure list-profiles", profile, err)
		}
		return cfg, fmt.Errorf("the AWS configuration cannot be read: %w", err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("no region: set region in agents.yaml, --region, or AWS_REGION")
	}
	if cfg.BaseEndpoint != nil || cfg.HTTPClient == nil {
		cfg.HTTPClient = keepBody{client(cfg)}
	}
	cfg.Retryer = func() aws.Retryer { return Retryer(20 * time.Second) }
	if cfg.BaseEndpoint != nil {
		return WithOptions(cfg, plainHost), nil
	}
	return cfg, nil
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
func Retryer(maxBackoff time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = maxBackoff
		o.RateLimiter = noLimit{}
	})
}

type noLimit struct{}

func (noLimit) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (noLimit) AddTokens(uint) error { return nil }

func client(cfg aws.Config) aws.HTTPClient {
	if cfg.HTTPClient != nil {
		return cfg.HTTPClient
	}
	return awshttp.NewBuildableClient()
}

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
func HasCredentials(ctx context.Context, cfg aws.Config) error {
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return noCredentials(err)
	}
	return nil
}

func noCredentials(err error) error {
	return fmt.Errorf("no usable AWS credentials: %w: set AWS_PROFILE, run aws sso login, or try --simulate FILE without an account", err)
}

// Whoami asks STS whose credentials these are.
func Whoami(ctx context.Context, cfg aws.Config) (Account, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		if Code(err) == "" {
			return Account{}, noCredentials(err)
		}
		return Account{}, Explain(err, Account{Region: cfg.Region})
	}
	a := Account{ID: aws.ToString(out.Account), Partition: "aws", Region: cfg.Region}
	if id, err := arn.Parse(aws.ToString(out.Arn)); err == nil {
		a.Partition = id.Partition
	}
	return a, nil
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

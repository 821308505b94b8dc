package cloud

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// dialing is a client whose connections are made by f.
func dialing(c *contact, f func(context.Context) (net.Conn, error)) *ec2.Client {
	t := &http.Transport{DialContext: c.dial(func(ctx context.Context, _, _ string) (net.Conn, error) { return f(ctx) })}
	return ec2.NewFromConfig(aws.Config{
		Region: "us-east-1", HTTPClient: &http.Client{Transport: t}, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		BaseEndpoint: aws.String("http://ec2.example"), Retryer: func() aws.Retryer { return retryer(20*time.Second, c) },
	})
}

func TestAWSThatDoesNotAnswerIsGivenUpWithinTenSeconds(t *testing.T) {
	for name, f := range map[string]func(context.Context) (net.Conn, error){
		"packets are dropped": func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
		"connections are refused": func(context.Context) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		},
		"names are not known": func(context.Context) (net.Conn, error) {
			return nil, &net.DNSError{Name: "ec2.example", IsNotFound: true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := dialing(&contact{}, f).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
				p := new(Problem)
				if took := time.Since(began); err == nil || took > 9*time.Second || !errors.As(Explain(err, here), &p) || p.What != "cannot reach AWS" {
					t.Errorf("after %s: %v", took, Explain(err, here))
				}
			})
		})
	}
}

func TestAConnectionThatIsLostLaterIsTriedForLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &contact{made: true}
		began := time.Now()
		_, err := dialing(c, func(context.Context) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
		if took := time.Since(began); err == nil || took < 20*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

package cloud

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// contactWithin is how long a run tries to reach anything of AWS for the first time. A network that is there
	// answers within a second; without one each of the retryer's attempts would wait in vain, for minutes.
	contactWithin = 7 * time.Second
	// contactBackoff is the longest pause between two such tries.
	contactBackoff = time.Second
)

// contact knows whether a run has reached AWS yet. A connection that is lost later is the retryer's to mend.
type contact struct {
	mu    sync.Mutex
	began time.Time
	made  bool
	// why is what a try met that did not run out of time.
	why string
}

// NoAnswer is that nothing of AWS was reached since the run began.
type NoAnswer struct {
	Address string
	// Why is what the last try met. It is text: who asks whether a try timed out is not to try again.
	Why string
}

func (e *NoAnswer) Error() string {
	return fmt.Sprintf("%s did not answer within %s: %s", e.Address, contactWithin, e.Why)
}

// RetryableError tells the SDK's retryer that the time for trying is over.
func (e *NoAnswer) RetryableError() bool { return false }

// client is the SDK's own, which notes the first connection, and gives up when there is none.
func (c *contact) client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.DialContext = c.dial(t.DialContext) })
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// dial connects; until something of AWS was reached, not for longer than there is time for the first contact.
func (c *contact) dial(to dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		left, open := c.left()
		if !open {
			return to(ctx, network, address)
		}
		ctx, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		conn, err := to(ctx, network, address)
		if err == nil {
			c.reached()
			return conn, nil
		}
		return nil, c.missed(address, err)
	}
}

// left is how much time the first contact still has; open is false once it was made.
func (c *contact) left() (d time.Duration, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now() // dialing is on the machine's clock
	if c.began.IsZero() {
		c.began = now
	}
	return c.began.Add(contactWithin).Sub(now), !c.made
}

// missed is the error of a try that failed: its own while there is time for another one.
func (c *contact) missed(address string, err error) error {
	left, open := c.left()
	c.mu.Lock()
	defer c.mu.Unlock()
	if left > 0 || !open {
		c.why = err.Error()
		return err
	}
	return &NoAnswer{Address: address, Why: cmp.Or(c.why, err.Error())}
}

func (c *contact) reached() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = true
}

// backoff tries again soon while nothing was reached, which no throttle asks to be left alone.
func (c *contact) backoff(b retry.BackoffDelayer) retry.BackoffDelayer {
	return retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
		d, berr := b.BackoffDelay(attempt, err)
		if _, open := c.left(); open {
			d = min(d, contactBackoff)
		}
		return d, berr
	})
}

// IsErrorRetryable ends the retryer's tries when there is no time left for the first contact; else others decide.
func (c *contact) IsErrorRetryable(error) aws.Ternary {
	if left, open := c.left(); open && left <= 0 {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

package cloud

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

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
}

// NoAnswer is that nothing of AWS was reached since the run began.
type NoAnswer struct {
	Address string
	Err     error
}

func (e *NoAnswer) Error() string {
	return fmt.Sprintf("%s did not answer within %s: %v", e.Address, contactWithin, e.Err)
}
func (e *NoAnswer) Unwrap() error { return e.Err }

// RetryableError tells the SDK's retryer that the time for trying is over.
func (e *NoAnswer) RetryableError() bool { return false }

// client is the SDK's own, which notes the first connection, and gives up when there is none.
func (c *contact) client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			left, open := c.left()
			if !open {
				return dial(ctx, network, address)
			}
			ctx, cancel := context.WithTimeout(ctx, left)
			defer cancel()
			conn, err := dial(ctx, network, address)
			switch left, open := c.left(); {
			case err == nil:
				c.reached()
			case open && left <= 0:
				return nil, &NoAnswer{Address: address, Err: err}
			}
			return conn, err
		}
	})
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

func (c *contact) reached() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = true
}

// backoff tries again soon while nothing was reached, which no throttle asks to be left alone.
func (c *contact) backoff(b retry.BackoffDelayer) retry.BackoffDelayer {
	return retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
		d, berr := b.BackoffDelay(attempt, err)
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.made && !c.began.IsZero() {
			d = min(d, contactBackoff)
		}
		return d, berr
	})
}

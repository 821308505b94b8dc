//go:build wire

package wire

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// emulator is an endpoint that answers for AWS.
type emulator struct {
	name string
	// variable has its address.
	variable string
	// reset is the path that empties it.
	reset string
	// gaps are what it does otherwise than AWS.
	gaps func() []*gap
	// accepts are the refusals of AWS that it does not share, with what it does.
	accepts map[string]string
	// without are the kinds of resources that it cannot hold at all.
	without []lack
}

func emulators() []emulator { return []emulator{moto(), ministack()} }

// url is the emulator's address. A wire test without one has nothing to test.
func (e emulator) url(t *testing.T) string {
	t.Helper()
	u := os.Getenv(e.variable)
	if u == "" {
		t.Fatalf("%s is not set: run make test-wire, which starts the emulators", e.variable)
	}
	return u
}

// account is a session with an emptied emulator.
type account struct {
	emulator
	cloud.Account
	clock engine.Clock
	wire  *recorder
	gaps  []*gap
	// cfg is what product code makes its clients from: read from the
	// environment as always, with LostReplies, recorded, gaps bridged.
	cfg aws.Config
	// plain is the same without the bridges: the emulator as it is.
	plain aws.Config
}

// open empties the emulator and signs in. gaps are those of a session before, or
// nil for fresh ones.
func (e emulator) open(t *testing.T, gaps []*gap) *account {
	t.Helper()
	url := e.url(t)
	res, err := http.Post(url+e.reset, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s cannot be emptied: %s", e.name, res.Status)
	}
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAWIRETEST00000000") // of no account: both take any
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of-no-account")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	cfg, _, err := cloud.LoadConfig(t.Context(), cloud.Sign{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	// An emulator's 500 is its last word: it is not asked ten times.
	cfg.Retryer = func() aws.Retryer { return cloud.Retryer(50 * time.Millisecond) }
	a := &account{emulator: e, clock: &fast{began: time.Now()}, wire: &recorder{}, plain: cfg, gaps: gaps}
	if gaps == nil {
		a.gaps = e.gaps()
	}
	a.cfg = cloud.WithOptions(cfg, a.wire.middleware(a.gaps), cloud.LostReplies)
	if a.Account, err = cloud.Whoami(t.Context(), a.cfg, cloud.Account{}); err != nil {
		t.Fatal(err)
	}
	return a
}

// fast is a clock that runs thirty times as fast as the machine's: an emulator
// has nothing to wait for but the next look.
type fast struct{ began time.Time }

const haste = 30

func (c *fast) Now() time.Time { return c.began.Add(time.Since(c.began) * haste) }

func (c *fast) Wait(ctx context.Context, d time.Duration) error {
	return engine.RealClock{}.Wait(ctx, d/haste)
}

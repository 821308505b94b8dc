package awssim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// tailed is an account with two log groups, and what sessions read of them.
type tailed struct {
	t    *testing.T
	sim  *Sim
	api  *logs.Client
	arns []string
}

func newTailed(t *testing.T) *tailed {
	t.Helper()
	s, err := New(Options{Clock: engine.RealClock{}, Visible: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	x := &tailed{t: t, sim: s, api: logs.NewFromConfig(s.Config())}
	for _, name := range []string{"a", "b"} {
		if _, err := x.api.CreateLogGroup(t.Context(), &logs.CreateLogGroupInput{LogGroupName: &name}); err != nil {
			t.Fatal(err)
		}
		x.arns = append(x.arns, "arn:aws:logs:us-east-1:123456789012:log-group:"+name)
	}
	time.Sleep(3 * time.Second)
	return x
}

func (x *tailed) write(group string, messages ...string) {
	x.t.Helper()
	for _, m := range messages {
		if err := x.sim.Write(group, "s", time.Now(), m); err != nil {
			x.t.Fatal(err)
		}
	}
}

// session reads what a session sends for so long, by group and message, and whether
// it was a sample.
func (x *tailed) session(pattern string, groups []string, limit time.Duration) func() (got []string, sampled bool) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), limit)
	in := &logs.StartLiveTailInput{LogGroupIdentifiers: groups}
	if pattern != "" {
		in.LogEventFilterPattern = &pattern
	}
	out, err := x.api.StartLiveTail(ctx, in)
	if err != nil {
		x.t.Fatal(err)
	}
	return func() (got []string, sampled bool) {
		defer cancel()
		for e := range out.GetStream().Events() {
			u, ok := e.(*types.StartLiveTailResponseStreamMemberSessionUpdate)
			if !ok {
				continue
			}
			sampled = sampled || u.Value.SessionMetadata.Sampled
			for _, l := range u.Value.SessionResults {
				id := aws.ToString(l.LogGroupIdentifier)
				got = append(got, id[strings.LastIndexByte(id, ':')+1:]+" "+aws.ToString(l.Message))
			}
		}
		return got, sampled
	}
}

func TestALiveTailSessionSendsWhatCameSinceItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTailed(t)
		x.write("a", "before")
		time.Sleep(5 * time.Second)
		read := x.session("", x.arns, 10*time.Second)
		x.write("a", "one", "two")
		x.write("b", "three")
		got, sampled := read()
		if want := "a one, a two, b three"; strings.Join(got, ", ") != want || sampled {
			t.Errorf("got %q, sampled: %t; want %q", got, sampled, want)
		}
	})
}

func TestALiveTailSessionTakesAPatternAndSendsASampleOfTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTailed(t)
		read := x.session("ERROR", x.arns[:1], 10*time.Second)
		x.write("a", "fine", "ERROR bad")
		x.write("b", "ERROR elsewhere")
		if got, _ := read(); strings.Join(got, ", ") != "a ERROR bad" {
			t.Errorf("got %q", got)
		}
		read = x.session("", x.arns, 10*time.Second)
		for i := range 700 {
			x.write("a", fmt.Sprint(i))
		}
		if got, sampled := read(); len(got) != 500 || !sampled {
			t.Errorf("%d events of 700 in a second, sampled: %t", len(got), sampled)
		}
	})
}

func TestALiveTailSessionIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTailed(t)
		for name, c := range map[string]struct {
			groups []string
			code   string
		}{
			"no group":           {nil, ""},
			"a name":             {[]string{"a"}, "InvalidParameterException"},
			"an ARN with a star": {[]string{x.arns[0] + ":*"}, "InvalidParameterException"},
			"a group not there":  {[]string{x.arns[0] + "x"}, "ResourceNotFoundException"},
			"eleven groups":      {append(make([]string, 10), x.arns[0]), "InvalidParameterException"},
		} {
			_, err := x.api.StartLiveTail(t.Context(), &logs.StartLiveTailInput{LogGroupIdentifiers: c.groups})
			if err == nil || c.code != "" && cloud.Code(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
	})
}

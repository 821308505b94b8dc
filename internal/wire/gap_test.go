//go:build wire

package wire

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// gap is one thing that an emulator does otherwise than AWS.
type gap struct {
	// what the emulator does, and what AWS does instead.
	what  string
	rules []rule
	met   atomic.Bool
}

// rule puts the answers of one operation right.
type rule struct {
	op  string
	fix func(in, out any, err error) (any, error, bool)
}

func newGap(what string, rules ...rule) *gap { return &gap{what: what, rules: rules} }

// at makes a rule. fix is shown what was sent and what the emulator answered; it
// changes that into AWS's answer and tells whether there was anything to change:
// a gap that is never met is closed. out is never nil.
func at[I, O any](op string, fix func(in *I, out *O, err error) (met bool, answer error)) rule {
	return rule{op: op, fix: func(in, out any, err error) (any, error, bool) {
		o, _ := out.(*O)
		if o == nil {
			o = new(O)
		}
		met, ferr := fix(in.(*I), o, err)
		if ferr != nil {
			return nil, ferr, met
		}
		return o, nil, met
	}}
}

// heed makes a rule that only looks at what was sent and answered.
func heed[I, O any](op string, look func(in *I, out *O)) rule {
	return at(op, func(in *I, out *O, err error) (bool, error) {
		if err == nil {
			look(in, out)
		}
		return false, err
	})
}

// amend makes a rule for answers that are a success and not what AWS answers.
func amend[I, O any](op string, fix func(in *I, out *O) bool) rule {
	return at(op, func(in *I, out *O, err error) (bool, error) {
		return err == nil && fix(in, out), err
	})
}

// bridge lays AWS's answer over the emulator's.
func (g *gap) bridge(r rule, in, out any, err error) (any, error) {
	fixed, ferr, met := r.fix(in, out, err)
	if !met {
		return out, err
	}
	g.met.Store(true)
	return fixed, ferr
}

// notes remember what was sent, by id, for the answers that should tell it.
type notes[V any] struct{ m sync.Map }

func (n *notes[V]) put(id string, v V) { n.m.Store(id, v) }

func (n *notes[V]) get(id string) (V, bool) {
	v, ok := n.m.Load(id)
	if !ok {
		var none V
		return none, false
	}
	return v.(V), true
}

// lack is a kind of resource that an emulator cannot hold at all.
type lack struct {
	kinds []string
	why   string
	// probe asks for one of them; an answer closes the gap.
	probe func(context.Context, *account) error
}

// noSampling: neither emulator knows X-Ray's sampling rules.
func noSampling() lack {
	return lack{kinds: []string{"sampling-rule"}, why: "X-Ray has no sampling rules", probe: func(ctx context.Context, a *account) error {
		_, err := cloud.NewClients(a.plain).XRay.GetSamplingRules(ctx, &xray.GetSamplingRulesInput{})
		return err
	}}
}

// holds drops the steps of the kinds that the emulator cannot hold.
func (a *account) holds(steps []engine.Step) []engine.Step {
	missing := map[string]bool{}
	for _, l := range a.without {
		for _, k := range l.kinds {
			missing[k] = true
		}
	}
	var out []engine.Step
	for _, s := range steps {
		if !missing[s.Key().Kind()] {
			out = append(out, s)
		}
	}
	return out
}

// closed fails the test for every gap that the emulator has closed.
func (e emulator) closed(t *testing.T, gaps []*gap) {
	t.Helper()
	for _, g := range gaps {
		if !g.met.Load() {
			t.Errorf("%s has closed this gap, take it off the list: %s", e.name, g.what)
		}
	}
	a := e.open(t, nil)
	for _, l := range e.without {
		if err := l.probe(t.Context(), a); err == nil {
			t.Errorf("%s holds %v now, take them off the list: %s", e.name, l.kinds, l.why)
		}
	}
}

// orders says what a walk did, for a message.
func orders(res *engine.Result) string {
	s := ""
	for _, o := range res.Outcomes {
		if o.Status != engine.Done {
			s += fmt.Sprintf("\n  %s %s %s: %s%s", o.Status, o.Verb, o.Key, o.Reason, message(o.Err))
		} else if o.Verb != engine.None {
			s += fmt.Sprintf("\n  %s %s", o.Verb, o.Key)
			for _, c := range o.Changes {
				s += fmt.Sprintf(" (%s: %s -> %s)", c.Field, c.Was, c.Now)
			}
		}
	}
	return s
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

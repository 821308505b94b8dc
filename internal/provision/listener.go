package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ListenerSpec is what we own of a listener.
type ListenerSpec struct {
	Port        int
	Protocol    string
	Certificate string
	TLSPolicy   string
	// Answer is the body of the 404 for what no rule takes; "" with Redirect.
	Answer string
	// Redirect sends everything to HTTPS.
	Redirect bool
	Tags     cloud.Tags
}

// tlsPolicy takes TLS 1.2 and 1.3; the API's own default takes TLS 1.0.
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

// Listener is a port of the load balancer.
type Listener struct {
	engine.Ref
	*Env
	LoadBalancer *LoadBalancer
	Port         int
	// Protocol is HTTP or HTTPS.
	Protocol string
	// Certificate is nil except for HTTPS.
	Certificate *CertificateValidation
	// Agents are where the agents answer, such as /validator/: the answer to what no rule
	// takes tells it.
	Agents []string
	// Redirect sends everything to HTTPS instead.
	Redirect bool

	// turn lets one rule take a place at a time: see ListenerRule.move.
	turn     chan struct{}
	makeTurn sync.Once
}

// alone waits for the turn to give rules of this listener their places.
func (l *Listener) alone(ctx context.Context) (done func(), err error) {
	l.makeTurn.Do(func() { l.turn = make(chan struct{}, 1) })
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *Listener) Key() engine.Key { return engine.Key("listener/" + strings.ToLower(l.Protocol)) }

// Needs the load balancer, which may still be provisioning, and for HTTPS the certificate.
func (l *Listener) Needs() []engine.Node {
	return slices.Concat(nodes(l.LoadBalancer), nodes(l.Certificate))
}

// OwnedBy is the load balancer, which AWS deletes with its listeners.
func (l *Listener) OwnedBy() engine.Node { return l.LoadBalancer }

// Want is the listener with its answer to what no rule takes.
func (l *Listener) Want() ListenerSpec {
	want := ListenerSpec{Port: l.Port, Protocol: l.Protocol, Redirect: l.Redirect, Tags: l.TagsOf(l.Key())}
	if !l.Redirect {
		want.Answer = noSuchAgent(l.Agents)
	}
	if l.Certificate != nil {
		want.Certificate, want.TLSPolicy = l.Certificate.ID(), tlsPolicy
	}
	return want
}

// maxAnswer is how long the body of a fixed response may be:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html
const maxAnswer = 1024

// noSuchAgent is the JSON that names where the agents there are answer, or as many as fit.
func noSuchAgent(paths []string) string {
	for n := len(paths); ; n-- {
		body := struct {
			Error  string   `json:"error"`
			Agents []string `json:"agents"`
			More   int      `json:"more,omitempty"`
		}{"no such agent", paths[:n], len(paths) - n}
		b, err := json.Marshal(body)
		if n == 0 || err == nil && len(b) <= maxAnswer {
			return string(b)
		}
	}
}

// namedListeners are those of the load balancer of the stack's name. Whose they are,
// the tags tell, which are read meanwhile.
func (h *Env) namedListeners(ctx context.Context, notOlder time.Time) ([]types.Listener, error) {
	return cloud.List(ctx, h.Inventory, "listener by name", notOlder, func(ctx context.Context) ([]types.Listener, error) {
		lbs, err := h.namedLoadBalancers(ctx, notOlder)
		if err != nil {
			return nil, err
		}
		lbs = slices.DeleteFunc(slices.Clone(lbs), func(lb types.LoadBalancer) bool { return !serves(lb) })
		return cloud.Chunks(ctx, lbs, 1, func(ctx context.Context, one []types.LoadBalancer) ([]types.Listener, error) {
			return unlessGone(cloud.Pages(ctx, elb.NewDescribeListenersPaginator(h.Clients.ELB, &elb.DescribeListenersInput{LoadBalancerArn: one[0].LoadBalancerArn}),
				func(out *elb.DescribeListenersOutput) []types.Listener { return out.Listeners }))
		})
	})
}

// listeners are those of the stack's load balancer, with their tags.
func (h *Env) listeners(ctx context.Context, notOlder time.Time) ([]candidate[types.Listener], error) {
	return cloud.List(ctx, h.Inventory, "listener", notOlder, func(ctx context.Context) ([]candidate[types.Listener], error) {
		var lb string
		var all []candidate[types.Listener]
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() (err error) {
			lb, err = h.servingLoadBalancer(ctx, notOlder)
			return err
		})
		g.Go(func() error {
			named, err := h.namedListeners(ctx, notOlder)
			if err != nil {
				return err
			}
			all, err = elbCandidates(ctx, h.Clients.ELB, named, func(i types.Listener) string { return aws.ToString(i.ListenerArn) })
			return err
		})
		if err := g.Wait(); err != nil {
			return nil, err
		}
		return slices.DeleteFunc(all, func(c candidate[types.Listener]) bool { return aws.ToString(c.Item.LoadBalancerArn) != lb }), nil
	})
}

// Find looks among the listeners of the stack's load balancer. One without our
// tags on our port is another owner's.
func (l *Listener) Find(ctx context.Context, look engine.Look) (engine.Found[ListenerSpec], error) {
	all, err := l.listeners(ctx, look.NotOlder)
	if err != nil {
		return engine.Found[ListenerSpec]{}, err
	}
	one, duplicates := pick(l.Env, l.Key(), look, all)
	if one.ID == "" {
		for _, c := range all {
			if int(aws.ToInt32(c.Item.Port)) == l.Port && c.Tags[cloud.TagStack] != l.Stack {
				return engine.Found[ListenerSpec]{}, l.foreign(l.Key(), fmt.Sprintf("a listener on port %d", l.Port), c.ID)
			}
		}
		return engine.Found[ListenerSpec]{}, nil
	}
	li := one.Item
	found := engine.Found[ListenerSpec]{Phase: engine.Ready, ID: one.ID, Duplicates: duplicates, Spec: ListenerSpec{
		Port: int(aws.ToInt32(li.Port)), Protocol: string(li.Protocol), TLSPolicy: aws.ToString(li.SslPolicy), Tags: one.Tags,
	}}
	for _, c := range li.Certificates {
		found.Spec.Certificate = aws.ToString(c.CertificateArn)
	}
	found.Spec.Answer, found.Spec.Redirect = readAnswer(li.DefaultActions)
	return found, nil
}

// readAnswer tells our two kinds of answer; any other is described, so that it
// shows as a difference.
func readAnswer(actions []types.Action) (body string, redirect bool) {
	if len(actions) != 1 {
		return fmt.Sprintf("%d actions", len(actions)), false
	}
	a := actions[0]
	if f := a.FixedResponseConfig; a.Type == types.ActionTypeEnumFixedResponse && f != nil {
		if aws.ToString(f.StatusCode) == "404" && aws.ToString(f.ContentType) == "application/json" {
			return aws.ToString(f.MessageBody), false
		}
		return aws.ToString(f.StatusCode) + " " + aws.ToString(f.ContentType), false
	}
	if a.Type == types.ActionTypeEnumRedirect && sameRedirect(a.RedirectConfig, toHTTPS()) {
		return "", true
	}
	return "another " + string(a.Type), false
}

// toHTTPS sends a request to the same address, over HTTPS.
func toHTTPS() *types.RedirectActionConfig {
	return &types.RedirectActionConfig{
		StatusCode: types.RedirectActionStatusCodeEnumHttp301, Protocol: aws.String("HTTPS"), Port: aws.String("443"),
		Host: aws.String("#{host}"), Path: aws.String("/#{path}"), Query: aws.String("#{query}"),
	}
}

func sameRedirect(a, b *types.RedirectActionConfig) bool {
	same := func(a, b *string) bool { return aws.ToString(a) == aws.ToString(b) }
	return a != nil && a.StatusCode == b.StatusCode && same(a.Protocol, b.Protocol) && same(a.Port, b.Port) &&
		same(a.Host, b.Host) && same(a.Path, b.Path) && same(a.Query, b.Query)
}

func (s ListenerSpec) actions() []types.Action {
	if s.Redirect {
		return []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: toHTTPS()}}
	}
	return []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
		StatusCode: aws.String("404"), ContentType: aws.String("application/json"), MessageBody: aws.String(s.Answer),
	}}}
}

func (s ListenerSpec) tls() (certificates []types.Certificate, policy *string) {
	if s.Certificate == "" {
		return nil, nil
	}
	return []types.Certificate{{CertificateArn: aws.String(s.Certificate)}}, aws.String(s.TLSPolicy)
}

// Diff compares. All of it can change in place.
func (l *Listener) Diff(have, want ListenerSpec) []engine.Change {
	return changes(
		essential(field("port", have.Port, want.Port)),
		essential(field("protocol", have.Protocol, want.Protocol)),
		essential(field("certificate", have.Certificate, want.Certificate)),
		field("tls_policy", have.TLSPolicy, want.TLSPolicy),
		essential(field("answer", have.Answer, want.Answer)),
		essential(field("redirect", have.Redirect, want.Redirect)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the listener; the same port and settings again give the same one.
func (l *Listener) Create(ctx context.Context, want ListenerSpec, _ string) (string, error) {
	certificates, policy := want.tls()
	out, err := l.Clients.ELB.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: aws.String(l.LoadBalancer.ID()), Protocol: types.ProtocolEnum(want.Protocol),
		Port:         aws.Int32(int32(want.Port)), //nolint:gosec // a port
		Certificates: certificates, SslPolicy: policy, DefaultActions: want.actions(), Tags: toELBTags(want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Listeners[0].ListenerArn), nil
}

// Update sets everything but the tags in one call, and the tags.
func (l *Listener) Update(ctx context.Context, id string, have, want ListenerSpec) error {
	other := have
	other.Tags = want.Tags
	if len(l.Diff(other, want)) > 0 {
		certificates, policy := want.tls()
		_, err := l.Clients.ELB.ModifyListener(ctx, &elb.ModifyListenerInput{
			ListenerArn: &id, Protocol: types.ProtocolEnum(want.Protocol),
			Port:         aws.Int32(int32(want.Port)), //nolint:gosec // a port
			Certificates: certificates, SslPolicy: policy, DefaultActions: want.actions(),
		})
		if err != nil {
			return err
		}
	}
	return updateELBTags(ctx, l.Clients.ELB, id, have.Tags, want.Tags)
}

// Delete deletes the listener with its rules.
func (l *Listener) Delete(ctx context.Context, id string) error {
	return failure(l.Clients.ELB.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &id}))
}

package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// RoundTripper sends requests through the simulated load balancers: by host to
// a load balancer, then listener, rule, rewrite and a healthy target, as AWS
// does. A target answers 200 with its address and the path that it was asked for,
// at once or after as long as the query says: ?takes=20s.
func (s *Sim) RoundTripper() http.RoundTripper { return dataPlane{s} }

type dataPlane struct{ sim *Sim }

// answered is what a load balancer makes of a request.
type answered struct {
	status int
	kind   string
	body   string
	// location is where a redirect leads.
	location string
	// after is how long the answer takes.
	after time.Duration
}

// RoundTrip answers a request; a host that no name leads to is an error, as it
// is without the simulation.
func (d dataPlane) RoundTrip(r *http.Request) (*http.Response, error) {
	var a answered
	err := d.sim.transact(false, func() error {
		d.sim.settle()
		var err error
		a, err = d.sim.serve(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := d.sim.opts.Clock.Wait(r.Context(), a.after); err != nil {
		return nil, err
	}
	h := http.Header{"Content-Type": {a.kind}, "Server": {"awselb/2.0"}}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

func (s *Sim) serve(r *http.Request) (answered, error) {
	host := r.URL.Hostname()
	if host == spotFeedHost {
		return spotFeed(), nil
	}
	lb := s.loadBalancerAt(host)
	if lb == nil {
		return answered{}, fmt.Errorf("lookup %s: no such host", host)
	}
	port := r.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[r.URL.Scheme]
	}
	if !s.active(lb) {
		return answered{}, fmt.Errorf("dial %s:%s: connection refused: the load balancer is not active", host, port)
	}
	s.countRequest(lb)
	asked := asksFor(r)
	for _, l := range s.world.Listeners {
		if l.LoadBalancer != lb.ARN || strconv.Itoa(int(l.Port)) != port {
			continue
		}
		for _, rule := range s.rulesOf(l.ARN) {
			if rule.takes(asked, r.URL.Path) {
				return s.act(rule.Actions[0], r, rule.rewrite(r.URL.Path)), nil
			}
		}
		return s.act(l.Actions[0], r, r.URL.Path), nil
	}
	return answered{}, fmt.Errorf("dial %s:%s: connection refused: no listener", host, port)
}

// countRequest counts a request for CloudWatch.
func (s *Sim) countRequest(lb *LoadBalancer) {
	if s.requests[lb.ARN] == nil {
		s.requests[lb.ARN] = map[int64]int{}
	}
	s.requests[lb.ARN][s.now().Unix()/60]++
}

// asksFor is the host of a request as its header has it, which need not be the name that
// led to the load balancer.
func asksFor(r *http.Request) string {
	header := url.URL{Host: r.Host}
	return cmp.Or(header.Hostname(), r.URL.Hostname())
}

// loadBalancerAt is the load balancer that a name leads to.
func (s *Sim) loadBalancerAt(host string) *LoadBalancer {
	host = s.resolve(host)
	for _, l := range s.world.LoadBalancers {
		if strings.EqualFold(l.DNSName, host) {
			return l
		}
	}
	return nil
}

// act carries out the action of a rule for a path that was rewritten.
func (s *Sim) act(a types.Action, r *http.Request, path string) answered {
	switch a.Type {
	case types.ActionTypeEnumFixedResponse:
		c := a.FixedResponseConfig
		status, _ := strconv.Atoi(aws.ToString(c.StatusCode))
		return answered{status: status, kind: aws.ToString(c.ContentType), body: aws.ToString(c.MessageBody)}
	case types.ActionTypeEnumRedirect:
		return answered{status: http.StatusMovedPermanently, location: "https://" + asksFor(r) + r.URL.RequestURI()}
	}
	t := s.aTarget(targetsOf(a)[0])
	switch {
	case t == nil:
		return answered{status: http.StatusServiceUnavailable, kind: "text/html", body: "<h1>503 Service Temporarily Unavailable</h1>"}
	case !t.Answers:
		return answered{status: http.StatusBadGateway, kind: "text/html", body: "<h1>502 Bad Gateway</h1>"}
	}
	body, _ := json.Marshal(map[string]any{"status": "ok", "target": t.IP, "port": t.Port, "path": path})
	return s.inTime(answered{status: http.StatusOK, kind: "application/json", body: string(body)}, r, t)
}

// inTime is a target's answer if it comes before anything on its way gives it up: Service
// Connect's proxy, which takes what comes to the port of its container, or the load
// balancer, which waits for its idle timeout:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-504-issues
func (s *Sim) inTime(a answered, r *http.Request, t *Target) answered {
	takes, err := time.ParseDuration(r.URL.Query().Get("takes"))
	if err != nil {
		return a
	}
	a.after = takes
	if limit := s.proxyTimeout(t); limit > 0 && takes > limit {
		a = answered{status: http.StatusGatewayTimeout, kind: "text/plain", body: "upstream request timeout", after: limit}
	}
	if limit := s.idleTimeout(r.URL.Hostname()); a.after > limit {
		a = answered{status: http.StatusGatewayTimeout, kind: "text/html", body: "<h1>504 Gateway Time-out</h1>", after: limit}
	}
	return a
}

// idleTimeout is that of the load balancer that a host leads to.
func (s *Sim) idleTimeout(host string) time.Duration {
	n, _ := strconv.Atoi(s.loadBalancerAt(host).Attributes[attrIdleTimeout])
	return time.Duration(n) * time.Second
}

// aTarget is a target that gets a request: a healthy one, or when none is, any
// that has been found unhealthy, since a load balancer then fails open.
func (s *Sim) aTarget(tgARN string) *Target {
	var open *Target
	for _, t := range sorted(s.world.TargetGroups[tgARN].Targets) {
		switch t.State {
		case types.TargetHealthStateEnumHealthy:
			return t
		case types.TargetHealthStateEnumUnhealthy:
			open = t
		}
	}
	return open
}

// takes tells whether all conditions of a rule hold for a request. Paths are
// compared with their case, hosts without.
func (r *ListenerRule) takes(host, p string) bool {
	for _, c := range r.Conditions {
		of := p
		if aws.ToString(c.Field) == "host-header" {
			of = strings.ToLower(host)
		}
		matched := false
		for _, v := range valuesOf(c) {
			if aws.ToString(c.Field) == "host-header" {
				v = strings.ToLower(v)
			}
			matched = matched || wildcard(v, of)
		}
		if !matched {
			return false
		}
	}
	return true
}

// wildcard matches * and ?, which unlike those of a file name also take slashes.
func wildcard(pattern, s string) bool {
	slashless := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	quoted := strings.NewReplacer("[", `\[`, `\`, `\\`).Replace(pattern)
	ok, err := path.Match(slashless(quoted), slashless(s))
	return ok && err == nil
}

// rewrite is the path that the target sees; one that the expression does not
// match stays.
func (r *ListenerRule) rewrite(p string) string {
	for _, t := range r.Transforms {
		w := t.UrlRewriteConfig.Rewrites[0]
		if re, err := regexp.Compile(aws.ToString(w.Regex)); err == nil && re.MatchString(p) {
			p = re.ReplaceAllString(p, strings.ReplaceAll(aws.ToString(w.Replace), "$1", "${1}"))
		}
	}
	return p
}

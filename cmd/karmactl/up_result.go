package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// showUp asks the agents and tells how it went.
func showUp(ctx context.Context, s *session, st *stack.Stack, res *engine.Result, began time.Time, asleep *state.Hibernation, only []string) error {
	r := resultDoc(res)
	r.Notes = append(st.Notes(), document.Texts(s.notesOf(res))...)
	err := res.Err()
	if err != nil && !errors.Is(err, engine.ErrInterrupted) && cloud.Classify(err) != engine.SignedOut && ctx.Err() == nil {
		s.lastWords(ctx, res, r.Failed)
		r.URLs = upOf(st.URLs(), res)
		r.Checks = append(askAgents(ctx, s, st, r.URLs), stillUp(ctx, s, st, res)...)
		for _, ch := range r.Checks {
			r.URLs[ch.Agent] = st.URLs()[ch.Agent]
		}
	}
	if err == nil {
		r.URLs = st.URLs()
		r.Checks = askAgents(ctx, s, st, upOf(r.URLs, res))
		for i := range r.Checks {
			r.Checks[i].Note = whyNot(r.Checks[i], res, only)
		}
		r.Outcome = "succeeded"
		r.Headline = fmt.Sprintf("Up in %s. %s.", ui.Duration(s.clock.Now().Sub(began)), sumOfWalk(res, r.Checks, len(r.URLs)))
		if !changed(res) {
			r.Headline = fmt.Sprintf("Nothing to change: %d resources are as %s says.", len(res.Outcomes), s.cfg.File)
			if len(only) > 0 {
				r.Headline = fmt.Sprintf("Nothing to change at %s; the other agents were not compared.", strings.Join(only, ", "))
			}
		}
		r.Next = []string{"karmactl status"}
		if starts(res) {
			r.Next = []string{"karmactl logs --follow", "karmactl status"}
		}
		if asleep != nil {
			r.Notes = append(r.Notes, "it has hibernated since "+atUTC(asleep.Since))
			r.Next = []string{"karmactl wake"}
		}
	}
	return s.finish(ctx, r, res, err)
}

// whyNot is the note of an agent that was asked: of one that wants no task, or that this up did not look at, AWS has
// not said that it is healthy.
func whyNot(ch document.Check, res *engine.Result, only []string) string {
	o, _ := res.Get(engine.Key("service/" + ch.Agent))
	have, found := o.Have.(provision.ServiceSpec)
	want, made := o.Want.(provision.ServiceSpec)
	switch {
	case ch.OK:
		return ch.Note
	case found && have.Tasks == 0 && !have.Empty, !found && made && want.Tasks == 0:
		return "no task is wanted: karmactl scale " + ch.Agent + "=1"
	case len(only) > 0 && !slices.Contains(only, ch.Agent):
		return strings.TrimLeft(strings.TrimPrefix(ch.Note, healthyInAWS), ",; ") + ": karmactl status " + ch.Agent
	}
	return ch.Note
}

// upOf are the addresses of the agents whose services are there and well.
func upOf(urls map[string]string, res *engine.Result) map[string]string {
	up := map[string]string{}
	for agent, url := range urls {
		if o, ok := res.Get(engine.Key("service/" + agent)); ok && o.Status == engine.Done && o.ID != "" {
			up[agent] = url
		}
	}
	return up
}

// stillUp are the agents whose new revision failed, and that answer as they did before.
func stillUp(ctx context.Context, s *session, st *stack.Stack, res *engine.Result) []document.Check {
	before := map[string]string{}
	for agent, url := range st.URLs() {
		if o, ok := res.Get(engine.Key("service/" + agent)); ok && o.Status == engine.Failed && o.Have != nil {
			before[agent] = url
		}
	}
	checks := slices.DeleteFunc(askAgents(ctx, s, st, before), func(ch document.Check) bool { return !ch.OK })
	for i := range checks {
		checks[i].Note = "with the revision before"
	}
	return checks
}

// sumOfWalk is what was done, and how many of so many agents with an address answer.
func sumOfWalk(res *engine.Result, checks []document.Check, agents int) string {
	var done document.Summary
	for _, o := range res.With(engine.Done) {
		done = count(done, o.Verb)
	}
	var parts []string
	for _, x := range []struct {
		n    int
		what string
	}{{done.Create, "created"}, {done.Update, "changed"}, {done.Replace, "replaced"}, {done.Delete, "deleted"}, {len(res.With(engine.Failed)), "failed"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	sum := strings.Join(parts, ", ")
	if len(checks) > 0 {
		answer := 0
		for _, ch := range checks {
			if ch.OK {
				answer++
			}
		}
		verb := "answer"
		if answer == 1 || agents == 1 {
			verb = "answers"
		}
		sum = strings.TrimPrefix(fmt.Sprintf("%s; %d of %s %s", sum, answer, cloud.Count(agents, "agent"), verb), "; ")
	}
	return sum
}

// lastWords gives each agent whose tasks failed the last lines that one of them wrote.
func (s *session) lastWords(ctx context.Context, res *engine.Result, failed []document.Problem) {
	env := s.env(true)
	for i, o := range res.With(engine.Failed) {
		if f := new(provision.DeploymentFailed); errors.As(o.Err, &f) && !f.Release {
			failed[i].Log = s.rolloutAgent(env, f.Agent, nil).LastWords(ctx)
		}
	}
}

// starts tells whether an agent has a service, and so something to say in its logs.
func starts(res *engine.Result) bool {
	return slices.ContainsFunc(res.Outcomes, func(o engine.Outcome) bool { return o.Key.Kind() == "service" && o.Status == engine.Done })
}

func changed(res *engine.Result) bool {
	return slices.ContainsFunc(res.Outcomes, func(o engine.Outcome) bool { return o.Verb != engine.None })
}

// resultDoc counts and lists; the command adds what is its own.
func resultDoc(res *engine.Result) *document.Result {
	r := &document.Result{Outcome: "failed", Waiting: waiting(res)}
	for _, o := range res.Outcomes {
		r.Summary = count(r.Summary, o.Verb)
		switch o.Status {
		case engine.Failed:
			r.Failed = append(r.Failed, document.Problem{Key: string(o.Key), Error: o.Err.Error(), Suggestion: engine.AdviceOf(o.Err)})
		case engine.Blocked, engine.Interrupted:
			r.Blocked = append(r.Blocked, document.Problem{Key: string(o.Key), Error: o.Reason})
		}
	}
	return r
}

// finish prints the result and turns the walk's error into the exit code.
func (s *session) finish(ctx context.Context, r *document.Result, res *engine.Result, err error) error {
	code := exitError
	switch {
	case err == nil:
	case cloud.Classify(err) == engine.SignedOut:
		r.Outcome = "interrupted"
		r.Headline = "Interrupted, because the credentials have ended: what was made is recorded."
		r.Next = []string{"sign in and run the same command again: it continues where this one stopped"}
		r.Blocked = nil
		code = exitInterrupted
	case errors.Is(err, engine.ErrInterrupted):
		r.Outcome = "interrupted"
		r.Headline = "Interrupted: what was made is recorded."
		if up := late(ctx); up != nil {
			r.Headline = up.Error() + ": what was made is recorded."
		}
		r.Next = []string{"run the same command again: it continues where this one stopped"}
		r.Blocked = nil
		code = exitInterrupted
	default:
		public := len(s.cfg.Public())
		r.Headline = sumOfWalk(res, r.Checks, public) + "."
		r.Next = []string{"mend that and run the same command again: what is done stays done"}
		if errors.As(err, new(*provision.DeploymentFailed)) {
			code = exitDeployment
		}
	}
	if perr := s.app.term.Result(r); perr != nil {
		return perr
	}
	if err != nil {
		return &exit{code: code}
	}
	return nil
}

// healthyInAWS is what is known of an agent that is asked although it does not answer from here.
const healthyInAWS = "healthy in AWS"

// askAgents asks every agent that AWS reports healthy, at its address, from here. That alone failing (a
// fresh DNS name, a proxy, an emulator without a data plane) is said with its
// cause and changes nothing else.
func askAgents(ctx context.Context, s *session, st *stack.Stack, urls map[string]string) []document.Check {
	var checks []document.Check
	for _, ag := range s.cfg.Agents {
		if url := urls[ag.Name]; url != "" {
			checks = append(checks, document.Check{Agent: ag.Name, URL: strings.TrimRight(url, "/") + ag.Health.Path})
		}
	}
	if balancer := st.ConnectTo(); balancer != "" { // another fleet would answer
		for i := range checks {
			checks[i].Note = healthyInAWS + ", not asked: " + beside(balancer)
		}
		return checks
	}
	var wg sync.WaitGroup
	for i := range checks {
		wg.Add(1)
		go func() {
			defer wg.Done()
			askOne(ctx, s, &checks[i])
			if s.cfg.LoadBalancer.Internal && !checks[i].OK {
				checks[i].Note += "; the load balancer is internal: ask from within the network"
			}
			if allow := s.cfg.LoadBalancer.Allow; !checks[i].OK && len(allow) > 0 {
				checks[i].Note += "; load_balancer.allow lets in " + strings.Join(allow, ", ")
			}
		}()
	}
	wg.Wait()
	return checks
}

func askOne(ctx context.Context, s *session, c *document.Check) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		c.Note = err.Error()
		return
	}
	resp, err := s.http.Do(req)
	if err != nil {
		var dns *net.DNSError
		c.Note = healthyInAWS + ", not reached from here: " + err.Error()
		if errors.As(err, &dns) {
			c.Note = healthyInAWS + "; its name is not known here yet: a new load balancer's takes a minute or two"
		}
		return
	}
	defer func() { _ = resp.Body.Close() }()
	c.OK = resp.StatusCode < 400
	if !c.OK {
		c.Note = fmt.Sprintf("%s, answers %s from here", healthyInAWS, resp.Status)
	}
}

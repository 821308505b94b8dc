package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/stack"
)

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

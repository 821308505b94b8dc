package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// foreignUseError is the refusal to delete what others use. Nothing has been
// deleted by then.
type foreignUseError struct {
	users []string
	// monthly is what the stack still costs as it is, in dollars; "" is not known.
	monthly string
}

func (e *foreignUseError) Error() string {
	s := fmt.Sprintf("karmactl did not make %s, and deleting the stack would take the network, cluster or load balancer from under it: nothing was deleted",
		strings.Join(provision.Together(e.users), ", "))
	if e.monthly != "" {
		s += fmt.Sprintf("; left as it is the stack costs $%s a month", e.monthly)
	}
	return s
}

// Try names the ways out.
func (e *foreignUseError) Try() string {
	return "move or delete what is named; or karmactl down --keep-network, which leaves what is used by it and takes the rest"
}

// readUse finds out what of the stack others use, before anything is deleted.
func (p *plan) readUse(ctx context.Context) error {
	foreign, err := p.stack.ForeignResources(ctx)
	if err != nil {
		return err
	}
	p.used = p.stack.StillUsed(foreign)
	return nil
}

// keepUsed leaves what others use, and what that needs, where the command wants that.
func (t teardown) keepUsed(w *engine.Walk, used map[engine.Key][]string) {
	if !t.leaveUsed || len(used) == 0 {
		return
	}
	keep := w.Keep
	w.Keep = func(k engine.Key) string {
		if users := used[k]; len(users) > 0 {
			return "used by " + strings.Join(provision.Together(stack.Users(used, func(other engine.Key) bool { return other == k })), ", ")
		}
		if keep == nil {
			return ""
		}
		return keep(k)
	}
}

// refuseUsed ends a teardown that would delete what others use, or a load balancer
// that is protected, while all is as it was.
func (p *plan) refuseUsed(ctx context.Context) error {
	goes := map[engine.Key]bool{}
	for _, o := range p.res.Outcomes {
		goes[o.Key] = o.Verb == engine.Delete
	}
	if goes["alb"] {
		protected, err := p.stack.LoadBalancerProtected(ctx)
		if err != nil {
			return err
		}
		if protected {
			return &advice{
				fmt.Errorf("the load balancer is protected from deletion (load_balancer.deletion_protection): nothing was deleted"),
				"set load_balancer.deletion_protection: false in agents.yaml and run karmactl up, then karmactl down",
			}
		}
	}
	users := stack.Users(p.used, func(k engine.Key) bool { return goes[k] })
	if len(users) == 0 {
		return nil
	}
	refusal := &foreignUseError{users: users}
	if prices, err := p.app.book(p.cfg); err == nil {
		if e, err := cost.Of(p.cfg, p.stack.Resources(), prices); err == nil && e.Complete() {
			refusal.monthly = cost.USD(e.Total().Expected)
		}
	}
	return refusal
}

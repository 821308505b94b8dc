package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// foreignNamesError is the refusal of a plan for which other owners have several of the names.
type foreignNamesError struct {
	stack string
	all   []*engine.NotManaged
	// rest is what else went wrong; nil is nothing.
	rest error
}

func (e *foreignNamesError) Error() string {
	lines := []string{fmt.Sprintf("%d resources have names of the stack %s and are not karmactl's; nothing was changed:", len(e.all), e.stack)}
	for _, n := range e.all {
		lines = append(lines, fmt.Sprintf("  %-26s %s (%s)", n.Key, n.What, n.ID))
	}
	if e.rest != nil {
		lines = append(lines, e.rest.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap has them all.
func (e *foreignNamesError) Unwrap() []error {
	out := []error{}
	for _, n := range e.all {
		out = append(out, n)
	}
	if e.rest != nil {
		out = append(out, e.rest)
	}
	return out
}

// Try names the ways out.
func (e *foreignNamesError) Try() string {
	return fmt.Sprintf("another environment in agents.yaml, which builds beside them; karmactl adopt --from-ecs CLUSTER takes over a fleet that runs; what no other program manages is handed over by the tags %s=%s and %s=KEY",
		cloud.TagStack, e.stack, cloud.TagKey)
}

// err is why the plan cannot be carried out. What belongs to other owners is one group of its own.
func (p *plan) err() error {
	e := &foreignNamesError{stack: p.cfg.Stack()}
	var rest []error
	for _, o := range p.res.Outcomes {
		foreign := new(engine.NotManaged)
		switch {
		case o.Err == nil:
		case errors.As(o.Err, &foreign):
			e.all = append(e.all, foreign)
		default:
			rest = append(rest, fmt.Errorf("%s: %w", o.Key, o.Err))
		}
	}
	if len(e.all) < 2 {
		return cmp.Or(p.res.Err(), p.narrowed)
	}
	e.rest = errors.Join(rest...)
	return e
}

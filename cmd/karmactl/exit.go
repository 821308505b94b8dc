package main

import (
	"errors"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// The exit codes that scripts rely on; every command's help lists them.
const (
	exitError       = 1
	exitChanges     = 2
	exitDeployment  = 3
	exitRolling     = 4
	exitBudget      = 5
	exitLocked      = 6
	exitDoctor      = 7
	exitUsage       = 64
	exitInterrupted = 130
)

// usageError is a wrong call.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// exit ends with a code; what there is to say has been said when err is nil.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *exit) Unwrap() error { return e.err }

// advice is an error with something to do about it.
type advice struct {
	err error
	try string
}

func (e *advice) Error() string { return e.err.Error() }
func (e *advice) Unwrap() error { return e.err }

// fault maps an error to its message and exit code. It is the only place that does.
func fault(a *app, err error) *ui.Fault {
	f := &ui.Fault{Code: exitError, Message: strings.TrimSpace(err.Error())} // of several one may have been said before
	var (
		problems *agents.Problems
		locked   *state.LockedError
		usage    *usageError
		ex       *exit
		adv      *advice
		over     *cost.OverBudget
		unknown  *cost.UnknownCost
		absent   *agents.NotFoundError
		noBucket *noBucketError
	)
	if errors.As(err, &adv) {
		f.Suggestion = adv.try
	}
	switch {
	case errors.As(err, &problems):
		f.Code, f.Text = exitUsage, problems.Error()
		f.Message = "agents.yaml is not valid"
		for _, p := range problems.List {
			f.Problems = append(f.Problems, ui.FaultProblem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Allowed: p.Allowed})
		}
	case errors.As(err, &usage), errors.As(err, &absent), isUsage(err):
		f.Code = exitUsage
	case errors.As(err, &over):
		f.Code, f.Suggestion = exitBudget, over.Suggestion()
	case errors.As(err, &unknown):
		f.Code, f.Suggestion = exitBudget, unknown.Suggestion()
	case errors.As(err, &noBucket):
		f.Suggestion = "karmactl up makes it, and finds what is there by its tags; --state names another"
	case errors.As(err, &locked):
		f.Code = exitLocked
	case errors.Is(err, engine.ErrInterrupted):
		f.Code, f.Message = exitInterrupted, "interrupted; what was made is recorded"
		if f.Suggestion == "" {
			f.Suggestion = "run the same command again: it goes on where this one stopped"
		}
	case errors.As(err, &ex):
		f.Code = ex.code
	}
	return f
}

// isUsage recognizes cobra's own errors, which have no type.
func isUsage(err error) bool {
	s := err.Error()
	return strings.HasPrefix(s, "unknown command") || strings.HasPrefix(s, "accepts ") || strings.HasPrefix(s, "requires at least") ||
		strings.HasPrefix(s, "required flag")
}

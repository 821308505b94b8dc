package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
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

// usage is a wrong call, and the right one.
func usage(right, format string, args ...any) error {
	return engine.Advise(&usageError{fmt.Errorf(format, args...)}, right)
}

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

// continues is the end of a following, of what continues without karmactl or is gone already.
type continues struct{ what, try string }

func (e *continues) Error() string { return "interrupted; " + e.what }
func (e *continues) Unwrap() error { return engine.ErrInterrupted }
func (e *continues) Try() string   { return e.try }

// fault maps an error to its message, reason, advice and exit code. It is the only place that does: what a resource
// or a command returns is explained here.
func fault(a *app, err error) *document.Error {
	err = cloud.Explain(err, a.account)
	f := &document.Error{Code: code(err), Message: strings.TrimSpace(err.Error()), Suggestion: engine.AdviceOf(err)} // of several one may have been said before
	var (
		problems *agents.Problems
		aws      *cloud.Problem
	)
	switch {
	case errors.As(err, &problems):
		f.Text = problems.Error()
		f.Message = "agents.yaml is not valid"
		for _, p := range problems.List {
			f.Problems = append(f.Problems, document.FileProblem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Allowed: p.Allowed})
		}
	case errors.As(err, new(*continues)): // it says itself what becomes of it
	case errors.Is(err, engine.ErrInterrupted):
		f.Message = "interrupted; what was made is recorded"
		f.Suggestion = cmp.Or(f.Suggestion, "run the same command again: it continues where this one stopped")
	case errors.As(err, &aws):
		f.Message, f.Why = strings.TrimSpace(strings.Replace(err.Error(), aws.Error(), aws.What, 1)), aws.Why
	}
	return f
}

// code is the exit code of an error.
func code(err error) int {
	var ex *exit
	switch {
	case errors.As(err, new(*agents.Problems)), errors.As(err, new(*agents.NotFoundError)), errors.As(err, new(*agents.FolderError)), errors.As(err, new(*usageError)), isUsage(err):
		return exitUsage
	case errors.As(err, new(*cost.OverBudget)), errors.As(err, new(*cost.UnknownCost)):
		return exitBudget
	case errors.As(err, new(*state.LockedError)):
		return exitLocked
	case errors.Is(err, engine.ErrInterrupted):
		return exitInterrupted
	case errors.As(err, new(*provision.DeploymentFailed)):
		return exitDeployment
	case errors.As(err, &ex):
		return ex.code
	}
	return exitError
}

// isUsage recognizes the errors of cobra's own that plainArguments and plainGroups do not see. They have no type.
func isUsage(err error) bool {
	s := err.Error()
	return strings.HasPrefix(s, "requires at least") || strings.HasPrefix(s, "required flag")
}

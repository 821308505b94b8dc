package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// plainArguments has every command say in karmactl's words that it does not take the arguments that it was given, or
// lacks some. A command that says more of its own is left to do so.
func plainArguments(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil || errors.As(err, new(*usageError)) {
				return err
			}
			_, takes, _ := strings.Cut(c.Use, " ")
			given := "nothing"
			if len(args) > 0 {
				given = fmt.Sprintf("%q", strings.Join(args, " "))
			}
			return engine.Advise(&usageError{fmt.Errorf("%s takes %s, and was given %s", c.CommandPath(), cmp.Or(takes, "no arguments"), given)}, c.CommandPath()+" --help")
		}
	}
	for _, sub := range c.Commands() {
		plainArguments(sub)
	}
}

// plainGroups says in karmactl's words that flags do not go together, which cobra looks at by itself. Every other error
// stays as it is.
func plainGroups(err error) error {
	text := err.Error()
	if !strings.HasPrefix(text, "if any flags in the group [") {
		return err
	}
	_, set, _ := strings.Cut(text, "; [")
	set, _, _ = strings.Cut(set, "]")
	return &usageError{fmt.Errorf("--%s do not go together", strings.Join(strings.Fields(set), " and --"))}
}

// badFlag says of a wrong flag what it may have been meant to be, and of a wrong value what is allowed.
func badFlag(c *cobra.Command, err error) error {
	try := c.CommandPath() + " --help"
	var (
		unknown *pflag.NotExistError
		lacking *pflag.ValueRequiredError
		value   *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown):
		if name := unknown.GetSpecifiedName(); len(name) == 1 {
			err = fmt.Errorf("unknown flag: -%s", name)
		}
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := agents.Nearest(unknown.GetSpecifiedName(), names); near != "" && len(unknown.GetSpecifiedName()) > 1 {
			try = "--" + near
		}
	case errors.As(err, &lacking):
		err = fmt.Errorf("--%s needs a value: %s", lacking.GetFlag().Name, valuesOf(lacking.GetFlag()))
	case errors.As(err, &value):
		err = fmt.Errorf("--%s %q: allowed is %s", value.GetFlag().Name, value.GetValue(), valuesOf(value.GetFlag()))
	}
	return engine.Advise(&usageError{err}, try)
}

func valuesOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int64":
		return "a whole number"
	case "duration":
		return "a time such as 90s, 15m or 2h"
	case "bool":
		return "true or false"
	}
	_, usage := pflag.UnquoteUsage(f)
	return usage
}

// checkNumbers refuses numbers and times below zero: no flag has a use for them.
func checkNumbers(c *cobra.Command) error {
	var err error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		switch f.Value.Type() {
		case "int", "int64", "duration":
			if err == nil && strings.HasPrefix(f.Value.String(), "-") {
				err = &usageError{fmt.Errorf("--%s %s: allowed is %s, from 0", f.Name, f.Value, valuesOf(f))}
			}
		}
	})
	return err
}

// oneOf refuses a value that is none of all, and says which was probably meant.
func oneOf(what, value string, all []string) error {
	if slices.Contains(all, value) {
		return nil
	}
	return &usageError{fmt.Errorf("%s %q: %sallowed are %s and %s", what, value, didYouMean(value, all), strings.Join(all[:len(all)-1], ", "), all[len(all)-1])}
}

package main

import (
	"errors"
	"fmt"
	"os/exec"
)

// exitCodeOf is the exit code in an error of running a command.
func exitCodeOf(err error) string {
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		return fmt.Sprint(ee.ExitCode())
	}
	return err.Error()
}

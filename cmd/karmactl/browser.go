package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// errNoBrowser is a machine on which no browser can be shown.
var errNoBrowser = errors.New("there is no browser here")

// browse opens an address in the user's browser, which outlives the command.
func browse(address string) error {
	name, args := browser(runtime.GOOS, os.Getenv)
	if name == "" {
		return errNoBrowser
	}
	if err := exec.Command(name, append(args, address)...).Start(); err != nil { //nolint:gosec // the user's own browser, and an address of the user's stack
		return fmt.Errorf("the browser does not start: %w", err)
	}
	return nil
}

// browser is the command that opens an address; "" where there is no screen.
func browser(system string, env func(string) string) (name string, args []string) {
	switch {
	case env("BROWSER") != "":
		return env("BROWSER"), nil
	case system == "darwin":
		return "open", nil
	case system == "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	case env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != "":
		return "xdg-open", nil
	}
	return "", nil
}

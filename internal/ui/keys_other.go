//go:build !linux && !darwin

package ui

import (
	"os"

	"golang.org/x/term"
)

// foreground: there are no jobs here.
func foreground(*os.File) bool { return true }

// singly has the terminal give each key at once and show none, if it can: Ctrl-C is one of them.
func singly(f *os.File) bool {
	_, err := term.MakeRaw(int(f.Fd()))
	return err == nil
}

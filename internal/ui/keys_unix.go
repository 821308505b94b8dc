//go:build linux || darwin

package ui

import (
	"os"

	"golang.org/x/sys/unix"
)

// foreground tells whether the terminal's keys are for this program: a shell's job in
// the background is stopped when it reads or changes its terminal.
func foreground(f *os.File) bool {
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// singly has the terminal give each key at once and show none, if it can. Ctrl-C and Ctrl-Z stay signals.
func singly(f *os.File) bool {
	mode, err := unix.IoctlGetTermios(int(f.Fd()), getMode)
	if err != nil {
		return false
	}
	mode.Lflag &^= unix.ICANON | unix.ECHO
	mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(int(f.Fd()), setMode, mode) == nil
}

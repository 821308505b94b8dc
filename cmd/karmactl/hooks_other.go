//go:build !unix

package main

import (
	"os"
	"os/exec"
)

// ownGroup: Windows has no groups that a signal goes to.
func ownGroup(*exec.Cmd) {}

// interruptGroup: no program can interrupt another one here, so that a hook ends at once, and alone.
func interruptGroup(p *os.Process) error { return p.Kill() }

func groupLives(*os.Process) bool { return false }

func killGroup(*os.Process) {}

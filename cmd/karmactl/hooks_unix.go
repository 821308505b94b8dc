//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts a command as a session: its group is its own, and no terminal is. One that asked
// at a terminal from there would be stopped and wait for ever; so it is told that there is none.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func interruptGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGINT); errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	} else if err != nil {
		return err
	}
	return nil
}

// groupLives tells whether anything of the group is left. A group keeps its number as long as that.
func groupLives(p *os.Process) bool { return syscall.Kill(-p.Pid, 0) == nil }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // what is gone is gone

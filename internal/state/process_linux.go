package state

import (
	"fmt"
	"os"
	"strings"
)

// machine is the running kernel and the process space in it. Neither is there again after a
// restart, and a container has a process space of its own.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + space
}

// process is when a process began, in the kernel's ticks, and whether it has ended and its parent
// has not asked for its exit code yet, as in a container without an init. "" is not known.
func process(pid int) (began string, ended bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	// The name, in brackets, may have anything in it; after it are the state and, the 22nd of all, the start: proc(5).
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 20 {
		return "", false
	}
	return fields[19], fields[0] == "Z" || fields[0] == "X"
}

package state

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// A process that was killed is there until its parent asks for its exit code, which nothing does in
// many a container; and the number of one that is gone may be another's by now.
func TestTheLockOfAProcessThatIsOnlyANumberIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	child := exec.Command("sleep", "600")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Wait() }() // it was killed
	if began, ended := process(child.Process.Pid); began == "" || ended {
		t.Errorf("alive: began %q, ended %v", began, ended)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; <-time.After(5 * time.Millisecond) {
		if _, ended := process(child.Process.Pid); ended {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatal("it does not end")
		}
	}
	for name, x := range map[string]struct {
		pid   int
		began func(Holder) string
		taken bool
	}{
		"killed, and its parent has not asked": {child.Process.Pid, func(Holder) string { return "" }, true},
		"its number is another's by now":       {os.Getpid(), func(Holder) string { return "1" }, true},
		"it lives":                             {os.Getpid(), func(me Holder) string { return me.Began }, false},
		"it lives, says an older karmactl":     {os.Getpid(), func(Holder) string { return "" }, false},
	} {
		b := NewMemory()
		there := Me("up", "test")
		there.PID, there.Began = x.pid, x.began(there)
		_, l := acquire(t, b, there)
		abandon(l)
		_, l, err := Acquire(t.Context(), b, engine.RealClock{}, Me("down", "test"))
		if taken := err == nil; taken != x.taken {
			t.Errorf("%s: taken over %v: %v", name, taken, err)
		}
		if err == nil {
			release(t, l)
		}
	}
}

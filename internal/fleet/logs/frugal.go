package logs

import (
	"runtime"
	"runtime/debug"
)

// gcPercent is for a process that does nothing but read a history. What is live is a few pages of a megabyte, which are
// garbage a moment later: by default they would take some ten megabytes more to save 0.05 s of CPU in 200,000 events.
// Who follows has small pages for hours: followPercent saves a third of the collections, which is a fifteenth of the
// CPU, for three megabytes.
const gcPercent, followPercent = 25, 50

// BeFrugal sets up a process that does nothing but tail, and gives what undoes it. Who follows waits most of the time: on
// one processor no thread looks for work on another one whenever a call ends, which is a tenth of the CPU.
func BeFrugal(follow bool) (undo func()) {
	percent, processors := debug.SetGCPercent(gcPercent), runtime.GOMAXPROCS(0)
	if follow {
		debug.SetGCPercent(followPercent)
		runtime.GOMAXPROCS(1)
	}
	return func() {
		debug.SetGCPercent(percent)
		runtime.GOMAXPROCS(processors)
	}
}

package awssim

import (
	"fmt"
	"time"
)

// OpenPicture opens the rehearsal in path as it was last written, to be read: what a
// shell's completion asks. No lock is taken and no file is written, so a command that
// runs beside it does not notice; time goes by, but nothing happens by itself, and what
// is changed in it is forgotten. A file that is not there is fs.ErrNotExist.
func OpenPicture(path string, opts Options) (*Sim, *FastClock, error) {
	w, err := (&worldFile{path: path}).read() // whole at any moment: each write puts a new file in its place
	if err != nil {
		return nil, nil, err
	}
	clock := &FastClock{Speed: 1}
	opts.Clock, opts.File = clock, ""
	s, err := New(opts)
	if err != nil {
		return nil, nil, err
	}
	if w.Region != s.opts.Region {
		return nil, nil, fmt.Errorf("the simulated account in %s is in %s, not in %s", path, w.Region, s.opts.Region)
	}
	if w.Clock.Sim.IsZero() {
		w.Clock = clockState{Sim: w.Settled, Real: time.Now()}
	}
	clock.set(w.Clock)
	s.world, s.still = w, true
	return s, clock, nil
}

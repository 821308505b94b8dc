package state

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// By is what wrote a version of the state.
type By struct {
	// Run tells two runs of one command apart.
	Run string `json:"run"`
	// Who is the caller as AWS knows it: the end of its ARN.
	Who string `json:"who"`
	// Command is what the user ran: "up".
	Command string `json:"command"`
}

// Run is a run of a command that changed the state.
type Run struct {
	// By is empty for versions of before schema 5, which do not say.
	By
	// Began and Ended are when its first and its last version were written.
	Began, Ended time.Time
	// Last is the version that it left, Writes how many it wrote.
	Last   Version
	Writes int
	// Made, Changed and Deleted are the keys whose ids are other ones than before it.
	Made, Changed, Deleted []engine.Key
}

// runsRead bounds how many versions Runs reads: an up of five agents writes some sixty.
const runsRead = 1000

// Runs are the last runs that changed the state, newest first, at most limit of them.
// A version that cannot be read is passed over. complete is false when there are or were
// older ones: versions expire, and the oldest run that is left may have lost its beginning,
// so that of it only what its last versions did is told.
func Runs(ctx context.Context, b Backend, limit int) (runs []Run, complete bool, err error) {
	all, err := b.History(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("reading the history of the state: %w", err)
	}
	seen := all[:min(len(all), runsRead)]
	var first, after *State // the first and the last version of the run that is being read
	for part := range slices.Chunk(seen, 64) {
		states, err := readVersions(ctx, b, part)
		if err != nil {
			return nil, false, err
		}
		for i, s := range states {
			switch {
			case s == nil:
			case after != nil && by(s) == by(after):
				runs[len(runs)-1].Began, first = part[i].Time, s
				runs[len(runs)-1].Writes++
			default:
				if after != nil {
					runs[len(runs)-1].compare(s, after)
				}
				if len(runs) == limit {
					return runs, false, nil
				}
				runs = append(runs, Run{By: by(s), Began: part[i].Time, Ended: part[i].Time, Last: part[i], Writes: 1})
				first, after = s, s
			}
		}
	}
	if after == nil {
		return runs, len(seen) == len(all), nil
	}
	whole := first.Serial == 1 // the state began with it
	if whole {
		first = &State{}
	}
	runs[len(runs)-1].compare(first, after)
	return runs, whole, nil
}

func by(s *State) By {
	if s.By == nil {
		return By{}
	}
	return *s.By
}

// readVersions reads versions side by side; nil is one that is gone or no state.
func readVersions(ctx context.Context, b Backend, versions []Version) ([]*State, error) {
	states := make([]*State, len(versions))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, v := range versions {
		g.Go(func() error {
			data, err := b.ReadVersion(gctx, v.ID)
			if errors.Is(err, ErrAbsent) { // expired since
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading version %s of the state: %w", v.ID, err)
			}
			if s, err := Decode(data); err == nil {
				states[i] = s
			}
			return nil
		})
	}
	return states, g.Wait()
}

// compare notes what a run did between two versions.
func (r *Run) compare(before, after *State) {
	for k, e := range after.Resources {
		was, there := before.Resources[k]
		switch {
		case !there:
			r.Made = append(r.Made, k)
		case was.ID != e.ID || !reflect.DeepEqual(was.Known, e.Known):
			r.Changed = append(r.Changed, k)
		}
	}
	for k := range before.Resources {
		if _, there := after.Resources[k]; !there {
			r.Deleted = append(r.Deleted, k)
		}
	}
	slices.Sort(r.Made)
	slices.Sort(r.Changed)
	slices.Sort(r.Deleted)
}

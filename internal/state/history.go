package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// History lists the newest versions of the state, at most limit of them, newest
// first. A serial that the backend does not know is read; it stays 0 for a
// version that is not a readable state.
func History(ctx context.Context, b Backend, limit int) ([]Version, error) {
	all, err := b.History(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the history of the state: %w", err)
	}
	all = all[:min(max(limit, 0), len(all))]
	for i, v := range all {
		if v.Serial != 0 {
			continue
		}
		data, err := b.ReadVersion(ctx, v.ID)
		if errors.Is(err, ErrAbsent) { // expired since
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading version %s of the state: %w", v.ID, err)
		}
		if s, err := Decode(data); err == nil {
			all[i].Serial = s.Serial
		}
	}
	return all, nil
}

// Restore makes an earlier version the current state, as a new version on top:
// what it replaces stays in the history, whether or not that can be read. Hold
// the lock. A read-only one writes nothing and gives what the state would be.
func Restore(ctx context.Context, o Options, version string) (*State, error) {
	data, err := o.Backend.ReadVersion(ctx, version)
	if errors.Is(err, ErrAbsent) {
		return nil, engine.Advise(err, wayBack)
	}
	if err != nil {
		return nil, fmt.Errorf("reading version %s of the state: %w", version, err)
	}
	s, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", version, err)
	}
	if err := o.check(s); err != nil {
		return nil, fmt.Errorf("version %s: %w", version, err)
	}
	there, etag, err := current(ctx, o.Backend)
	if err != nil {
		return nil, err
	}
	if there != nil {
		s.Serial = max(s.Serial, there.Serial)
	}
	s.Serial++
	return s, o.replace(ctx, s, etag)
}

// Import makes data, an emergency copy, the current state. It is refused when it
// does not descend from the state that is there, *LineageError, or is not newer,
// *SerialError, unless forced; one that is there already is left. Hold the lock.
// A read-only one writes nothing and gives what the state would be.
func Import(ctx context.Context, o Options, data []byte, force bool) (*State, error) {
	s, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("the file to import: %w", err)
	}
	if err := o.check(s); err != nil {
		return nil, fmt.Errorf("the file to import: %w", err)
	}
	there, etag, err := current(ctx, o.Backend)
	if err != nil {
		return nil, err
	}
	switch {
	case there == nil:
	case same(there, s):
		return there, nil
	case force:
		s.Serial = max(s.Serial, there.Serial+1)
	case there.Lineage != s.Lineage:
		return nil, &LineageError{There: there.Lineage, Import: s.Lineage}
	case there.Serial >= s.Serial:
		return nil, &SerialError{There: there.Serial, Import: s.Serial}
	}
	return s, o.replace(ctx, s, etag)
}

// current is the state there, or nil when there is none that can be read; the
// etag is that of whatever is there.
func current(ctx context.Context, b Backend) (*State, string, error) {
	data, etag, err := b.Read(ctx)
	if errors.Is(err, ErrAbsent) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the state: %w", err)
	}
	s, err := Decode(data)
	if err != nil {
		s = nil // it is about to be replaced, and stays in the history
	}
	return s, etag, nil
}

func (o Options) replace(ctx context.Context, s *State, etag string) error {
	s.By = o.By
	if o.ReadOnly {
		return nil
	}
	data, err := s.Encode()
	if err != nil {
		return err
	}
	_, err = o.Backend.Write(ctx, data, etag)
	if errors.Is(err, ErrConflict) {
		there, _, rerr := current(ctx, o.Backend)
		if rerr == nil && there != nil && same(there, s) { // our own write, its reply lost
			return nil
		}
		return &ConflictError{URI: o.Backend.URI()}
	}
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}

// same tells whether two states would be written alike.
func same(a, b *State) bool {
	x, errX := a.Encode()
	y, errY := b.Encode()
	return errX == nil && errY == nil && string(x) == string(y)
}

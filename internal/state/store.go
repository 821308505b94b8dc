package state

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Options say which state is opened and for what.
type Options struct {
	Backend Backend
	// Stack, Account and Region must be those of the state. A read-only store
	// does not compare the ones that are "".
	Identity
	Clock engine.Clock
	// By is noted in each version that is written; nil notes that it is not known.
	By *By
	// ReadOnly is for plan: nothing is ever written, and what is not there, the
	// bucket included, is an empty state.
	ReadOnly bool
	// Emergency is where the state goes when the last write fails; "" is
	// DefaultEmergency.
	Emergency string
}

// Store is a state being worked with: the engine's Recorder. One goroutine
// writes it, after every change; changes made during a write share the next.
// It must be closed.
type Store struct {
	Options
	kick chan struct{} // there is something to write; closed by Close
	done chan struct{} // the writer has ended
	stop context.CancelFunc

	mu      sync.Mutex
	state   *State
	gen     uint64 // counts changes
	saved   uint64 // the change that is safe
	err     error  // of the last write, or a misuse; nil after a success
	waiting []waiter
	closed  bool

	// The writer's own.
	etag   string
	unsure unsure
}

// Open reads the state, or begins one, and starts the writer. Hold the lock
// first: what is read here is what the next write replaces. A state that cannot
// be trusted is an error of format.go's kinds; a missing bucket is ErrNoBucket.
// The end of ctx does not stop the writer: what finishes after a Ctrl-C is
// still recorded. Close does.
func Open(ctx context.Context, o Options) (*Store, error) {
	if !o.ReadOnly && (o.Stack == "" || o.Account == "" || o.Region == "") {
		return nil, fmt.Errorf("opening the state %s to write needs the stack, account and region; got %q, %q and %q",
			o.Backend.URI(), o.Stack, o.Account, o.Region)
	}
	s := &Store{Options: o, kick: make(chan struct{}, 1), done: make(chan struct{})}
	st, etag, err := load(ctx, o.Backend)
	switch {
	case err == nil:
		if err := o.check(st); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Backend.URI(), err)
		}
	case errors.Is(err, ErrAbsent), o.ReadOnly && errors.Is(err, ErrNoBucket):
		st = begin(o.Identity)
	default:
		return nil, err
	}
	s.state, s.etag = st, etag
	wctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.run(wctx)
	return s, nil
}

// load reads and decodes what the backend has.
func load(ctx context.Context, b Backend) (*State, string, error) {
	data, etag, err := b.Read(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("reading the state: %w", err)
	}
	st, err := Decode(data)
	if err != nil {
		return nil, etag, fmt.Errorf("%s: %w", b.URI(), err)
	}
	return st, etag, nil
}

// begin is a state that nothing was recorded in yet.
func begin(i Identity) *State {
	return &State{
		Version: Schema, Stack: i.Stack, Account: i.Account, Region: i.Region, Lineage: rand.Text(),
		Resources: map[engine.Key]engine.Entry{}, InFlight: map[engine.Key]time.Time{},
	}
}

// Snapshot is a copy of the state as it is now, written or not.
func (s *Store) Snapshot() *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.clone()
}

// Get implements engine.Recorder.
func (s *Store) Get(k engine.Key) (engine.Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.state.Resources[k]
	return cloneEntry(e), ok
}

// Entries implements engine.Recorder, in the order of the keys.
func (s *Store) Entries() []engine.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]engine.Entry, 0, len(s.state.Resources))
	for _, e := range s.state.Resources {
		all = append(all, cloneEntry(e))
	}
	slices.SortFunc(all, func(a, b engine.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// InFlight implements engine.Recorder.
func (s *Store) InFlight(k engine.Key) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.state.InFlight[k]
	return at, ok
}

// Begun implements engine.Recorder.
func (s *Store) Begun() []engine.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.state.InFlight))
}

// Begin implements engine.Recorder: it returns when the note, and every change
// before it, is safe. It renews a note that a crash has left.
func (s *Store) Begin(ctx context.Context, k engine.Key) error {
	err := s.change(func(st *State) bool {
		st.InFlight[k] = s.Clock.Now().UTC().Round(0) // without the monotonic reading
		return true
	})
	if err == nil {
		err = s.Flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("noting in the state that %s is about to be made: %w", k, err)
	}
	return nil
}

// Record implements engine.Recorder: e replaces what was recorded of its key and
// ends its in-flight note. A failure shows in the next Begin, Flush or Close.
func (s *Store) Record(e engine.Entry) {
	e = cloneEntry(e)
	e.Kind, e.CreatedAt = e.Key.Kind(), e.CreatedAt.UTC().Round(0)
	s.later(s.change(func(st *State) bool {
		_, flying := st.InFlight[e.Key]
		if was, ok := st.Resources[e.Key]; ok && !flying && reflect.DeepEqual(was, e) {
			return false
		}
		delete(st.InFlight, e.Key)
		st.Resources[e.Key] = e
		return true
	}))
}

// Forget implements engine.Recorder: the key's record and in-flight note go.
func (s *Store) Forget(k engine.Key) {
	s.later(s.change(func(st *State) bool {
		_, recorded := st.Resources[k]
		_, flying := st.InFlight[k]
		delete(st.Resources, k)
		delete(st.InFlight, k)
		return recorded || flying
	}))
}

// Remove forgets a key because the user says so, and returns when that is safe.
func (s *Store) Remove(ctx context.Context, k engine.Key) error {
	_, recorded := s.Get(k)
	_, flying := s.InFlight(k)
	if !recorded && !flying {
		return engine.Advise(fmt.Errorf("%s is not in the state", k), "karmactl state list")
	}
	if err := s.change(func(st *State) bool {
		delete(st.Resources, k)
		delete(st.InFlight, k)
		return true
	}); err != nil {
		return fmt.Errorf("removing %s from the state: %w", k, err)
	}
	return s.Flush(ctx)
}

// change applies f and wakes the writer if that changed anything.
func (s *Store) change(f func(*State) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ReadOnly:
		return ErrReadOnly
	case s.closed:
		return ErrClosed
	}
	if f(s.state) {
		s.gen++
		s.wake()
	}
	return nil
}

// later keeps an error that its caller cannot return.
func (s *Store) later(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

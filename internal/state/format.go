// Package state remembers, between runs, which AWS ids belong to which keys of
// a stack. It is an index and not a mirror: everything else is read fresh.
//
// Read format.go (what is remembered), backend.go (where it may be kept),
// store.go (how a run writes it) and lock.go (how only one run does).
package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Schema is the version of the format that this karmactl writes. It goes up with every change
// of the fields, engine.Entry's among them, because readers are strict.
const Schema = 6

// migrations[i] turns the JSON of schema i+1 into that of schema i+2.
var migrations = []func([]byte) ([]byte, error){
	// Schema 2 brought hibernation, and a stack of schema 1 is awake.
	func(data []byte) ([]byte, error) { return data, nil },
	// Schema 3 brought what is known of an id, and of those of schema 2 nothing is.
	func(data []byte) ([]byte, error) { return data, nil },
	// Schema 4 brought what is taken over, and of schema 3 karmactl made everything itself.
	func(data []byte) ([]byte, error) { return data, nil },
	// Schema 5 brought what wrote a version, and of those before it that is not known.
	func(data []byte) ([]byte, error) { return data, nil },
	// Schema 6 brought what a cutover moved, and before it there was none.
	func(data []byte) ([]byte, error) { return data, nil },
}

// State is everything that is remembered of one stack in one account and region.
type State struct {
	Version int    `json:"version"`
	Stack   string `json:"stack"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// Lineage is drawn at random when a state is created and never changes: two
	// states with different lineages do not descend from each other.
	Lineage string `json:"lineage"`
	// Serial goes up by one with every write.
	Serial    int64                       `json:"serial"`
	Resources map[engine.Key]engine.Entry `json:"resources"`
	// InFlight is when the create of a key was begun that was never recorded.
	InFlight map[engine.Key]time.Time `json:"inFlight"`
	// Hibernation is nil while the stack is awake.
	Hibernation *Hibernation `json:"hibernation,omitempty"`
	// Cutover is nil unless the fleet's names were moved over from another one.
	Cutover *Cutover `json:"cutover,omitempty"`
	// By is what wrote this version; nil where it is not known.
	By *By `json:"by,omitempty"`
}

// Encode returns the state as JSON for people and for diff: indented, keys in
// order, the same bytes for the same state.
func (s *State) Encode() ([]byte, error) {
	c := s.clone()
	c.Version = Schema
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("writing the state as JSON: %w", err)
	}
	return buf.Bytes(), nil
}

// Decode reads a state of this or an earlier schema. It is strict, because what
// it does not understand it would lose with the next write: the error is one of
// *TruncatedError, *CorruptError, *NewerError, *UnknownKeyError, with the way back.
func Decode(data []byte) (*State, error) {
	s, err := decode(data, migrations)
	if err != nil {
		return nil, engine.Advise(fmt.Errorf("%w: "+restoreOne, err), wayBack)
	}
	return s, nil
}

func decode(data []byte, migrations []func([]byte) ([]byte, error)) (*State, error) {
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, &CorruptError{Why: inWords(err)}
	}
	current := len(migrations) + 1
	switch {
	case head.Version == nil || *head.Version < 1:
		return nil, &CorruptError{Why: "it has no schema version"}
	case *head.Version > current:
		return nil, &NewerError{Version: *head.Version, Known: current}
	}
	for v := *head.Version; v < current; v++ {
		var err error
		if data, err = migrations[v-1](data); err != nil {
			return nil, &CorruptError{Why: fmt.Sprintf("it cannot be brought from schema %d to %d: %v", v, v+1, err)}
		}
	}
	s := &State{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		// encoding/json has no type for this error.
		if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return nil, &UnknownKeyError{Key: strings.Trim(field, `"`)}
		}
		return nil, &CorruptError{Why: inWords(err)}
	}
	if err := s.normalize(); err != nil {
		return nil, err
	}
	return s, nil
}

// inWords says what encoding/json says, without Go's types.
func inWords(err error) string {
	wrong := new(json.UnmarshalTypeError)
	switch {
	case !errors.As(err, &wrong):
		return err.Error()
	case wrong.Field == "":
		return "it is a JSON " + wrong.Value
	default:
		return fmt.Sprintf("the value of %s is of the wrong type (%s)", wrong.Field, wrong.Value)
	}
}

// checkJSON tells a file that was cut off from one that never was a state, and
// refuses the same key twice, of which encoding/json would drop one silently.
func checkJSON(data []byte) error {
	type object struct {
		keys  map[string]bool // nil in an array
		value bool            // the next token is a value
	}
	var open []object
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return &TruncatedError{Size: len(data)}
		}
		if err != nil {
			return &CorruptError{Why: err.Error()}
		}
		if d, ok := tok.(json.Delim); ok && (d == '}' || d == ']') {
			open = open[:len(open)-1]
		} else {
			if n := len(open); n > 0 && open[n-1].keys != nil {
				in := &open[n-1]
				if !in.value {
					key, _ := tok.(string)
					if in.keys[key] {
						return &CorruptError{Why: fmt.Sprintf("it has the key %q twice", key)}
					}
					in.keys[key] = true
				}
				in.value = !in.value
			}
			switch tok {
			case json.Delim('{'):
				open = append(open, object{keys: map[string]bool{}})
			case json.Delim('['):
				open = append(open, object{})
			}
		}
		if len(open) == 0 {
			break
		}
	}
	if len(bytes.TrimSpace(data[dec.InputOffset():])) > 0 {
		return &CorruptError{Why: "something follows after its end"}
	}
	return nil
}

// normalize fills what JSON does not carry and checks what a Store relies on.
func (s *State) normalize() error {
	for _, f := range []struct{ name, value string }{
		{"stack", s.Stack}, {"account", s.Account}, {"region", s.Region}, {"lineage", s.Lineage},
	} {
		if f.value == "" {
			return &CorruptError{Why: "it has no " + f.name}
		}
	}
	if s.Serial < 1 {
		return &CorruptError{Why: fmt.Sprintf("its serial is %d", s.Serial)}
	}
	s.Version = Schema
	if s.Resources == nil {
		s.Resources = map[engine.Key]engine.Entry{}
	}
	if s.InFlight == nil {
		s.InFlight = map[engine.Key]time.Time{}
	}
	for k, e := range s.Resources {
		if e.Kind != k.Kind() {
			return &CorruptError{Why: fmt.Sprintf("%s is recorded as a %q", k, e.Kind)}
		}
		e.Key, e.CreatedAt = k, e.CreatedAt.UTC()
		if !writable(e.CreatedAt) {
			return &CorruptError{Why: fmt.Sprintf("%s was created in the year %d", k, e.CreatedAt.Year())}
		}
		s.Resources[k] = e
	}
	for k, at := range s.InFlight {
		if s.InFlight[k] = at.UTC(); !writable(at.UTC()) {
			return &CorruptError{Why: fmt.Sprintf("%s was begun in the year %d", k, at.UTC().Year())}
		}
	}
	if h := s.Hibernation; h != nil {
		if h.Since = h.Since.UTC(); !writable(h.Since) {
			return &CorruptError{Why: fmt.Sprintf("it has hibernated since the year %d", h.Since.Year())}
		}
	}
	if c := s.Cutover; c != nil {
		for _, at := range []*time.Time{&c.Since, &c.Ready, &c.Moved} {
			if *at = at.UTC(); !writable(*at) {
				return &CorruptError{Why: fmt.Sprintf("its names were moved in the year %d", at.Year())}
			}
		}
	}
	return nil
}

// writable tells whether RFC 3339 has room for the year.
func writable(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// clone is a copy that shares nothing with s.
func (s *State) clone() *State {
	c := *s
	c.Resources = make(map[engine.Key]engine.Entry, len(s.Resources))
	for k, e := range s.Resources {
		c.Resources[k] = cloneEntry(e)
	}
	c.InFlight = make(map[engine.Key]time.Time, len(s.InFlight))
	for k, at := range s.InFlight {
		c.InFlight[k] = at
	}
	c.Hibernation = s.Hibernation.clone()
	c.Cutover = s.Cutover.clone()
	if s.By != nil {
		c.By = new(*s.By)
	}
	return &c
}

func cloneEntry(e engine.Entry) engine.Entry {
	e.Needs = append([]engine.Key(nil), e.Needs...)
	e.Deposed = append([]string(nil), e.Deposed...)
	e.Differs = append([]engine.Difference(nil), e.Differs...)
	e.Known = maps.Clone(e.Known)
	return e
}

// Identity is whose state it is: one stack in one account and region.
type Identity struct {
	Stack   string
	Account string
	Region  string
}

// check refuses a state of something else. What is not known here ("") is not compared.
func (i Identity) check(s *State) error {
	for _, f := range []struct{ what, here, state string }{
		{"stack", i.Stack, s.Stack}, {"account", i.Account, s.Account}, {"region", i.Region, s.Region},
	} {
		if f.here != "" && f.here != f.state {
			return &ElsewhereError{What: f.what, Here: f.here, State: f.state}
		}
	}
	return nil
}

// Package planfile reads plans that were kept with karmactl plan --out. It is
// apart from the command so that fuzzing builds no AWS.
package planfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// File is a plan that is kept: what was shown, and of which configuration
// and state. Of resources it has what the plan showed, and so no secrets.
type File struct {
	Version int       `json:"version"`
	Stack   string    `json:"stack"`
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Config  string    `json:"config"`
	Lineage string    `json:"lineage,omitempty"`
	Serial  int64     `json:"serial"`
	Made    time.Time `json:"made"`
	// Refresh is that it was planned with --refresh; up then asks AWS as much.
	Refresh bool   `json:"refresh,omitempty"`
	Steps   []Step `json:"steps"`
}

// Step is one node's verb and the fields that change.
type Step struct {
	Key    engine.Key  `json:"key"`
	Verb   engine.Verb `json:"verb"`
	Fields []Field     `json:"fields,omitempty"`
}

// Field is one field that changes, and what it was when the plan was made.
type Field struct {
	Field string `json:"field"`
	Was   string `json:"was"`
}

// Version is that of the format. Version 2 brought what fields were.
const Version = 2

// Parse reads a kept plan; anything that is not one is an error.
func Parse(path string, b []byte) (*File, error) {
	var f File
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(&f)
	switch {
	case err != nil:
	case dec.InputOffset() < int64(len(bytes.TrimRight(b, " \t\r\n"))):
		err = errors.New("something is behind its end")
	case f.Version != Version:
		return nil, engine.Advise(fmt.Errorf("%s is a plan of version %d, this karmactl reads version %d", path, f.Version, Version), "karmactl plan --out "+path)
	default:
		err = f.consistent()
	}
	if err != nil {
		return nil, engine.Advise(fmt.Errorf("%s is not a plan: %w", path, err), "karmactl plan --out "+path)
	}
	return &f, nil
}

// consistent refuses steps that were not planned: a walk is held to each of them.
func (f *File) consistent() error {
	seen := map[engine.Key]bool{}
	for i, n := range f.Steps {
		switch n.Verb {
		case engine.None, engine.Create, engine.Update, engine.Replace, engine.Delete:
		default:
			return fmt.Errorf("step %d, %q, has the verb %q", i+1, n.Key, n.Verb)
		}
		if n.Key == "" || seen[n.Key] {
			return fmt.Errorf("step %d, %q, has no key of its own", i+1, n.Key)
		}
		seen[n.Key] = true
	}
	return nil
}

// Package recorded holds what the simulated AWS answers to what the real one was
// recorded to answer. It is for tests alone.
package recorded

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// file has facts of public recordings, which it names. It has each operation
// that the simulated AWS answers and a recording has. always are the fields that at least
// 95 of 100 answers have, of five or more; never are fields of the service's model that
// no answer has, of five or more; values are texts and forms of texts that were seen.
// Paths are those of the SDK's structs, with [] for what is in a list.
//
//go:embed recorded.json
var file []byte

// Facts are what recordings tell of AWS's answers.
type Facts struct {
	// Source names the recordings.
	Source string
	// Statuses are the HTTP statuses of refusals, by service and code.
	Statuses map[string]map[string]int
	// Operations are what answers look like, by Service.Operation.
	Operations map[string]*Operation
}

// Operation is what the recorded answers of one operation look like.
type Operation struct {
	// Answers is how many there are, and Years from when.
	Answers int
	Years   string
	// Always are the fields that all answers have, Never fields that none has.
	Always, Never []string
	// Values are the texts of fields, and their forms: vpc-<17 hex>.
	Values map[string][]string

	answer *place
}

// Read reads the facts, which are the same for all who ask.
func Read() (*Facts, error) { return facts() }

var facts = sync.OnceValues(read)

func read() (*Facts, error) {
	f := new(Facts)
	if err := json.Unmarshal(file, f); err != nil {
		return nil, fmt.Errorf("recorded.json: %w", err)
	}
	for name, o := range f.Operations {
		o.answer = new(place)
		for _, path := range o.Always {
			o.answer.at(path).always = true
		}
		for _, path := range o.Never {
			o.answer.at(path).never = true
		}
		for path, values := range o.Values {
			p, err := newForms(path, values)
			if err != nil {
				return nil, fmt.Errorf("recorded.json: %s %s: %w", name, path, err)
			}
			o.answer.at(path).forms = p
		}
	}
	return f, nil
}

package recorded

import (
	"maps"
	"slices"
	"sync"
	"testing"
)

// Watcher compares every answer of a simulated AWS.
type Watcher struct {
	facts *Facts
	mu    sync.Mutex
	// found are the differences, by operation and field; excused have an exception.
	found, excused map[string]Difference
	answers        map[string]int
}

// Watch has every answer compared from now on, and fails the test at its end for
// each difference that is no exception. observe is the account's Observe.
func Watch(t testing.TB, observe func(func(operation string, answer any, err error))) *Watcher {
	t.Helper()
	facts, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	w := &Watcher{facts: facts, found: map[string]Difference{}, excused: map[string]Difference{}, answers: map[string]int{}}
	observe(w.see)
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, key := range slices.Sorted(maps.Keys(w.found)) {
			t.Errorf("not as AWS was recorded: %s", w.found[key])
		}
	})
	return w
}

func (w *Watcher) see(operation string, answer any, err error) {
	all := w.facts.Answer(operation, answer, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[operation]++
	for _, d := range all {
		if _, ok := exceptions[d.key()]; ok {
			w.excused[d.key()] = d
		} else {
			w.found[d.key()] = d
		}
	}
}

// Unneeded are the exceptions that nothing which was answered needed.
func (w *Watcher) Unneeded() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(exceptions)) {
		if _, ok := w.excused[key]; !ok {
			all = append(all, key)
		}
	}
	return all
}

// Answers are how many answers were compared, by operation.
func (w *Watcher) Answers() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.answers)
}

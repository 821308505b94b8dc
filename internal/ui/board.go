package ui

import "sync"

// Board shows what is under way, a section each, painted over under the lines that
// stay. A nil Board shows nothing: that is what there is without a terminal.
type Board struct {
	live     *live
	mu       sync.Mutex
	order    []string
	sections map[string][]string
}

// Board begins one, where standard error is a terminal.
func (t *Terminal) Board() *Board {
	b := &Board{sections: map[string][]string{}}
	if b.live = t.goLive(func(int, int) []string { return b.picture() }); b.live == nil {
		return nil
	}
	return b
}

// Set gives a section its lines, in the order in which sections came; without
// lines it is taken away.
func (b *Board) Set(name string, lines ...string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.sections[name]; !known {
		b.order = append(b.order, name)
	}
	b.sections[name] = lines
}

// Close takes the whole board away.
func (b *Board) Close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.order = nil
	b.mu.Unlock()
	b.live.close()
}

func (b *Board) picture() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, name := range b.order {
		all = append(all, b.sections[name]...)
	}
	return all
}

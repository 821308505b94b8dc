//go:build wire

package wire

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// The tables in docs/wire.md are those of this package.
func TestTheDocumentHasTheTablesOfTheWire(t *testing.T) {
	const file = "../../docs/wire.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, e := range emulators() {
		begin, end := "<!-- "+e.name+": written by make test-wire -->\n", "<!-- end of "+e.name+" -->\n"
		head, rest, ok := strings.Cut(text, begin)
		_, tail, closes := strings.Cut(rest, end)
		if !ok || !closes {
			t.Fatalf("%s has no place for %s", file, e.name)
		}
		text = head + begin + e.table() + end + tail
	}
	if text == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s has other tables than this package: WIRE_RUN=Document WIRE_PACKAGES=./internal/wire WIRE_ARGS=-update make test-wire rewrites them", file)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// table is what an emulator does otherwise than AWS, for people.
func (e emulator) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| what %s does | the test |\n|---|---|\n", e.name)
	for _, l := range e.without {
		fmt.Fprintf(&b, "| %s | leaves out %s |\n", l.why, strings.Join(l.kinds, ", "))
	}
	for _, g := range e.gaps() {
		fmt.Fprintf(&b, "| %s | answers as AWS does |\n", g.what)
	}
	for _, name := range slices.Sorted(maps.Keys(e.accepts)) {
		fmt.Fprintf(&b, "| %s: %s | requires nothing |\n", name, e.accepts[name])
	}
	return b.String() + "\n"
}

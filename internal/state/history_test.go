package state

import (
	"errors"
	"fmt"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// threeWrites leaves the serials 1 to 3, with vpc-1 to vpc-3.
func threeWrites(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, options(b))
	for n := 1; n <= 3; n++ {
		s.Record(entry("vpc/main", fmt.Sprintf("vpc-%d", n)))
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, s)
}

func TestHistoryTellsTheSerialOfEveryVersion(t *testing.T) {
	b := NewMemory()
	threeWrites(t, b)
	b.Plant([]byte("garbage"))
	all, err := History(t.Context(), b, 3)
	if err != nil {
		t.Fatal(err)
	}
	var serials []int64
	for _, v := range all {
		serials = append(serials, v.Serial)
	}
	if fmt.Sprint(serials) != "[0 3 2]" {
		t.Errorf("the serials are %v", serials)
	}
}

func TestRestoreBringsAVersionBackOnTopOfWhateverIsThere(t *testing.T) {
	cases := []struct {
		name   string
		damage func(*Memory)
		serial int64
	}{
		{"a good state", func(*Memory) {}, 4},
		{"garbage", func(b *Memory) { b.Plant([]byte("garbage")) }, 2},
		{"nothing", func(b *Memory) { b.Delete() }, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := NewMemory()
			threeWrites(t, b)
			lineage := there(t, b).Lineage
			c.damage(b)
			if _, err := Restore(t.Context(), options(b), "1"); err != nil {
				t.Fatal(err)
			}
			got := there(t, b)
			if got.Resources["vpc/main"].ID != "vpc-1" || got.Serial != c.serial || got.Lineage != lineage {
				t.Errorf("the state is %+v", got)
			}
		})
	}
}

func TestRestoreRefusesWhatIsNotThereOrNotOurs(t *testing.T) {
	b := NewMemory()
	threeWrites(t, b)
	if _, err := Restore(t.Context(), options(b), "99"); !errors.Is(err, ErrAbsent) {
		t.Errorf("a version that never was: %v", err)
	}
	elsewhere := options(b)
	elsewhere.Account = "999999999999"
	if _, err := Restore(t.Context(), elsewhere, "1"); !errors.As(err, new(*ElsewhereError)) {
		t.Errorf("a version of another account: %v", err)
	}
	b.Plant([]byte("garbage"))
	if _, err := Restore(t.Context(), options(b), "4"); !errors.As(err, new(*CorruptError)) {
		t.Errorf("a version that is garbage: %v", err)
	}
}

func TestImportTakesADescendantAndRefusesTheRest(t *testing.T) {
	newer := func(s *State) { s.Serial, s.Resources["nat/a"] = 9, entry("nat/a", "nat-1") }
	cases := []struct {
		name    string
		edit    func(*State)
		force   bool
		refused any
		serial  int64
	}{
		{name: "a newer one", edit: newer, serial: 9},
		{name: "the very same", edit: func(*State) {}, serial: 3},
		{name: "one written over since", edit: func(s *State) { s.Resources = map[engine.Key]engine.Entry{} }, refused: new(*SerialError), serial: 3},
		{name: "one of another lineage", edit: func(s *State) { newer(s); s.Lineage = "OTHER" }, refused: new(*LineageError), serial: 3},
		{name: "one of another stack", edit: func(s *State) { newer(s); s.Stack = "other" }, refused: new(*ElsewhereError), serial: 3},
		{name: "one of another stack by force", edit: func(s *State) { s.Stack = "other" }, force: true, refused: new(*ElsewhereError), serial: 3},
		{name: "an older one by force", edit: func(s *State) { s.Serial, s.Resources = 1, map[engine.Key]engine.Entry{} }, force: true, serial: 4},
		{name: "another lineage by force", edit: func(s *State) { newer(s); s.Lineage = "OTHER" }, force: true, serial: 9},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := NewMemory()
			threeWrites(t, b)
			s := there(t, b)
			c.edit(s)
			data, err := s.Encode()
			if err != nil {
				t.Fatal(err)
			}
			_, err = Import(t.Context(), options(b), data, c.force)
			switch {
			case c.refused == nil && err != nil:
				t.Error(err)
			case c.refused != nil && !errors.As(err, c.refused):
				t.Errorf("not refused: %v", err)
			}
			if got := there(t, b).Serial; got != c.serial {
				t.Errorf("the serial is %d, not %d", got, c.serial)
			}
		})
	}
}

func TestImportStartsAStateAndRefusesGarbage(t *testing.T) {
	from, to := NewMemory(), NewMemory()
	threeWrites(t, from)
	data, _, err := from.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), options(to), data[:50], true); !errors.As(err, new(*TruncatedError)) {
		t.Errorf("half a file: %v", err)
	}
	if _, err := Import(t.Context(), options(to), data, false); err != nil {
		t.Fatal(err)
	}
	if there(t, to).Lineage != there(t, from).Lineage {
		t.Error("the lineage changed on the way")
	}
}

func TestImportNeverOverwritesWhatWasWrittenMeanwhile(t *testing.T) {
	b := NewMemory()
	threeWrites(t, b)
	s := there(t, b)
	s.Serial = 9
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b.Before = func(op string) error {
		if op == "Write" {
			b.Plant([]byte("another writer's"))
		}
		return nil
	}
	if _, err := Import(t.Context(), options(b), data, false); !errors.Is(err, ErrConflict) {
		t.Errorf("Import: %v", err)
	}
}

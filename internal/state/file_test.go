package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestAFileKeepsItsLastTwoHundredVersionsBesideIt(t *testing.T) {
	dir := t.TempDir()
	b := NewFile(filepath.Join(dir, "prod.json"))
	etag := ""
	for n := 1; n <= 205; n++ {
		var err error
		if etag, err = b.Write(t.Context(), fmt.Appendf(nil, "state %d", n), etag); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 200 || all[0].ID != "205" || all[199].ID != "6" {
		t.Errorf("%d versions, from %s to %s", len(all), all[0].ID, all[len(all)-1].ID)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	if len(names) != 202 || !slices.Contains(names, "prod.json") || !slices.Contains(names, "prod.flock") || !slices.Contains(names, "prod.000205.json") {
		t.Errorf("the directory has %v", names)
	}
}

func TestReadingAFileMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not-there")
	o := options(NewFile(dir))
	o.ReadOnly = true
	closed(t, open(t, o))
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a plan made %s: %v", dir, err)
	}
}

func TestAPathIsAFileOrADirectory(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "state-of-prod")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                           filepath.Join(dir, "state.json"),
		filepath.Join(dir, "new"):     filepath.Join(dir, "new", "state.json"),
		filepath.Join(dir, "my.json"): filepath.Join(dir, "my.json"),
		plain:                         plain,
	} {
		if got := NewFile(path).URI(); got != want {
			t.Errorf("%s is kept in %s, not %s", path, got, want)
		}
	}
}

func TestTheHistoryOfAFileHasItsVersionsAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	b := NewFile(filepath.Join(dir, "prod.json"))
	if all, err := NewFile(filepath.Join(dir, "none", "prod.json")).History(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("of a directory that is not there: %v, %v", all, err)
	}
	s := begin(Identity{"karmacadabra", "123456789012", "us-east-1"})
	s.Serial = 7
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	etag := ""
	for _, text := range [][]byte{data, []byte("no state"), data} {
		if etag, err = b.Write(t.Context(), text, etag); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"prod.1.json", "prod.x.json", "prod.000004.txt", "other.000005.json", "000006.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range all {
		got = append(got, fmt.Sprintf("%s serial %d current %v", v.ID, v.Serial, v.Current))
	}
	// The first has the bytes of the current one too, and only the newest of them is it.
	want := []string{"3 serial 7 current true", "2 serial 0 current false", "1 serial 7 current false"}
	if !slices.Equal(got, want) {
		t.Errorf("the history is %q", got)
	}
	if _, err := b.ReadVersion(t.Context(), "x"); !errors.Is(err, ErrAbsent) {
		t.Errorf("version x: %v", err)
	}
	if err := os.Remove(b.URI()); err != nil {
		t.Fatal(err)
	}
	if all, err = b.History(t.Context()); err != nil || len(all) != 3 || all[0].Current {
		t.Errorf("without a current state: %v, %v", all, err)
	}
}

// A directory that cannot be written or read is an error, and no empty state: that would
// make everything a second time.
func TestWhatTheDiskRefusesIsNotTakenForNoState(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a file in place of the directory": filepath.Join(plain, "prod.json"), "a directory in place of the file": dir} {
		b := &File{path: path, stem: filepath.Join(filepath.Dir(path), "prod")}
		if _, _, err := b.Read(t.Context()); err == nil || errors.Is(err, ErrAbsent) {
			t.Errorf("%s: Read: %v", name, err)
		}
		if _, err := b.Write(t.Context(), []byte("x"), ""); err == nil || errors.Is(err, ErrConflict) {
			t.Errorf("%s: Write: %v", name, err)
		}
		if _, err := b.History(t.Context()); err == nil {
			t.Errorf("%s: History: no error", name)
		}
	}
}

func TestAVersionThatCannotBeReadIsNotPassedOver(t *testing.T) {
	dir := t.TempDir()
	b := NewFile(filepath.Join(dir, "prod.json"))
	if err := os.Mkdir(filepath.Join(dir, "prod.000001.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := b.History(t.Context()); err == nil {
		t.Error("a version that cannot be read is passed over")
	}
}

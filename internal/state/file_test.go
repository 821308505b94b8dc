package state

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestAFileKeepsItsLastTwentyVersionsBesideIt(t *testing.T) {
	dir := t.TempDir()
	b := NewFile(filepath.Join(dir, "prod.json"))
	etag := ""
	for n := 1; n <= 25; n++ {
		var err error
		if etag, err = b.Write(t.Context(), fmt.Appendf(nil, "state %d", n), etag); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 20 || all[0].ID != "25" || all[19].ID != "6" {
		t.Errorf("%d versions, from %s to %s", len(all), all[0].ID, all[len(all)-1].ID)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	if len(names) != 22 || !slices.Contains(names, "prod.json") || !slices.Contains(names, "prod.flock") || !slices.Contains(names, "prod.000025.json") {
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

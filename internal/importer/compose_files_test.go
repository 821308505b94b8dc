package importer

import (
	"slices"
	"testing"
)

// env_file is one file or a list of them, on either side: those of what is extended come first.
func TestTheVariableFilesOfBothServicesAreRead(t *testing.T) {
	for _, x := range []struct {
		own, base string
		want      []string
	}{
		{"a.env", "b.env", []string{"b.env", "a.env"}},
		{"[a.env]", "b.env", []string{"b.env", "a.env"}},
		{"a.env", "[b.env]", []string{"b.env", "a.env"}},
		{"[a.env]", "[b.env, c.env]", []string{"b.env", "c.env", "a.env"}},
	} {
		own, err := yamlTree("compose.yaml", []byte("env_file: "+x.own))
		if err != nil {
			t.Fatal(err)
		}
		base, err := yamlTree("base.yaml", []byte("env_file: "+x.base))
		if err != nil {
			t.Fatal(err)
		}
		layOver(own, base)
		var got []string
		for _, f := range own.get("env_file").list() {
			got = append(got, f.str())
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s over %s: %q", x.own, x.base, got)
		}
	}
}

// What two copies of a value are given more is each one's own.
func TestCopiesOfAValueDoNotShareTheirKeys(t *testing.T) {
	of := &tree{kind: dict, keys: make([]string, 0, 4)}
	of.put("cpu", &tree{text: "256"})
	one, two := of.ref("one"), of.ref("two")
	one.put("port", &tree{text: "80"})
	two.put("path", &tree{text: "/"})
	if one.get("port").str() != "80" || two.get("path").str() != "/" {
		t.Errorf("%q and %q", one.keys, two.keys)
	}
}

package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/engine"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func sample() *State {
	at := time.Date(2026, 11, 5, 10, 0, 0, 123456789, time.UTC)
	service := entry("service/validator", "arn:aws:ecs:us-east-1:123456789012:service/karmacadabra-prod/validator", "cluster/main", "target-group/validator")
	service.Deposed = []string{"arn:aws:ecs:us-east-1:123456789012:service/karmacadabra-prod/old"}
	service.Adopted, service.Differs = engine.AdoptionShared, []engine.Difference{{Field: "circuit_breaker", Want: "on", Read: ""}}
	service.Known = map[string]string{"content": "9f86d081884c7d65", "image": "karmacadabra/validator@sha256:0a1b2c"}
	return &State{
		Version: Schema, Stack: "karmacadabra-prod", Account: "123456789012", Region: "us-east-1",
		Lineage: "K3XQ5T7YJ2M4N6P8R1S3V5W7Z9", Serial: 42,
		Resources: map[engine.Key]engine.Entry{
			"vpc/main":          entry("vpc/main", "vpc-0a1b2c3d4e5f60718"),
			"service/validator": service,
			"rule/<odd> & co":   entry("rule/<odd> & co", "a"),
		},
		InFlight: map[engine.Key]time.Time{"nat/us-east-1a": at},
		Hibernation: &Hibernation{Since: at, KeepALB: true, Scales: []Scale{{
			Agent: "validator", Manual: true, Min: 1, Max: 4, Actions: []ScaleAction{{Schedule: "office-hours", Action: "start", Cron: "cron(0 9 ? * MON-FRI *)", Timezone: "UTC", Min: 1, Max: 4}},
		}}},
		Cutover: &Cutover{Since: at, Ready: at, Moved: at, Zone: "Z1", Names: []string{"agents.example.com"}, Records: []RecordSet{
			{Name: "agents.example.com", Type: "CNAME", TTL: 300, Values: []string{"old.example.net"}},
		}},
		By: &By{Run: "HXK2", Who: "ana", Command: "up"},
	}
}

func TestAStateIsWrittenForPeopleAndReadBackAsItWas(t *testing.T) {
	data, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "state.json", data)
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotAStateIsRefusedWithTheWayOut(t *testing.T) {
	whole, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, now string) string { return strings.Replace(string(whole), old, now, 1) }
	var truncated *TruncatedError
	var corrupt *CorruptError
	var newer *NewerError
	var unknown *UnknownKeyError
	cases := []struct {
		name string
		data string
		kind any
	}{
		{"empty", "", &truncated},
		{"cut off in the middle", string(whole[:len(whole)/2]), &truncated},
		{"cut off before its last brace", string(bytes.TrimRight(whole, "}\n")), &truncated},
		{"not JSON", "<html>login</html>", &corrupt},
		{"zero bytes", "\x00\x00\x00\x00", &corrupt},
		{"another JSON file", `{"name": "x"}`, &corrupt},
		{"a list", `[]`, &corrupt},
		{"null", `null`, &corrupt},
		{"two states in one file", string(whole) + string(whole), &corrupt},
		{"version 0", edit(`"version": 6`, `"version": 0`), &corrupt},
		{"a version in words", edit(`"version": 6`, `"version": "1"`), &corrupt},
		{"a newer version", edit(`"version": 6`, `"version": 7`), &newer},
		{"an unknown key", edit(`"stack"`, `"note": "mine", "stack"`), &unknown},
		{"an unknown key in a resource", edit(`"kind": "vpc"`, `"colour": "red", "kind": "vpc"`), &unknown},
		{"the same resource twice", edit(`"service/validator": {`, `"vpc/main": {"kind": "vpc", "id": "vpc-2", "createdAt": "2026-11-05T10:00:00Z"}, "service/validator": {`), &corrupt},
		{"no account", edit(`"account": "123456789012"`, `"account": ""`), &corrupt},
		{"no lineage", edit(`"K3XQ5T7YJ2M4N6P8R1S3V5W7Z9"`, `""`), &corrupt},
		{"a negative serial", edit(`"serial": 42`, `"serial": -1`), &corrupt},
		{"a serial in words", edit(`"serial": 42`, `"serial": "many"`), &corrupt},
		{"a resource of another kind than its key", edit(`"kind": "vpc"`, `"kind": "subnet"`), &corrupt},
		{"a time that is none", edit(`2026-11-05T10:00:00Z`, `yesterday`), &corrupt},
		{"a hibernation with a word too many", edit(`"keepALB"`, `"dreams": true, "keepALB"`), &unknown},
		{"a hibernation before the first year", edit(`"since": "2026-11-05T10:00:00.123456789Z"`, `"since": "0000-01-01T00:00:00+05:00"`), &corrupt},
		{"a year before the first", edit(`2026-11-05T10:00:00Z`, `0000-01-01T00:00:00+05:00`), &corrupt},
	}
	var messages bytes.Buffer
	for _, c := range cases {
		_, err := Decode([]byte(c.data))
		if err == nil || !errors.As(err, c.kind) {
			t.Errorf("%s: %T: %v", c.name, err, err)
			continue
		}
		fmt.Fprintf(&messages, "%s:\n  %v\n  try %s\n", c.name, err, engine.AdviceOf(err))
	}
	for _, what := range []string{"stack", "account", "region"} {
		fmt.Fprintf(&messages, "another %s:\n  %v\n", what, &ElsewhereError{What: what, Here: "HERE", State: "THERE"})
	}
	golden(t, "refused.txt", messages.Bytes())
}

func TestAnEarlierSchemaIsMigratedStepByStep(t *testing.T) {
	rename := func(old, now string, to int) func([]byte) ([]byte, error) {
		return func(data []byte) ([]byte, error) {
			var m map[string]json.RawMessage
			if err := json.Unmarshal(data, &m); err != nil {
				return nil, err
			}
			v, ok := m[old]
			if !ok {
				return nil, fmt.Errorf("it has no %s", old)
			}
			delete(m, old)
			m[now], m["version"] = v, json.RawMessage(fmt.Sprint(to))
			return json.Marshal(m)
		}
	}
	steps := []func([]byte) ([]byte, error){rename("name", "title", 2), rename("title", "stack", 3)}
	old := `{"version": 1, "name": "prod", "account": "1", "region": "r", "lineage": "l", "serial": 3}`
	s, err := decode([]byte(old), steps)
	if err != nil || s.Stack != "prod" || s.Serial != 3 {
		t.Errorf("%+v: %v", s, err)
	}
	_, err = decode([]byte(strings.Replace(old, "name", "nom", 1)), steps)
	if !errors.As(err, new(*CorruptError)) || !strings.Contains(err.Error(), "from schema 1 to 2: it has no name") {
		t.Errorf("a migration that fails: %v", err)
	}
	if len(migrations)+1 != Schema {
		t.Errorf("there are %d migrations to reach schema %d", len(migrations), Schema)
	}
}

// A stack that an earlier karmactl wrote the state of is awake, and nothing is known of it.
func TestAStateOfSchemaOneIsReadAsAwake(t *testing.T) {
	old, err := os.ReadFile(filepath.Join("testdata", "state.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(old)
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Hibernation, want.Cutover, want.By = nil, nil, nil
	for k, e := range want.Resources {
		e.Known, e.Adopted, e.Differs = nil, "", nil
		want.Resources[k] = e
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzDecode(f *testing.F) {
	whole, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode(data)
		if err != nil {
			if s != nil || (!errors.As(err, new(*TruncatedError)) && !errors.As(err, new(*CorruptError)) &&
				!errors.As(err, new(*NewerError)) && !errors.As(err, new(*UnknownKeyError))) {
				t.Fatalf("an error of no kind: %T: %v", err, err)
			}
			return
		}
		once, err := s.Encode()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written twice it differs: %v\n%s\n%s", err, once, twice)
		}
	})
}

package awssim

import (
	"reflect"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
)

func facts(t *testing.T) *recorded.Facts {
	t.Helper()
	f, err := recorded.Read()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// otherStatus are recorded refusals that the simulated account does not make, or
// that have another status in one service than in all others.
var otherStatus = map[string]string{
	"S3.InvalidBucketState": "object locks are not simulated", "S3.InvalidObjectState": "storage classes are not simulated",
	"S3.InvalidPartNumber": "uploads in parts are not simulated", "S3.InvalidRange": "ranges are not simulated",
	"Secrets Manager.AccessDeniedException": "400 in all other services of its protocol, and nothing reads it",
}

func TestARefusalHasTheStatusThatAWSSendsItWith(t *testing.T) {
	n := 0
	for service, codes := range facts(t).Statuses {
		for code, want := range codes {
			n++
			if got := statusOf(code); got != want && otherStatus[service+"."+code] == "" {
				t.Errorf("%s %s has status %d, AWS sends %d", service, code, got, want)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d refusals are recorded", n)
	}
}

// at is the type that has a field of an answer.
func at(out reflect.Type, path string) (reflect.Type, string, bool) {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		name := strings.TrimRight(part, "[]{}")
		f, ok := out.FieldByName(name)
		if !ok || i == len(parts)-1 {
			return out, name, ok
		}
		for out = f.Type; out.Kind() != reflect.Struct; out = out.Elem() {
			if k := out.Kind(); k != reflect.Pointer && k != reflect.Slice && k != reflect.Map {
				return out, name, false
			}
		}
	}
	return out, "", false
}

func TestEveryRecordedFieldIsOneOfTheSDK(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range facts(t).Operations {
		of, ok := s.ops[name]
		if !ok {
			t.Errorf("%s is recorded and not simulated", name)
			continue
		}
		for _, path := range o.Always {
			if of, field, ok := at(of.out, path); !ok {
				t.Errorf("%s has no field %s: %s is no field of %s", name, path, field, of)
			}
		}
	}
}

func TestAnEmptyListIsSentWhereAWSAlwaysSendsTheList(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	always := map[string]bool{}
	for name, o := range facts(t).Operations {
		for _, path := range o.Always {
			of, field, _ := at(s.ops[name].out, path)
			always[of.String()+"."+field] = true
		}
	}
	for of, fields := range emptyLists {
		for _, field := range fields {
			if !always[of.String()+"."+field] {
				t.Errorf("no recording says that %s always has %s", of, field)
			}
		}
	}
}

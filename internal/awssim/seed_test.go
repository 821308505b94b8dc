package awssim

import (
	"testing"
)

func TestARehearsalsAccountHasWhatAFileRefersToOnce(t *testing.T) {
	s, err := New(Options{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	seed := Seed{
		Zones:      []string{"example.com"},
		Secrets:    map[string][]string{"arn:aws:secretsmanager:us-east-1:123456789012:secret:team/keys-AbCdEf": {"one", "two"}, "whole": nil},
		Parameters: []string{"/team/hook"}, Images: map[string]string{"shared/quiz": "3"},
		Policies: []string{"", "arn:aws:iam::123456789012:policy/boundary", "arn:aws:iam::999999999999:policy/boundary", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
	}
	for range 2 {
		if err := s.Seed(seed); err != nil {
			t.Fatal(err)
		}
	}
	w := s.world
	if len(w.HostedZones) != 1 || w.Parameters["/team/hook"] == nil || w.Secrets["whole"] == nil {
		t.Errorf("zones %d, parameters %d, secrets %d", len(w.HostedZones), len(w.Parameters), len(w.Secrets))
	}
	if _, ok := w.ManagedPolicies["arn:aws:iam::123456789012:policy/boundary"]; !ok || len(w.ManagedPolicies) != 1 {
		t.Errorf("of four policies one is the account's own: %v", w.ManagedPolicies)
	}
	if x := w.Secrets["team/keys"]; x == nil || x.ARN != "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/keys-AbCdEf" {
		t.Errorf("the secret that is named by its ARN: %+v", x)
	}
	if r := w.Repositories["shared/quiz"]; r == nil || len(r.Images) == 0 {
		t.Errorf("the repository: %+v", r)
	}
}

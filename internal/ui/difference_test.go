package ui

import (
	"slices"
	"strings"
	"testing"
)

func TestADifferenceSaysWhatChangedAndNotTheWholeOfBoth(t *testing.T) {
	for _, c := range []struct {
		was, now string
		want     []string
	}{
		{"7", "14", []string{"7 → 14"}},
		{"", "on", []string{"(none) → on"}},
		{`{"A":"1","B":"2","C":"3"}`, `{"A":"1","B":"4","D":"5"}`, []string{"~ B 2 → 4", "- C", "+ D 5"}},
		{``, `{"A":"1"}`, []string{"+ A 1"}},
		{`{"A":"1"}`, ``, []string{"- A"}},
		{`{"A":{"x":1}}`, `{"A":{"x":2}}`, []string{`~ A {"x":1} → {"x":2}`}},
		{`["a"]`, `["b"]`, []string{`["a"] → ["b"]`}},
		{"arn:aws:ecs:us-east-1:123456789012:task-definition/karmacadabra-prod-validator:1", "<task-definition/validator>", []string{"task-definition/karmacadabra-prod-validator:1 → <task-definition/validator>"}},
		{"123456789012.dkr.ecr.us-east-1.amazonaws.com/karmacadabra/validator@sha256:" + strings.Repeat("ab", 32), "x", []string{"karmacadabra/validator@sha256:abababababab… → x"}},
		{"rtb-03466e9a083914f64 rtb-0b54e0f1600cc4d19 rtb-0c3cf17102b7f7f86", "rtb-03466e9a083914f64 rtb-0c3cf17102b7f7f86", []string{"… rtb-0b54e0f1600cc4d19 … → …"}},
		{"waiting = Maximum of AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=a; tasks = 1", "waiting = Maximum of AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=b; tasks = 1", []string{"… QueueName=a; … → … QueueName=b; …"}},
		{"LoadBalancer=app/orchid-stage/edf5f1d90dca2f6a TargetGroup=targetgroup/a/1", "LoadBalancer=app/orchid-stage/edf5f1d90dca2f6a TargetGroup=targetgroup/a/2", []string{"… TargetGroup=targetgroup/a/1 → … TargetGroup=targetgroup/a/2"}},
		{"a\n  b", strings.Repeat("x", 100), []string{"a b → " + strings.Repeat("x", 59) + "…"}},
	} {
		if got := Difference(c.was, c.now); !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: %q, want %q", c.was, c.now, got, c.want)
		}
	}
}

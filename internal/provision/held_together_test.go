package provision

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInterfacesOfOneKindAreSaidOnce(t *testing.T) {
	got := Together([]string{
		"ECS service web", "network interface eni-1 (a function, lambda, owner 1)", "network interface eni-2 (a function, lambda, owner 1)",
		"network interface eni-3 (a database, interface, owner amazon-rds)", "network interface eni-4 (a function, lambda, owner 1)",
	})
	want := []string{
		"ECS service web", "3 network interfaces (a function, lambda, owner 1): eni-1, eni-2, eni-4",
		"network interface eni-3 (a database, interface, owner amazon-rds)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

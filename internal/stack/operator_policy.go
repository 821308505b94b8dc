package stack

// The operator's least policy is made from the calls in the product's sources
// and held against the calls of the scenarios (operator_policy_test.go).
//
//go:generate go test -run ^TestTheOperatorsPoliciesAreWhatTheProductAsks$ -count=1 . -update-policy

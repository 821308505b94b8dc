// Package docs holds the documents that karmactl itself has a use for: the policies of
// its rights, and the workflow that karmactl ci github writes.
package docs

import _ "embed"

//go:embed iam-policy-read.json
var readPolicy string

// ReadPolicy is what one needs who only looks, as an IAM policy.
func ReadPolicy() string { return readPolicy }

//go:embed iam-policy-change.json
var changePolicy string

// ChangePolicy is what one needs beside ReadPolicy and NetworkPolicy to change things.
func ChangePolicy() string { return changePolicy }

//go:embed iam-policy-network.json
var networkPolicy string

// NetworkPolicy is the part of it that is about the network and the load balancer.
func NetworkPolicy() string { return networkPolicy }

//go:embed ci/karmactl.yml
var workflow string

// Workflow is a workflow of GitHub Actions with the values of an example.
func Workflow() string { return workflow }

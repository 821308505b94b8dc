//go:build !race

package agents

const instrumented = 1

//go:build race

package agents

// instrumented is how much slower the race detector makes things.
const instrumented = 15

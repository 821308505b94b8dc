// Command schemagen writes the JSON schema of agents.yaml to the file it is given.
package main

import (
	"fmt"
	"os"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemagen FILE")
		os.Exit(64)
	}
	if err := os.WriteFile(os.Args[1], agents.Schema(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

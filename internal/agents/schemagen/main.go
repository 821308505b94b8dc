// Command schemagen writes the JSON schema of agents.yaml, and the reference that
// people read, to the files it is given. Both are made from the table that reads
// the file; the prices are karmactl's own estimates.
package main

import (
	"fmt"
	"os"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schemagen SCHEMA REFERENCE")
		os.Exit(64)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func generate(schemaFile, referenceFile string) error {
	page, err := reference(agents.Schema())
	if err != nil {
		return err
	}
	if err := os.WriteFile(schemaFile, agents.Schema(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(referenceFile, page, 0o644)
}

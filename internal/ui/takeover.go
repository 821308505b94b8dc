package ui

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Takeover prints it.
func (t *Terminal) Takeover(d *document.Takeover) error {
	d.Head = document.Of("Takeover")
	if t.JSON {
		return t.Document(d)
	}
	c := t.paint()
	var b strings.Builder
	fmt.Fprintln(&b, c.bold(d.Headline))
	if d.File != "" {
		fmt.Fprintf(&b, "  written: %s\n", d.File)
	}
	if len(d.Commands) > 0 {
		fmt.Fprintln(&b, "For Terraform:")
	}
	for _, x := range d.Commands {
		fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(x, "\n", "\n  "))
	}
	switch {
	case len(d.Blocks) > 0 && len(d.Commands) > 0:
		fmt.Fprintln(&b, "Or, from Terraform 1.7 on, in its configuration in place of the resources, and terraform apply:")
	case len(d.Blocks) > 0:
		fmt.Fprintln(&b, "For Terraform's configuration:")
	}
	for _, x := range d.Blocks {
		fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(x, "\n", "\n  "))
	}
	for _, x := range d.Next {
		fmt.Fprintf(&b, "  %s %s\n", c.dim("next:"), x)
	}
	t.Printf("%s", b.String())
	return nil
}

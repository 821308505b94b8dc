package ui

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Adoption prints it.
func (t *Terminal) Adoption(d *document.Adoption) error {
	d.Head = document.Of("Adoption")
	if t.JSON {
		return t.Document(d)
	}
	t.Printf("%s", t.adoptionText(d))
	return nil
}

func (t *Terminal) adoptionText(d *document.Adoption) string {
	c := t.paint()
	width := t.page()
	var b strings.Builder
	fmt.Fprintln(&b, c.bold(d.Cluster)+"  "+d.Region+"  account "+mask(d.Account)+t.simulated()+"  as the stack "+c.bold(d.Stack))
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "  %s %s\n", c.yellow("!"), wrap(n, width-4, 4))
	}
	if len(d.Obstacles) > 0 {
		fmt.Fprintln(&b, "In the way:")
	}
	for _, o := range d.Obstacles {
		fmt.Fprintf(&b, "  %s %s\n", c.red("✘"), wrap(o.What+": "+o.Why, width-4, 4))
		fmt.Fprintf(&b, "      %s %s\n", c.dim(pad("instead", 9)), wrap(o.Instead, width-16, 16))
	}
	if len(d.Counterparts) > 0 {
		fmt.Fprintln(&b, "Has a key:")
	}
	for _, x := range d.Counterparts {
		fmt.Fprintf(&b, "  %s %s %s\n", c.green("="), pad(x.Key, 34), named(x.Name, x.ID, x.Address))
		for _, differs := range x.Differs {
			fmt.Fprintf(&b, "      %s\n", c.dim(wrap(differs, width-6, 6)))
		}
	}
	if len(d.Others) > 0 {
		fmt.Fprintln(&b, "Has none, and stays with who made it:")
	}
	for _, x := range d.Others {
		fmt.Fprintf(&b, "  · %s %s\n      %s\n", x.ResourceKind, named(x.Name, x.ID, x.Address), c.dim(wrap(x.Why, width-6, 6)))
	}
	if len(d.New) > 0 {
		fmt.Fprintln(&b, "Not there, so that up would make it:")
	}
	for _, key := range d.New {
		fmt.Fprintf(&b, "  + %s\n", key)
		if why := d.NewWhy[key]; why != "" {
			fmt.Fprintf(&b, "      %s\n", c.dim(wrap(why, width-6, 6)))
		}
	}
	fmt.Fprintf(&b, "%s · %s · %s · %s. Nothing was changed.\n", count(len(d.Counterparts), "has a key", "have a key"), count(len(d.Others), "has none", "have none"),
		count(len(d.New), "would be new", "would be new"), count(len(d.Obstacles), "is in the way", "are in the way"))
	return b.String()
}

// named is a resource as a person looks for it: its name, else its id, and Terraform's address.
func named(name, id, address string) string {
	if name == "" {
		name = id
	}
	if address != "" {
		name += " (" + address + ")"
	}
	return name
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

package ui

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Cutover prints it.
func (t *Terminal) Cutover(d *document.Cutover) error {
	d.Head = document.Of("Cutover")
	if t.JSON {
		return t.Document(d)
	}
	c := t.paint()
	t.Printf("%s\n", c.bold(d.Headline))
	for _, s := range d.Sides {
		switch {
		case s.Requests == nil:
			t.Para("  ", s.Name+": its requests cannot be seen from here; look there before you take it down")
		case *s.Requests == 0:
			t.Para("  ", s.Name+": no more requests")
		default:
			t.Para("  ", fmt.Sprintf("%s: still %d requests in the last minutes: some clients keep an address longer than they may", s.Name, *s.Requests))
		}
	}
	for _, x := range d.Next {
		t.Printf("  %s %s\n", c.dim("next:"), x)
	}
	return nil
}

// CutoverPlan prints what is to change.
func (t *Terminal) CutoverPlan(d *document.Cutover) {
	if t.JSON {
		return
	}
	x := Table{Columns: []string{"NAME", "TYPE", "TTL", "NOW", "THEN"}, Spare: []int{3, 2}}
	for _, r := range d.Records {
		ttl := "–"
		if r.TTL > 0 {
			ttl = strconv.FormatInt(r.TTL, 10)
		}
		x.Rows = append(x.Rows, []string{r.Name, r.Type, ttl, cmp.Or(r.From, "–"), cmp.Or(r.To, "–")})
	}
	if len(x.Rows) > 0 {
		t.Table(x)
	}
	for _, n := range d.Notes {
		t.Para("  ", n)
	}
}

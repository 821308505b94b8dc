package ui

import (
	"fmt"
	"strings"
)

// Picture is a stack as boxes in columns and arrows between them.
type Picture struct {
	Title string
	Nodes []PictureNode
	Edges []PictureEdge
}

// PictureNode is a box. Price is "" for what is not the stack's.
type PictureNode struct {
	ID, Label, Detail, Price string
	Column                   int
}

// PictureEdge is an arrow between two boxes, by their ids.
type PictureEdge struct{ From, To, Label string }

// Mermaid is the picture as a flowchart that GitHub draws:
// https://mermaid.js.org/syntax/flowchart.html
func (p Picture) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	stack := func(n PictureNode) bool { return n.Price != "" }
	for _, n := range p.Nodes {
		if !stack(n) {
			fmt.Fprintf(&b, "  %s((%s))\n", mermaidID(n.ID), quoted(n.Label, n.Detail))
		}
	}
	fmt.Fprintf(&b, "  subgraph stack [%s]\n", quoted(p.Title))
	for _, n := range p.Nodes {
		if stack(n) {
			fmt.Fprintf(&b, "    %s[%s]\n", mermaidID(n.ID), quoted("<b>"+n.Label+"</b>", n.Detail, n.Price))
		}
	}
	b.WriteString("  end\n")
	for _, e := range p.Edges {
		arrow := "-->"
		if e.Label != "" {
			arrow = "-->|" + quoted(e.Label) + "|"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", mermaidID(e.From), arrow, mermaidID(e.To))
	}
	return b.String()
}

// mermaidID is a name without what Mermaid reads as an arrow or a shape.
func mermaidID(id string) string { return strings.NewReplacer("/", "_", "-", "_").Replace(id) }

// quoted is a text of several lines for Mermaid, which has its own words for quotation marks.
func quoted(lines ...string) string {
	return `"` + strings.ReplaceAll(strings.Join(lines, "<br/>"), `"`, "#quot;") + `"`
}

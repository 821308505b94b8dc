package ui

import (
	"fmt"
	"html"
	"strings"
)

// What a picture measures, in pixels.
const (
	boxWidth, boxHeight   = 250, 64
	columnStep, rowStep   = 330, 84
	pictureLeft, headRoom = 24, 76
)

// spot is where a box is.
type spot struct{ x, y int }

// SVG is the picture as a file that every browser shows, in light and in dark.
func (p Picture) SVG() string {
	at, width, height := p.places()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="system-ui, sans-serif" role="img">
<title>%s</title>
<style>
  .page { fill: #ffffff } .box { fill: #f4f6fb; stroke: #3b5bdb } .world { fill: #ffffff; stroke: #868e96; stroke-dasharray: 4 3 }
  .arrow { fill: none; stroke: #748096 } .call { fill: none; stroke: #e8590c } .head { fill: #748096 } .callhead { fill: #e8590c }
  text { fill: #1a1f2b; font-size: 14px } .name { font-weight: 600 } .detail { font-size: 12px; fill: #5c6678 } .price { font-weight: 600; fill: #2b8a3e } .title { font-size: 18px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14171f } .box { fill: #1e2433; stroke: #748ffc } .world { fill: #14171f } text { fill: #e9ecf3 } .detail { fill: #a3adbf } .price { fill: #69db7c } .arrow { stroke: #9aa5b8 } .head { fill: #9aa5b8 }
  }
</style>
<defs>
  <marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker>
  <marker id="calls" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="callhead" d="M0 0 8 4 0 8z"/></marker>
</defs>
<rect class="page" width="100%%" height="100%%"/>
<text class="title" x="%d" y="40">%s</text>
`, width, height, width, height, html.EscapeString(p.Title), pictureLeft, html.EscapeString(p.Title))
	for _, e := range p.Edges {
		b.WriteString(edgeSVG(at[e.From], at[e.To]))
	}
	for _, n := range p.Nodes {
		b.WriteString(boxSVG(n, at[n.ID]))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// places puts each column's boxes in its middle.
func (p Picture) places() (at map[string]spot, width, height int) {
	rows := map[int]int{}
	most, columns := 0, 0
	for _, n := range p.Nodes {
		rows[n.Column]++
		most, columns = max(most, rows[n.Column]), max(columns, n.Column+1)
	}
	at = map[string]spot{}
	seen := map[int]int{}
	for _, n := range p.Nodes {
		above := (most - rows[n.Column]) * rowStep / 2
		at[n.ID] = spot{pictureLeft + n.Column*columnStep, headRoom + above + seen[n.Column]*rowStep}
		seen[n.Column]++
	}
	return at, pictureLeft*2 + (columns-1)*columnStep + boxWidth, headRoom + most*rowStep
}

func boxSVG(n PictureNode, s spot) string {
	class := "box"
	if n.Price == "" {
		class = "world"
	}
	text := func(class string, x, y int, anchor, text string) string {
		return fmt.Sprintf(`<text class="%s" x="%d" y="%d" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, html.EscapeString(text))
	}
	return fmt.Sprintf(`<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="10" stroke-width="1.5"/>`+"\n", class, s.x, s.y, boxWidth, boxHeight) +
		text("name", s.x+14, s.y+26, "start", shortened(n.Label, 21)) + text("detail", s.x+14, s.y+47, "start", shortened(n.Detail, 36)) +
		text("price", s.x+boxWidth-14, s.y+26, "end", n.Price)
}

// shortened keeps a text inside of its box.
func shortened(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// edgeSVG is an arrow to the next column, or between two boxes of one column, to the right of them.
func edgeSVG(from, to spot) string {
	right := func(s spot) (int, int) { return s.x + boxWidth, s.y + boxHeight/2 }
	x, y := right(from)
	if from.x == to.x {
		_, end := right(to)
		bow := x + 14 + (max(end, y)-min(end, y))/rowStep*9
		return fmt.Sprintf(`<path class="call" stroke-width="1.5" marker-end="url(#calls)" d="M%d %d C%d %d %d %d %d %d"/>`+"\n", x, y+10, bow+20, y+10, bow+20, end-10, x, end-10)
	}
	middle := (x + to.x) / 2
	return fmt.Sprintf(`<path class="arrow" stroke-width="1.5" marker-end="url(#to)" d="M%d %d C%d %d %d %d %d %d"/>`+"\n", x, y, middle, y, middle, to.y+boxHeight/2, to.x, to.y+boxHeight/2)
}

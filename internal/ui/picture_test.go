package ui

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

var smallPicture = Picture{
	Title: `shop/prod "live" · $79.27 a month`,
	Nodes: []PictureNode{
		{ID: "users", Label: "Internet", Detail: "who asks"},
		{ID: "agent/api", Label: "api", Detail: "1–3 × 0.25 vCPU", Price: "$3.27", Column: 1},
		{ID: "agent/work-er", Label: "work-er & <more>", Detail: "1 × 1 vCPU", Price: "$9.00", Column: 1},
	},
	Edges: []PictureEdge{{From: "users", To: "agent/api", Label: "/api"}, {From: "agent/work-er", To: "agent/api"}},
}

func TestAPictureIsAFlowchartOfMermaid(t *testing.T) {
	const want = `flowchart LR
  users(("Internet<br/>who asks"))
  subgraph stack ["shop/prod #quot;live#quot; · $79.27 a month"]
    agent_api["<b>api</b><br/>1–3 × 0.25 vCPU<br/>$3.27"]
    agent_work_er["<b>work-er & <more></b><br/>1 × 1 vCPU<br/>$9.00"]
  end
  users -->|"/api"| agent_api
  agent_work_er --> agent_api
`
	if got := smallPicture.Mermaid(); got != want {
		t.Errorf("it is\n%s", got)
	}
}

func TestAPictureIsWellFormedSVGWithEachBoxInAPlaceOfItsOwn(t *testing.T) {
	text := smallPicture.SVG()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
	for _, want := range []string{"work-er &amp; &lt;more&gt;", "$3.27", "prefers-color-scheme: dark"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %s:\n%s", want, text)
		}
	}
	at, width, height := smallPicture.places()
	seen := map[spot]string{}
	for id, s := range at {
		if seen[s] != "" || s.x+boxWidth > width || s.y+boxHeight > height {
			t.Errorf("%s is at %v of %d × %d, where %q is", id, s, width, height, seen[s])
		}
		seen[s] = id
	}
}

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
)

// terraformState is what a state of Terraform's manages; the zero one is no state.
type terraformState struct {
	all []importer.Address
	// at are its addresses, by karmactl's kind and id; byID by AWS's id alone.
	at, byID map[string]string
}

// readTerraform reads a state file; path "" is none.
func readTerraform(path string) (*terraformState, []string, error) {
	s := &terraformState{at: map[string]string{}, byID: map[string]string{}}
	if path == "" {
		return s, nil, nil
	}
	all, clusters, err := importer.StateAddresses(path)
	if err != nil {
		return nil, nil, err
	}
	s.all = all
	for _, x := range all {
		if x.Kind != "" && !x.Part {
			s.at[placeOf(x.Kind, x.ID)] = x.Address
		}
		if strings.HasSuffix(x.Type, "_association") || strings.HasSuffix(x.Type, "_attachment") {
			continue // their ids are those of what they tie
		}
		for _, id := range x.IDs {
			if s.byID[id] == "" {
				s.byID[id] = x.Address
			}
		}
	}
	return s, clusters, nil
}

// placeOf is one text for a kind and an id. A revision is known by its family: Terraform's
// state has its own last one.
func placeOf(kind, id string) string {
	if kind == "task-definition" && strings.HasPrefix(id, "arn:") {
		id = id[strings.LastIndexByte(id, '/')+1:]
		id, _, _ = strings.Cut(id, ":")
	}
	return kind + " " + id
}

// of is the address of what karmactl has as key; "" is that the state does not have it.
func (s *terraformState) of(key engine.Key, id string) string { return s.at[placeOf(key.Kind(), id)] }

// has are the resources of the state that are what was taken, or a part of it.
func (s *terraformState) has(taken []engine.Entry) []importer.Address {
	places := map[string]bool{}
	for _, e := range taken {
		places[placeOf(e.Key.Kind(), e.ID)] = true
	}
	var out []importer.Address
	for _, x := range s.all {
		if x.Kind != "" && places[placeOf(x.Kind, x.ID)] {
			out = append(out, x)
		}
	}
	return out
}

// letGo are the two ways in which Terraform lets go of what was taken, and of nothing else:
// commands for each resource, and blocks for its configuration (Terraform 1.7 or later). A
// block takes no instance key, so there is none where only some instances were taken.
func (s *terraformState) letGo(taken []engine.Entry) (commands, blocks []string) {
	commands, blocks = []string{}, []string{}
	left := map[string]int{} // instances of a resource that were not taken
	for _, x := range s.all {
		left[withoutKeys(x.Address)]++
	}
	var whole []string
	for _, x := range s.has(taken) {
		commands = append(commands, "terraform state rm '"+x.Address+"'")
		from := withoutKeys(x.Address)
		if left[from]--; left[from] == 0 && !slices.Contains(whole, from) {
			whole = append(whole, from)
		}
	}
	for _, from := range whole {
		blocks = append(blocks, "removed {\n  from = "+from+"\n  lifecycle {\n    destroy = false\n  }\n}")
	}
	return commands, blocks
}

// imports are the blocks by which Terraform takes back what it had.
func (s *terraformState) imports(taken []engine.Entry) []string {
	out := []string{}
	for _, x := range s.has(taken) {
		switch {
		case x.Import != "":
			out = append(out, fmt.Sprintf("import {\n  to = %s\n  id = %q\n}", x.Address, x.Import))
		default:
			out = append(out, "# "+x.Address+" has no import by an id: terraform plan says what it would make")
		}
	}
	return out
}

// withoutKeys is an address of Terraform's without the keys of its instances.
func withoutKeys(address string) string {
	var b strings.Builder
	quoted, depth := false, 0
	for i, r := range address {
		switch {
		case quoted:
			quoted = r != '"' || address[i-1] == '\\'
		case depth > 0 && r == '"':
			quoted = true
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

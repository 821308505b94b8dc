package ui

import (
	"bytes"
	"strings"
	"testing"
)

func TestAQuestionTakesEachOfItsWordsAndNothingElse(t *testing.T) {
	for answer, want := range map[string]bool{"karmacadabra-prod": true, " karmacadabra/prod ": true, "karmacadabra": false, "": false} {
		term := NewTerminal(strings.NewReader(answer+"\n"), &bytes.Buffer{}, &bytes.Buffer{}, func(string) string { return "" })
		term.Ask = true
		if got, err := term.Confirm(t.Context(), "Type karmacadabra-prod to continue:", "karmacadabra-prod", "karmacadabra/prod"); got != want || err != nil {
			t.Errorf("%q is taken for %t: %v", answer, got, err)
		}
	}
}

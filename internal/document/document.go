// Package document has every JSON document that karmactl prints with -o json, and the parts
// that they share. It knows nothing: what fills a document is above it. docs/json.md is made
// of its comments, for people who write scripts.
//
// Fields are added, never renamed and never taken away. Money is a decimal string in USD, and
// "" where a price is missing. Times are in RFC 3339, in UTC where nothing else is said.
package document

// Schema is the version of every document.
const Schema = "karmactl/v1"

// Head begins every document.
type Head struct {
	// Schema is karmactl/v1.
	Schema string `json:"schema"`
	// Kind is which document it is.
	Kind string `json:"kind"`
	// Simulated: it is of a simulated account, and nothing in AWS is as it says; not there
	// for an account of AWS.
	Simulated bool `json:"simulated,omitempty"`
}

// Document is any of them.
type Document interface{ MarkSimulated() }

// MarkSimulated says that the document is of a simulated account.
func (h *Head) MarkSimulated() { h.Simulated = true }

// Of is the head of a kind of document.
func Of(kind string) Head { return Head{Schema: Schema, Kind: kind} }

package document

// Cutover is what became of the names that cutover leads to this stack, or back.
type Cutover struct {
	Head
	// Stack is the stack that the names are moved to.
	Stack string `json:"stack"`
	// Outcome is planned, moved, returned, or unchanged: the names lead there already.
	Outcome string `json:"outcome"`
	// Zone is the id of the hosted zone.
	Zone string `json:"zone"`
	// LoadBalancer is the DNS name of the stack's load balancer.
	LoadBalancer string `json:"load_balancer"`
	// Records are the record sets that change.
	Records []MovedRecord `json:"records"`
	// WaitSeconds is how long resolvers keep the old answers before the move, while the
	// lowered time to live gets known; 0 is that nothing has to be lowered.
	WaitSeconds int `json:"wait_seconds"`
	// Sides are the load balancers that the names lead away from.
	Sides []OldSide `json:"sides"`
	// Notes are what else has to be known, such as records that win over the stack's.
	Notes []string `json:"notes"`
	// Next are what to do: commands, and the line of agents.yaml to change.
	Next []string `json:"next"`
	// Headline says it in a sentence; it is no part of the JSON.
	Headline string `json:"-"`
}

// MovedRecord is a record set before and after.
type MovedRecord struct {
	// Name is without the last dot.
	Name string `json:"name"`
	// Type is A, AAAA or CNAME, as it is before.
	Type string `json:"type"`
	// TTL is the time to live in seconds; not there for an alias.
	TTL int64 `json:"ttl,omitempty"`
	// From is where it leads; "" is that there is none.
	From string `json:"from"`
	// To is where it leads after; "" is that there is none.
	To string `json:"to"`
}

// OldSide is what names lead away from.
type OldSide struct {
	// Name is its DNS name, or its addresses.
	Name string `json:"name"`
	// Requests is how many it still had in the last minutes that were watched; not there when
	// that is not known.
	Requests *int `json:"requests,omitempty"`
}

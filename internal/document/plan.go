package document

// Plan is what `up` would do. It is the JSON document and the text alike.
type Plan struct {
	Head
	Stack   string `json:"stack"`
	Region  string `json:"region"`
	Account string `json:"account"`
	// File is where the configuration came from.
	File     string    `json:"file"`
	Summary  Summary   `json:"summary"`
	Changes  []Change  `json:"changes"`
	Cost     *PlanCost `json:"cost,omitempty"`
	Waiting  []Waiting `json:"waiting"`
	Warnings []string  `json:"warnings"`
	// Groups are for the text only: the groups in order, with their description.
	Groups []Group `json:"-"`
	// Offline: nothing was asked of AWS.
	Offline bool `json:"offline,omitempty"`
	// Destroy: it is the plan of `down`.
	Destroy bool `json:"destroy,omitempty"`
	// Hibernation is there while the stack hibernates: what sleeps is no change.
	Hibernation *Hibernation `json:"hibernation,omitempty"`
}

// Hibernation says since when a stack hibernates and what that saves. Money is a
// decimal string in USD.
type Hibernation struct {
	// Since is in RFC 3339; "" when it does not hibernate yet.
	Since   string `json:"since,omitempty"`
	KeepALB bool   `json:"keep_alb,omitempty"`
	Hourly  string `json:"saves_hourly"`
	Monthly string `json:"saves_monthly"`
}

// Monthly is what a command changes of the expected monthly bill, in USD; empty where
// prices are missing.
type Monthly struct {
	Was string `json:"was"`
	Now string `json:"now"`
	// Delta has its sign.
	Delta  string `json:"delta"`
	Budget string `json:"budget,omitempty"`
	Over   bool   `json:"over_budget"`
	// Missing are the items without a price.
	Missing []string `json:"missing,omitempty"`
}

// Group is one line of a plan.
type Group struct {
	Name string
	// About says in a line what the group is made of.
	About string
	Total int
}

// Summary counts the verbs.
type Summary struct {
	Create    int `json:"create"`
	Update    int `json:"update"`
	Replace   int `json:"replace"`
	Delete    int `json:"delete"`
	Unchanged int `json:"unchanged"`
}

// Change is one resource that changes.
type Change struct {
	Key    string  `json:"key"`
	Kind   string  `json:"kind"`
	Group  string  `json:"group"`
	Agent  string  `json:"agent,omitempty"`
	Verb   string  `json:"verb"`
	Fields []Field `json:"fields"`
	Reason string  `json:"reason,omitempty"`
}

// Field is one field that changes.
type Field struct {
	Field string `json:"field"`
	Was   string `json:"was"`
	Now   string `json:"now"`
}

// Waiting is an agent that waits for its user.
type Waiting struct {
	Agent   string `json:"agent"`
	Reason  string `json:"reason"`
	Command string `json:"command"`
}

// PlanCost is the monthly estimate of what the plan leads to. Money is a decimal
// string in USD.
type PlanCost struct {
	Monthly    Range  `json:"monthly"`
	Delta      string `json:"delta"`
	PricesAsOf string `json:"prices_as_of"`
	// Lines are for the text.
	Lines  []CostLine `json:"-"`
	Region string     `json:"-"`
	Budget string     `json:"-"`
	Over   bool       `json:"-"`
	// Unknown is how many prices are missing: they are not in the total.
	Unknown int `json:"unknown_prices,omitempty"`
	// Missing names them.
	Missing []string `json:"missing,omitempty"`
}

// Range is a monthly figure and how far it may be off.
type Range struct {
	Low      string `json:"low"`
	Expected string `json:"expected"`
	High     string `json:"high"`
}

// CostLine is one line of the estimate.
type CostLine struct {
	Name  string
	About string
	Range Range
}

// Any tells whether there is anything to do.
func (s Summary) Any() bool { return s.Create+s.Update+s.Replace+s.Delete > 0 }

package document

import "strings"

// Plan is what `up` would do. It is the JSON document and the text alike.
type Plan struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region.
	Region string `json:"region"`
	// Account is the AWS account's 12 digits; "" for a plan that asked nothing of AWS.
	Account string `json:"account"`
	// File is where the configuration came from.
	File string `json:"file"`
	// Summary counts the changes.
	Summary Summary `json:"summary"`
	// Changes are the resources that change, in the order of their groups.
	Changes []Change `json:"changes"`
	// Cost is there when prices are known.
	Cost *PlanCost `json:"cost,omitempty"`
	// Waiting are the agents that wait for their user.
	Waiting []Waiting `json:"waiting"`
	// Warnings are what to know before it is done.
	Warnings []Warning `json:"warnings"`
	// Hooks are the commands of agents.yaml that run on this machine before and after it.
	Hooks []Hook `json:"hooks,omitempty"`
	// Groups are for the text only: the groups in order, with their description.
	Groups []Group `json:"-"`
	// Offline: nothing was asked of AWS.
	Offline bool `json:"offline,omitempty"`
	// Destroy: it is the plan of `down`.
	Destroy bool `json:"destroy,omitempty"`
	// Hibernation is there while the stack hibernates: what sleeps is no change.
	Hibernation *Hibernation `json:"hibernation,omitempty"`
}

// Warning is what to know before something is done. In JSON it is one text.
type Warning struct {
	Text string `json:"-"`
	// Command is what ends it, of another program, to be pasted; "" is none.
	Command string `json:"-"`
}

// Warn makes warnings of texts.
func Warn(texts ...string) []Warning {
	out := make([]Warning, len(texts))
	for i, text := range texts {
		out[i].Text = text
	}
	return out
}

// Texts are warnings as JSON has them.
func Texts(warnings []Warning) []string {
	out := make([]string, len(warnings))
	for i, w := range warnings {
		out[i] = w.String()
	}
	return out
}

func (w Warning) String() string {
	if w.Command == "" {
		return w.Text
	}
	return w.Text + ": " + w.Command
}

// MarshalText makes JSON's text of it.
func (w Warning) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Hook is a command of the user's own.
type Hook struct {
	// Name is its key in agents.yaml: before_up.
	Name string `json:"name"`
	// Command is the program and its arguments.
	Command []string `json:"command"`
}

// String is the command as a shell would take it.
func (h Hook) String() string {
	words := make([]string, len(h.Command))
	for i, w := range h.Command {
		if w == "" || strings.ContainsAny(w, " \t\n'\"\\$`*?;&|<>()") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

// Hibernation says since when a stack hibernates and what that saves. Money is a
// decimal string in USD.
type Hibernation struct {
	// Since is in RFC 3339; "" when it does not hibernate yet.
	Since string `json:"since,omitempty"`
	// KeepALB: the load balancer stays, with its address and its price.
	KeepALB bool `json:"keep_alb,omitempty"`
	// Hourly is what an hour asleep saves.
	Hourly string `json:"saves_hourly"`
	// Monthly is what a month asleep saves.
	Monthly string `json:"saves_monthly"`
}

// Monthly is what a command changes of the expected monthly bill, in USD; empty where
// prices are missing.
type Monthly struct {
	// Was is the figure for what is there.
	Was string `json:"was"`
	// Now is the figure for what will be there.
	Now string `json:"now"`
	// Delta has its sign.
	Delta string `json:"delta"`
	// Budget is the monthly limit; not there when none is set.
	Budget string `json:"budget,omitempty"`
	// Over: `now` is above the budget.
	Over bool `json:"over_budget"`
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
	// Create counts resources that are made.
	Create int `json:"create"`
	// Update counts resources that are changed in place.
	Update int `json:"update"`
	// Replace counts resources that are made again, because AWS cannot change them.
	Replace int `json:"replace"`
	// Delete counts resources that are deleted.
	Delete int `json:"delete"`
	// Unchanged counts resources that stay as they are.
	Unchanged int `json:"unchanged"`
}

// Change is one resource that changes.
type Change struct {
	// Key is the resource.
	Key string `json:"key"`
	// Kind is the first part of its key.
	Kind string `json:"kind"`
	// Group is network, edge, platform or agents; github for ci github.
	Group string `json:"group"`
	// Agent is the agent that it belongs to; not there for what is shared.
	Agent string `json:"agent,omitempty"`
	// Verb is create, update, replace or delete.
	Verb string `json:"verb"`
	// Fields are what is different; empty for what is made or deleted.
	Fields []Field `json:"fields"`
	// Reason is why, where the fields do not say it.
	Reason string `json:"reason,omitempty"`
}

// Field is one field that changes.
type Field struct {
	// Field is its name.
	Field string `json:"field"`
	// Was is what AWS has.
	Was string `json:"was"`
	// Now is what agents.yaml wants.
	Now string `json:"now"`
}

// Waiting is an agent that waits for its user.
type Waiting struct {
	// Agent is its name.
	Agent string `json:"agent"`
	// Reason is what it waits for.
	Reason string `json:"reason"`
	// Command is what gives it that.
	Command string `json:"command"`
}

// PlanCost is the monthly estimate of what the plan leads to. Money is a decimal
// string in USD.
type PlanCost struct {
	// Monthly is the total that the plan leads to.
	Monthly Range `json:"monthly"`
	// Delta is the change of the expected total, with its sign.
	Delta string `json:"delta"`
	// PricesAsOf is the date of the prices.
	PricesAsOf string `json:"prices_as_of"`
	// BestSaving is the change of agents.yaml that saves most; not there when none saves a dollar a month.
	BestSaving *BestSaving `json:"best_saving,omitempty"`
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
	// Low is the least that is likely.
	Low string `json:"low"`
	// Expected is what to expect.
	Expected string `json:"expected"`
	// High is the most that is likely.
	High string `json:"high"`
}

// CostLine is one line of the estimate.
type CostLine struct {
	Name  string
	About string
	Range Range
}

// Any tells whether there is anything to do.
func (s Summary) Any() bool { return s.Create+s.Update+s.Replace+s.Delete > 0 }

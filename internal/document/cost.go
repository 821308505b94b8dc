package document

// Cost is what a stack costs a month, what would make it cheaper, and what it
// did cost. It is the JSON document and the text alike; money is a decimal
// string in USD.
type Cost struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region whose prices these are.
	Region string `json:"region"`
	// Monthly is the total; its figures are "" when no price at all is known.
	Monthly Range `json:"monthly"`
	// PricesAsOf is the date of the prices.
	PricesAsOf string `json:"prices_as_of"`
	// SpotAsOf is the date of the Spot prices; not there when no agent runs on Spot.
	SpotAsOf string `json:"spot_prices_as_of,omitempty"`
	// Budget is the monthly limit, "" for none.
	Budget string `json:"budget,omitempty"`
	// Over: the expected total is above the budget.
	Over bool `json:"over_budget"`
	// Agents are the parts of the total by agent; what is shared has a part of its own.
	Agents []CostShare `json:"agents"`
	// Nouns are the parts of the total by what AWS bills.
	Nouns []CostShare `json:"nouns"`
	// Components are the lines of the bill, which add up to the total.
	Components []CostComponent `json:"components"`
	// Assumptions and Missing are in words.
	Assumptions []string `json:"assumptions"`
	Missing     []string `json:"missing"`
	// Savings are the changes that would save, the largest first.
	Savings []CostSaving `json:"savings,omitempty"`
	// Unpriced are the savings that have no figure, because prices are missing.
	Unpriced []string `json:"unpriced_savings,omitempty"`
	// Together is the total with the savings that go together.
	Together *CostTogether `json:"together,omitempty"`
	// NotWorth are changes that people expect to save and that do not.
	NotWorth []CostNotWorth `json:"not_worth,omitempty"`
	// BestSaving is the change of agents.yaml that saves most; not there when none saves a dollar a month.
	BestSaving *BestSaving `json:"best_saving,omitempty"`
	// Facts are sentences about the bill that no single line shows.
	Facts []string `json:"facts,omitempty"`
	// Actual is there with --actual.
	Actual *CostActual `json:"actual,omitempty"`
}

// CostShare is a part of the total.
type CostShare struct {
	// Name is an agent or a noun.
	Name string `json:"name"`
	// Monthly is what to expect.
	Monthly string `json:"monthly"`
	// Low is the least that is likely.
	Low string `json:"low"`
	// High is the most that is likely.
	High string `json:"high"`
}

// CostComponent is one line of the bill. Its money has more digits than cents,
// so that the components add up to the total.
type CostComponent struct {
	// Key is the resource.
	Key string `json:"key"`
	// Agent is "" for what is shared.
	Agent string `json:"agent"`
	// Noun is what AWS bills: fargate, nat-gateway and so on.
	Noun string `json:"noun"`
	// Item is what of it is counted.
	Item string `json:"item"`
	// Unit is what the quantity counts.
	Unit string `json:"unit"`
	// Quantity is how many units a month.
	Quantity string `json:"quantity"`
	// UnitPrice is the price of one unit.
	UnitPrice string `json:"unit_price"`
	// Monthly is what to expect.
	Monthly string `json:"monthly"`
	// Low is the least that is likely.
	Low string `json:"low"`
	// High is the most that is likely.
	High string `json:"high"`
}

// CostSaving is one change that saves.
type CostSaving struct {
	// Name is what `together` and `excludes` call it.
	Name string `json:"name"`
	// Monthly is what it saves.
	Monthly string `json:"monthly"`
	// Change is what changes.
	Change string `json:"change"`
	// Tradeoff is what is lost by it.
	Tradeoff string `json:"tradeoff"`
	// How is what to write or to run.
	How string `json:"how"`
	// Excludes are the savings that cannot be had beside it.
	Excludes []string `json:"excludes"`
}

// BestSaving is the one change of agents.yaml that saves most by itself.
type BestSaving struct {
	// Name is what cost --savings calls it.
	Name string `json:"name"`
	// How is what to write into agents.yaml.
	How string `json:"how"`
	// Monthly is what it saves.
	Monthly string `json:"monthly"`
	// Risk says in a few words what is given up for it.
	Risk string `json:"risk"`
}

// CostTogether is what is left with the savings that go together.
type CostTogether struct {
	// Monthly is the total that is left.
	Monthly string `json:"monthly"`
	// Names are the savings that go together.
	Names []string `json:"names"`
}

// CostNotWorth is a change that does not save.
type CostNotWorth struct {
	// Monthly is what it would change; a positive figure costs more.
	Monthly string `json:"monthly"`
	// Change is what would change.
	Change string `json:"change"`
	// Why is the reason that it does not save.
	Why string `json:"why"`
}

// CostActual is what Cost Explorer says, beside the estimate for the same time.
type CostActual struct {
	// From is the first day.
	From string `json:"from"`
	// To is the day after the last.
	To string `json:"to"`
	// Total is what AWS billed.
	Total string `json:"total"`
	// Estimate is what karmactl estimates for the same time.
	Estimate string `json:"estimate"`
	// Tag is the cost allocation tag that was asked for.
	Tag string `json:"tag"`
	// AskedAt is when Cost Explorer was asked; an answer is kept for eight hours, because each request is billed.
	AskedAt string `json:"asked_at"`
	// Lines are the AWS services.
	Lines []CostActualLine `json:"lines"`
	// Notes say what the figures do not include.
	Notes []string `json:"notes"`
}

// CostActualLine is one AWS service.
type CostActualLine struct {
	// Service is AWS's name of it.
	Service string `json:"service"`
	// Estimate is what karmactl estimates for the same time.
	Estimate string `json:"estimate"`
	// Actual is what AWS billed.
	Actual string `json:"actual"`
	// Why: may explain the difference.
	Why string `json:"why,omitempty"`
}

package document

// Cost is what a stack costs a month, what would make it cheaper, and what it
// did cost. It is the JSON document and the text alike; money is a decimal
// string in USD.
type Cost struct {
	Head
	Stack      string `json:"stack"`
	Region     string `json:"region"`
	Monthly    Range  `json:"monthly"`
	PricesAsOf string `json:"prices_as_of"`
	SpotAsOf   string `json:"spot_prices_as_of,omitempty"`
	// Monthly's figures are "" when no price at all is known.
	// Budget is the monthly limit, "" for none.
	Budget     string          `json:"budget,omitempty"`
	Over       bool            `json:"over_budget"`
	Agents     []CostShare     `json:"agents"`
	Nouns      []CostShare     `json:"nouns"`
	Components []CostComponent `json:"components"`
	// Assumptions and Missing are in words.
	Assumptions []string     `json:"assumptions"`
	Missing     []string     `json:"missing"`
	Savings     []CostSaving `json:"savings,omitempty"`
	// Unpriced are the savings that have no figure, because prices are missing.
	Unpriced []string `json:"unpriced_savings,omitempty"`
	// Together is the total with the savings that go together.
	Together *CostTogether  `json:"together,omitempty"`
	NotWorth []CostNotWorth `json:"not_worth,omitempty"`
	Facts    []string       `json:"facts,omitempty"`
	Actual   *CostActual    `json:"actual,omitempty"`
}

// CostShare is a part of the total.
type CostShare struct {
	Name    string `json:"name"`
	Monthly string `json:"monthly"`
	Low     string `json:"low"`
	High    string `json:"high"`
}

// CostComponent is one line of the bill. Its money has more digits than cents,
// so that the components add up to the total.
type CostComponent struct {
	Key       string `json:"key"`
	Agent     string `json:"agent"`
	Noun      string `json:"noun"`
	Item      string `json:"item"`
	Unit      string `json:"unit"`
	Quantity  string `json:"quantity"`
	UnitPrice string `json:"unit_price"`
	Monthly   string `json:"monthly"`
	Low       string `json:"low"`
	High      string `json:"high"`
}

// CostSaving is one change that saves.
type CostSaving struct {
	Name     string   `json:"name"`
	Monthly  string   `json:"monthly"`
	Change   string   `json:"change"`
	Tradeoff string   `json:"tradeoff"`
	How      string   `json:"how"`
	Excludes []string `json:"excludes"`
}

// CostTogether is what is left with the savings that go together.
type CostTogether struct {
	Monthly string   `json:"monthly"`
	Names   []string `json:"names"`
}

// CostNotWorth is a change that does not save.
type CostNotWorth struct {
	Monthly string `json:"monthly"`
	Change  string `json:"change"`
	Why     string `json:"why"`
}

// CostActual is what Cost Explorer says, beside the estimate for the same time.
type CostActual struct {
	From     string           `json:"from"`
	To       string           `json:"to"`
	Total    string           `json:"total"`
	Estimate string           `json:"estimate"`
	Tag      string           `json:"tag"`
	AskedAt  string           `json:"asked_at"`
	Lines    []CostActualLine `json:"lines"`
	Notes    []string         `json:"notes"`
}

// CostActualLine is one AWS service.
type CostActualLine struct {
	Service  string `json:"service"`
	Estimate string `json:"estimate"`
	Actual   string `json:"actual"`
	Why      string `json:"why,omitempty"`
}

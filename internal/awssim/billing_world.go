package awssim

// BillingWorld is the account's budgets and what its bill knows.
type BillingWorld struct {
	Budgets map[string]*Budget // by name
	// CostAllocationTags are the tag keys that the bill counts by.
	CostAllocationTags map[string]bool
}

func newBillingWorld() BillingWorld {
	return BillingWorld{Budgets: map[string]*Budget{}, CostAllocationTags: map[string]bool{}}
}

func (s *Sim) billingOperations() []operation {
	return append(append(s.budgetOperations(), s.costExplorerOperations()...), s.priceListOperations()...)
}

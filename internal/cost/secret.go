package cost

import "github.com/karmacadabra/karmactl/internal/engine"

// priceSecret: $0.40 a month each, however small; reads cost cents. The
// Parameter Store keeps the same values for nothing (secrets.store: ssm).
func priceSecret(b *bill, k engine.Key) {
	b.add(charge{key: k, noun: "secret", item: "secret", unit: "secret", quantity: whole(1), price: SecretMonth, hourly: true})
}

// priceNestedSecret: the user's own secret, which karmactl only reads. It bills while the agents
// that want it sleep.
func priceNestedSecret(b *bill) {
	if b.cfg.Secrets.Nested != "" && b.kindCount("task-definition") > 0 {
		b.add(charge{noun: "secret", item: "your nested secret " + b.cfg.Secrets.Nested, unit: "secret", quantity: whole(1), price: SecretMonth, hourly: true})
	}
}

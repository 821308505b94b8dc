package cost

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// keepFor is how long an answer of Cost Explorer is as good as a new one: its
// data changes at most three times a day, and each request costs a cent.
const keepFor = 8 * time.Hour

// CachedSpend is Spend with answers kept in dir. account tells accounts apart.
func CachedSpend(ctx context.Context, api Explorer, dir, account, stack string, month, now time.Time) (*Actual, error) {
	path := filepath.Join(dir, fmt.Sprintf("actual-%s-%s-%s.json", account, stack, month.Format("2006-01")))
	if raw, err := os.ReadFile(path); err == nil {
		kept := &Actual{}
		if json.Unmarshal(raw, kept) == nil && kept.Stack == stack && now.Sub(kept.AskedAt) < keepFor && !now.Before(kept.AskedAt) {
			kept.Requests = 0
			return kept, nil
		}
	}
	a, err := Spend(ctx, api, stack, month, now)
	if err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("what Cost Explorer said cannot be kept: %w", err)
	}
	if err := os.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
		return nil, fmt.Errorf("what Cost Explorer said cannot be kept: %w", err)
	}
	return a, nil
}

package provision

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func TestAnImageForAnotherArchitectureIsRefusedWithBothNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		_, err := (&Registries{Transport: b.sim.Registry()}).Resolve(context.Background(), "public.ecr.aws/x/y:amd64-only", agents.ArchARM)
		if !isWrongArch(err) || !strings.Contains(err.Error(), "is for amd64, and the agent runs on arm64") {
			t.Fatalf("got %v", err)
		}
	})
}

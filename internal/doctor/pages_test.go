package doctor

import (
	"testing"
	"testing/synctest"
)

func TestAWellFleetIsWellWithOneItemOnAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.sim.PageBy(1)
		if r := b.examine(); len(r.Findings) > 0 {
			t.Errorf("it finds:\n%s", text(r))
		}
	})
}

package lazyregexp_test

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

func TestAPatternMatchesLikeGosOwn(t *testing.T) {
	r := lazyregexp.New(`([a-z]+)=(\d+)`)
	if !r.MatchString("cpu=256") || r.MatchString("cpu=x") {
		t.Error("MatchString")
	}
	if got := r.FindStringSubmatch("a cpu=256"); len(got) != 3 || got[1] != "cpu" || got[2] != "256" {
		t.Errorf("FindStringSubmatch: %q", got)
	}
	if got := r.ReplaceAllString("cpu=256 mem=512", "$2"); got != "256 512" {
		t.Errorf("ReplaceAllString: %q", got)
	}
	if got := r.FindAllStringIndex("cpu=1 mem=2", -1); len(got) != 2 || got[1][0] != 6 || got[1][1] != 11 {
		t.Errorf("FindAllStringIndex: %v", got)
	}
}

func TestAWrongPatternFailsEachTestOfItsPackage(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("( was taken for a pattern")
		}
	}()
	lazyregexp.New("(")
}

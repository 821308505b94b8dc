package awssim

import (
	"math"
	"testing"
)

// points are the data points that the expressions are about; none has no value.
func points(id string) (mathValue, bool) {
	switch id {
	case "a":
		return mathValue{v: 6}, true
	case "b":
		return mathValue{v: 3}, true
	case "none":
		return mathValue{missing: true}, true
	}
	return mathValue{}, false
}

func TestMetricMathComesToWhatCloudWatchSays(t *testing.T) {
	for expression, want := range map[string]mathValue{
		"a/b":                           {v: 2},
		"a - b * 2":                     {v: 0},
		"(a - b) * 2":                   {v: 6},
		"a / (b - 3)":                   {missing: true},
		"none + a":                      {missing: true},
		"FILL(none, 0) + a":             {v: 6},
		"FILL(a, 0)":                    {v: 6},
		"a > b":                         {v: 1},
		"a <= b":                        {v: 0},
		"IF(a > b, 10, 20)":             {v: 10},
		"IF(none > b, 10, 20)":          {missing: true},
		"IF(FILL(none,0)>0, a/none, 7)": {v: 7},
	} {
		if got, err := evaluate(expression, points); err != nil || got.missing != want.missing || !want.missing && got.v != want.v {
			t.Errorf("%s: %+v, %v, not %+v", expression, got, err, want)
		}
	}
}

func TestAnExpressionThatIsNoneIsRefused(t *testing.T) {
	for _, expression := range []string{"", "a +", "unknown", "(a", "a b", "FILL(a)", "SUM(a)", "IF(a, b", "a // b", "a &"} {
		if v, err := evaluate(expression, points); err == nil {
			t.Errorf("%q is taken, as %+v", expression, v)
		}
	}
}

func FuzzMetricMath(f *testing.F) {
	f.Add("IF(FILL(none, 0) > 0, (a + b) / 2, 1e6)")
	f.Fuzz(func(t *testing.T, expression string) {
		if v, err := evaluate(expression, points); err == nil && !v.missing && (math.IsNaN(v.v) || math.IsInf(v.v, 0)) {
			t.Errorf("%q comes to %v, and CloudWatch has no such data point", expression, v.v)
		}
	})
}

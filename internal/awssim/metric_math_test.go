package awssim

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// points are the data points that the expressions are about, of three moments; none has no
// value, and late has one at the first moment only.
func points(id string) ([]mathValue, bool) {
	none := mathValue{missing: true}
	switch id {
	case "a":
		return slices.Repeat([]mathValue{{v: 6}}, 3), true
	case "b":
		return slices.Repeat([]mathValue{{v: 3}}, 3), true
	case "late":
		return []mathValue{{v: 2}, none, none}, true
	case "early":
		return []mathValue{none, none, {v: 2}}, true
	case "none":
		return []mathValue{none, none, none}, true
	}
	return nil, false
}

// written has the data points in a line, and - where there is none, as AWS's tables do.
func written(points []mathValue) string {
	var out []string
	for _, p := range points {
		if p.missing {
			out = append(out, "-")
		} else {
			out = append(out, strconv.FormatFloat(p.v, 'g', -1, 64))
		}
	}
	return strings.Join(out, " ")
}

func TestMetricMathComesToWhatCloudWatchSays(t *testing.T) {
	for expression, want := range map[string]string{
		"a/b":                           "2 2 2",
		"a - b * 2":                     "0 0 0",
		"(a - b) * 2":                   "6 6 6",
		"a / (b - 3)":                   "- - -",
		"none + a":                      "6 6 6", // "Missing values in a time series are treated as 0."
		"none + 1":                      "- - -",
		"late + early":                  "2 - 2",
		"a / late":                      "3 - -", // "… attempt to divide by zero, the data point is dropped."
		"FILL(none, 0) + a":             "6 6 6",
		"FILL(a, 0)":                    "6 6 6",
		"FILL(late, 9)":                 "2 9 9",
		"FILL(late, REPEAT)":            "2 2 2",
		"FILL(early, REPEAT)":           "- - 2",
		"FILL(FILL(early, REPEAT), 0)":  "0 0 2",
		"a > b":                         "1 1 1",
		"a <= b":                        "0 0 0",
		"late < early":                  "0 - 1",
		"IF(a > b, 10, 20)":             "10 10 10",
		"IF(none, 10, 20)":              "- - -",
		"IF(late > 1, 10, 20)":          "10 - -",
		"IF(a, late, 20)":               "2 0 0", // "has the value of 0, if … TRUE and the corresponding data point does not exist"
		"IF(a < b, 1, late)":            "2 - -",
		"IF(FILL(none,0)>0, a/none, 7)": "7 7 7",
	} {
		if got, err := evaluate(expression, 3, emptyFilled, points); err != nil || written(got) != want {
			t.Errorf("%s: %s, %v, not %s", expression, written(got), err, want)
		}
	}
}

// TestASeriesWithoutADataPointIsOneOfThree: AWS's text does not say which.
func TestASeriesWithoutADataPointIsOneOfThree(t *testing.T) {
	for expression, want := range map[string][3]string{
		"FILL(none, 0)":         {"0 0 0", "- - -", "0 0 0"},
		"none + a":              {"6 6 6", "6 6 6", "- - -"},
		"FILL(none, 0) + 0 * a": {"0 0 0", "0 0 0", "0 0 0"},
		"late + a":              {"8 6 6", "8 6 6", "8 6 6"},
	} {
		for i, empty := range []emptySeries{emptyFilled, EmptyUnfilled, EmptyDropped} {
			if got, err := evaluate(expression, 3, empty, points); err != nil || written(got) != want[i] {
				t.Errorf("%s, %q: %s, %v, not %s", expression, empty, written(got), err, want[i])
			}
		}
	}
}

func TestAnExpressionThatIsNoneIsRefused(t *testing.T) {
	for _, expression := range []string{"", "a +", "unknown", "(a", "a b", "FILL(a)", "SUM(a)", "IF(a, b", "a // b", "a &", "7", "IF(1 > 0, 2, 3)", "FILL(7, 0)", "FILL(a, REPEAT, 1)", "REPEAT"} {
		if v, err := evaluate(expression, 3, emptyFilled, points); err == nil {
			t.Errorf("%q is taken, as %+v", expression, v)
		}
	}
}

func FuzzMetricMath(f *testing.F) {
	f.Add("IF(FILL(none, 0) > 0, (a + b) / 2, 1e6)")
	f.Add("IF(FILL(FILL(late, REPEAT), 0) > 0, late, a)")
	f.Fuzz(func(t *testing.T, expression string) {
		got, err := evaluate(expression, 3, emptyFilled, points)
		for _, v := range got {
			if err == nil && !v.missing && (math.IsNaN(v.v) || math.IsInf(v.v, 0)) {
				t.Errorf("%q comes to %v, and CloudWatch has no such data point", expression, v.v)
			}
		}
	})
}

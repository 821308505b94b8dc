package scripts

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestWhatIsSaidOfTheRealAWSIsHeldByTestsThatExist reads docs/real-aws.md: each
// finding is there once, each test and script that it names exists, and a finding
// that names none says that it is not done, or why nothing could hold it.
func TestWhatIsSaidOfTheRealAWSIsHeldByTestsThatExist(t *testing.T) {
	page := read(t, "../docs/real-aws.md")
	tests := testNames(t)
	for _, m := range regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`").FindAllStringSubmatch(page, -1) {
		if !tests[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`([a-z_]+\\.txtar)`").FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join("..", "cmd", "karmactl", "testdata", "script", m[1])); err != nil {
			t.Error(err)
		}
	}
	field := []int{1, 2, 3, 4, 5, 6, 11, 12, 14, 15, 20, 21}
	for heading, want := range map[string][]int{
		"Network, edge, identity, state, credentials": upTo(27), "ECS, scaling, CloudWatch, secrets, costs": upTo(21),
		"Recorded answers": upTo(6), "Cases from the field": field,
	} {
		_, section, found := strings.Cut(page, "\n## "+heading+"\n")
		if !found {
			t.Fatalf("there is no section %q", heading)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		var got []int
		for _, row := range regexp.MustCompile(`(?m)^\| ([0-9]+) \|.*\| ([^|]*) \|$`).FindAllStringSubmatch(section, -1) {
			n, err := strconv.Atoi(row[1])
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
			if row[2] == "–" && !strings.Contains(row[0], "not done") && !strings.Contains(row[0], "the README says") {
				t.Errorf("%s, %d: nothing holds it, and it does not say that it is not done", heading, n)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the numbers %v, want %v", heading, got, want)
		}
	}
}

// TestTheKitAsksWhatThePageLeavesOpen: a question that acceptance.sh answers is one
// of the page's.
func TestTheKitAsksWhatThePageLeavesOpen(t *testing.T) {
	question := regexp.MustCompile(`\bQ[0-9]+\b`)
	_, open, _ := strings.Cut(read(t, "../docs/real-aws.md"), "## What only an account can tell")
	asked := question.FindAllString(read(t, "acceptance.sh"), -1)
	if len(asked) < 15 {
		t.Fatalf("the kit asks only %v", asked)
	}
	for _, q := range asked {
		if !strings.Contains(open, "| "+q+" ") {
			t.Errorf("acceptance.sh answers %s, which the page does not ask", q)
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| (Q[0-9]+) .*$`).FindAllStringSubmatch(open, -1) {
		if !slices.Contains(asked, row[1]) && !strings.Contains(row[0], "not asked") && !strings.Contains(row[0], "the time of") {
			t.Errorf("the page says that the kit asks %s, and it does not", row[1])
		}
	}
}

func upTo(n int) []int {
	var all []int
	for i := 1; i <= n; i++ {
		all = append(all, i)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// testNames are all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range declared.FindAllStringSubmatch(read(t, path), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

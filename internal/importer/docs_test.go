package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	inService   = regexp.MustCompile(`^services\.[^.]+`)
	inEnv       = regexp.MustCompile(`^environments\.[^.]+\.?`)
	lastName    = regexp.MustCompile(`\.(environment|variables|secrets|args|labels|default_tags\.tags|depends_on|extends)\.[A-Za-z0-9_.-]+$`)
	anItem      = regexp.MustCompile(`\.\d+\b`)
	addressOf   = regexp.MustCompile(`^(module\.[a-z_]+(\["[^"]*"\])?\.)*(data\.)?([a-z0-9_]+)\.[A-Za-z0-9_-]+(\[[^\]]*\])?`)
	agentInKey  = regexp.MustCompile(`^(environments\.[^.]+\.)?agents\.[^.]+\.`)
	nameInKey   = regexp.MustCompile(`^(jobs\.NAME\.)?(env|secrets|build\.args|tags|volumes)\..*`)
	jobInKey    = regexp.MustCompile(`^jobs\.[^.]+`)
	ofVolume    = regexp.MustCompile(`^storage\.volumes\.[^.]+`)
	ofContainer = regexp.MustCompile(`(RuntimeEnvironment(?:Variables|Secrets))\.[^.]+$`)
	ofVariables = regexp.MustCompile(`^((module\.[a-z_]+(\["[^"]*"\])?\.)*)(var|local)\..*`)
)

// general is a field's name without the names that a user gives.
func general(kind, name string) string {
	switch kind {
	case "terraform":
		if ofVariables.MatchString(name) {
			return ""
		}
		name = strings.ReplaceAll(addressOf.ReplaceAllString(name, "$3$4"), ".dynamic", "")
		if strings.HasPrefix(name, "provider") {
			name = strings.Replace(name, "provider.aws", "provider", 1)
		}
		if !strings.HasPrefix(name, "aws_") && !strings.HasPrefix(name, "provider") && !strings.HasPrefix(name, "terraform.") {
			return ""
		}
		if strings.HasPrefix(name, "module.") || strings.HasPrefix(name, "output") || strings.HasPrefix(name, "data.") {
			return ""
		}
	case "compose":
		if !strings.HasPrefix(name, "services.") && strings.Contains(name, ".") || regexp.MustCompile(`^[A-Z_]+$`).MatchString(name) {
			return ""
		}
		name = inService.ReplaceAllString(name, "services.NAME")
	case "apprunner":
		name = ofContainer.ReplaceAllString(name, "$1.NAME")
	case "copilot":
		name = ofVolume.ReplaceAllString(inEnv.ReplaceAllString(name, ""), "storage.volumes.NAME")
		if regexp.MustCompile(`^[A-Z_]+$`).MatchString(name) {
			return ""
		}
	}
	name = lastName.ReplaceAllString(name, ".$1.NAME")
	name = regexp.MustCompile(`^(environment|variables|secrets)\..+`).ReplaceAllString(name, "$1.NAME")
	return strings.TrimSuffix(anItem.ReplaceAllString(name, ""), ".")
}

func fieldTable(t *testing.T, kind string) string {
	t.Helper()
	var sum tally
	rows := map[outcome]map[string][]string{carried: {}, own: {}, left: {}}
	add := func(f outcome, name, becomes string) {
		if name != "" && !slices.Contains(rows[f][name], becomes) {
			rows[f][name] = append(rows[f][name], becomes)
		}
	}
	inputs := corpus(t, kind)
	for _, in := range inputs {
		res, err := in.read(t)
		if err != nil {
			continue // a source without agents has nothing to tell
		}
		a := res.Account
		sum.carried += Values(a.Carried)
		sum.own += Values(a.Own)
		sum.left += Values(a.Left)
		for _, x := range a.Carried {
			for key := range strings.SplitSeq(x.Key, " ") {
				key = nameInKey.ReplaceAllString(jobInKey.ReplaceAllString(agentInKey.ReplaceAllString(key, ""), "jobs.NAME"), "$1$2.NAME")
				if regexp.MustCompile(`^agents\.[^.]+$`).MatchString(key) {
					key = "the agent's name"
				}
				add(carried, general(kind, x.Name), "`"+anItem.ReplaceAllString(key, "")+"`")
			}
		}
		for _, x := range a.Own {
			add(own, general(kind, x.Name), x.Instead)
		}
		for _, x := range a.Left {
			add(left, general(kind, x.Name), x.Instead)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d inputs with %d values: %d carried over, %d that karmactl does by itself, %d listed as not carried over, 0 in silence.\n", len(inputs), sum.all(), sum.carried, sum.own, sum.left)
	for _, x := range []struct {
		f     outcome
		title string
	}{{carried, "| in the source | in agents.yaml |"}, {own, "| in the source | karmactl does it by itself |"}, {left, "| in the source | not carried over: instead |"}} {
		if len(rows[x.f]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n|---|---|\n", x.title)
		var names []string
		for n := range rows[x.f] {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			becomes := rows[x.f][n]
			slices.Sort(becomes)
			if x.f != carried {
				becomes = becomes[:1] // the rest differs in names only
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", n, strings.ReplaceAll(strings.Join(becomes, ", "), "|", `\|`))
		}
	}
	return b.String()
}

// TestThePageOnComingFromElsewhereSaysWhatIsCarriedOver makes the tables of
// docs/coming-from.md from the inputs.
func TestThePageOnComingFromElsewhereSaysWhatIsCarriedOver(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "coming-from.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, kind := range []string{"terraform", "copilot", "apprunner", "express", "compose", "dockerfile"} {
		begin, end := "<!-- "+kind+": made by go test ./internal/importer -update -->\n", "<!-- end of "+kind+" -->"
		head, rest, ok := strings.Cut(page, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("docs/coming-from.md has no place for the table of %s", kind)
		}
		page = head + begin + fieldTable(t, kind) + end + tail
	}
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(b) {
		t.Error("docs/coming-from.md is not what the importers do: go test ./internal/importer -update")
	}
}

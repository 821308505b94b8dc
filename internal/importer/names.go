package importer

import (
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// naming is what a name may be in agents.yaml.
type naming struct {
	most int
	// ok is the file's own rule.
	ok func(string) bool
}

var (
	nearAgent       = naming{40, agents.AgentName}
	nearProject     = naming{32, agents.ProjectName}
	nearEnvironment = naming{16, agents.EnvironmentName}
)

var noWord = lazyregexp.New(`[^a-z0-9]+`)

// nearest is the name that is nearest to a text and allowed: lower case, hyphens
// between words, no digit first, not too long. What has no letters at all
// becomes the fallback.
func nearest(s string, n naming, fallback string) string {
	s = strings.TrimLeft(noWord.ReplaceAllString(strings.ToLower(s), "-"), "-0123456789")
	s = strings.Trim(s[:min(len(s), n.most)], "-")
	switch {
	case n.ok(s):
		return s
	case s != "" && n.ok("the-"+s[:min(len(s), n.most-4)]): // a word that AWS keeps for itself, such as internal
		return strings.TrimRight("the-"+s[:min(len(s), n.most-4)], "-")
	}
	return fallback
}

// shorten keeps a text of a source from filling the screen.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// taskSize is the smallest Fargate size that has at least so much: CPU units and MiB.
func taskSize(cpu, memory int) (int, int) {
	for _, c := range agents.FargateCPU() {
		sizes := agents.FargateMemory(c)
		if c < cpu || sizes[len(sizes)-1] < memory {
			continue
		}
		i := slices.IndexFunc(sizes, func(m int) bool { return m >= memory })
		return c, sizes[i]
	}
	all := agents.FargateCPU()
	most := all[len(all)-1]
	sizes := agents.FargateMemory(most)
	if i := slices.IndexFunc(sizes, func(m int) bool { return m >= memory }); i >= 0 {
		return most, sizes[i]
	}
	return most, sizes[len(sizes)-1]
}

package awssim

import (
	"encoding/json"
	"strings"
)

// nestedName is the secret that the user's account has had all along: one for
// all agents, {"validator-agent": {"private_key": …}}, which ECS cannot inject.
const nestedName = "karmacadabra"

// nestedAgents have an entry in it.
var nestedAgents = []string{"validator", "karma-hello", "abracadabra", "skill-extractor", "voice-extractor"}

// seedNestedSecret puts the user's own secret into a fresh account, with values
// that cannot be taken for real ones.
func (s *Sim) seedNestedSecret() {
	if s.world.Seeded {
		return
	}
	nested := map[string]map[string]string{}
	for _, a := range nestedAgents {
		entry := map[string]string{
			"private_key": "0x" + strings.Repeat("fa4e", 16), "openai_api_key": "sk-simulated-not-a-key-of-" + a,
			"address": "0x" + strings.Repeat("fa4e", 10),
		}
		nested[a+"-agent"] = entry
	}
	text, err := json.Marshal(nested)
	if err != nil {
		return
	}
	long := s.now().AddDate(-1, 0, 0)
	x := &Secret{Name: nestedName, Description: "made by hand, long ago", Tags: map[string]string{}, Created: long, Changed: long}
	x.ARN = s.world.arn("secretsmanager", "secret:"+nestedName+"-"+suffix(nestedName))
	// A key that cannot be kept is told by the first call that needs it.
	if s.setSecret(x, string(text), "00000000-0000-4000-8000-000000000001") != nil {
		return
	}
	x.Versions[0].At, x.Changed = long, long
	s.world.Secrets[nestedName] = x
	s.world.Seeded = true
}

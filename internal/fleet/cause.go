package fleet

import "strings"

// Cause is what the reason of a task's end means to the user.
type Cause struct {
	// Problem is what shows, Why what lies behind it, Fix what mends it.
	Problem, Why, Fix string
	// Again: after that a task has to be started again.
	Again bool
}

// CauseOf reads the reason that ECS gives for the end of a task of an agent. What is
// nothing but the program's own end is for the logs to tell.
func CauseOf(agent, reason string) (Cause, bool) {
	for _, c := range []struct {
		text string
		// Fix has AGENT for the agent and WORD for what follows the text.
		Cause
	}{
		{"does not contain descriptor matching platform", Cause{"no task starts", "the image is not built for the agent's architecture", "karmactl deploy AGENT --build builds it for the arch in agents.yaml", false}},
		{"CannotPullContainerError", Cause{"no task starts", "the image is not there", "karmactl deploy AGENT --image REF, or --build", false}},
		{"did not contain json key ", Cause{"no task starts", "a key is missing in the agent's secret", "karmactl secrets set AGENT WORD", true}},
		{"failed to fetch secret ", Cause{"no task starts", "a secret that the task definition names is not there", "karmactl secrets sync", true}},
		{"the secret is not JSON", Cause{"no task starts", "the agent's secret is no flat JSON object", "karmactl secrets sync", true}},
		{"OutOfMemory", Cause{"its tasks are killed", "it needs more memory than it has", "agents: {AGENT: {memory: …}} with the next size, then karmactl up --only AGENT", false}},
		{"Essential container in task exited", Cause{"its tasks end by themselves", "the program exits", "karmactl logs AGENT --since 1h has its last words", false}},
	} {
		_, rest, has := strings.Cut(reason, c.text)
		if !has {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		c.Fix = strings.NewReplacer("AGENT", agent, "WORD", word).Replace(c.Fix)
		return c.Cause, true
	}
	return Cause{}, false
}

package agents

import "time"

// Hooks are commands of the user's own that run on this machine around what karmactl does.
type Hooks struct {
	BeforeUp, AfterUp, BeforeDeploy, AfterDeploy, BeforeDown []string
	// Timeout is how long each may take.
	Timeout time.Duration
}

// The names of hooks, as the file has them.
const (
	BeforeUp     = "before_up"
	AfterUp      = "after_up"
	BeforeDeploy = "before_deploy"
	AfterDeploy  = "after_deploy"
	BeforeDown   = "before_down"
)

// Command is the command of a hook, the program first; nil is none.
func (h Hooks) Command(name string) []string {
	return map[string][]string{
		BeforeUp: h.BeforeUp, AfterUp: h.AfterUp, BeforeDeploy: h.BeforeDeploy, AfterDeploy: h.AfterDeploy, BeforeDown: h.BeforeDown,
	}[name]
}

const hookAllowed = `a list of texts, the program first, such as ["./scripts/notify.sh", "up"]; [] for none`

func hookFields() []field[Hooks] {
	return []field[Hooks]{
		key(BeforeUp, "Runs before up changes anything, once its plan is agreed to. When it fails, up stops with exit 1.", words(hookAllowed), func(h *Hooks) *[]string { return &h.BeforeUp }),
		key(AfterUp, "Runs after an up that changed something, whether it succeeded or not.", words(hookAllowed), func(h *Hooks) *[]string { return &h.AfterUp }),
		key(BeforeDeploy, "Runs before deploy pushes or changes anything. When it fails, deploy stops with exit 1.", words(hookAllowed), func(h *Hooks) *[]string { return &h.BeforeDeploy }),
		key(AfterDeploy, "Runs after a deploy, whether it succeeded or not.", words(hookAllowed), func(h *Hooks) *[]string { return &h.AfterDeploy }),
		key(BeforeDown, "Runs before down deletes anything, once its plan is agreed to. When it fails, down stops with exit 1.", words(hookAllowed), func(h *Hooks) *[]string { return &h.BeforeDown }),
		key("timeout", "How long each may take; it is ended then, and has failed.", duration(time.Second, 24*time.Hour), func(h *Hooks) *time.Duration { return &h.Timeout }),
	}
}

// checkHooks: a hook is a program and its arguments.
func checkHooks(r *reader, c *Config) {
	for _, name := range []string{BeforeUp, AfterUp, BeforeDeploy, AfterDeploy, BeforeDown} {
		if command := c.Hooks.Command(name); len(command) > 0 && command[0] == "" && r.sound(join("hooks", name)) {
			r.problem(r.at("hooks", name), name+" names no program", hookAllowed)
		}
	}
}

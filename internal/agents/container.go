package agents

import (
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Container is how an agent's container runs. What is zero is the image's own, or
// AWS's default.
type Container struct {
	// Entrypoint replaces the image's own; Command follows it.
	Entrypoint []string
	// WorkDir is an absolute path in the container.
	WorkDir string
	// User is USER or USER:GROUP, each a name or a number.
	User string
	// ReadOnly mounts the root file system read-only; ECS Exec does not work then.
	ReadOnly bool
	// Init runs an init process that passes signals on and reaps what is left behind.
	Init bool
	// OpenFiles is how many files may be open, as soft and as hard limit.
	OpenFiles int
	// StorageGiB is the task's own disk, 21 to 200; 0 is Fargate's 20, which is free.
	StorageGiB int
}

// maxOpenFiles is the kernel's own bound (fs.nr_open).
const maxOpenFiles = 1 << 20

var (
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
	userRule    = textRule{pattern: lazyregexp.New(`^([A-Za-z_][A-Za-z0-9_.-]*|[0-9]+)(:([A-Za-z_][A-Za-z0-9_.-]*|[0-9]+))?$`), most: 255, allowed: "a user, or user:group, each a name or a number such as 1000:1000", refuse: refuseUser}
	workdirRule = textRule{pattern: lazyregexp.New(`^/[^\x00-\x1f]*$`), most: 1024, allowed: "a path that starts with /"}
)

// refuseUser: a Linux container takes ids below 2^31.
func refuseUser(s string) string {
	for id := range strings.SplitSeq(s, ":") {
		if n, err := strconv.ParseUint(id, 10, 64); err == nil && n > 1<<31-1 || err != nil && strings.Trim(id, "0123456789") == "" {
			return "ids from 0 to 2147483647"
		}
	}
	return ""
}

// containerFields are the keys of an agent that say how its container runs.
func containerFields() []field[Agent] {
	return []field[Agent]{
		key("entrypoint", "Replaces the image's own entrypoint; command follows it.", words(`a list of texts such as ["tini", "--"]`), func(a *Agent) *[]string { return &a.Container.Entrypoint }),
		key("workdir", "The directory that the container starts in. Default: the image's own.", text(workdirRule), func(a *Agent) *string { return &a.Container.WorkDir }),
		key("user", "The user that the container runs as: USER or USER:GROUP, each a name or a number. Default: the image's own.", anyText(userRule), func(a *Agent) *string { return &a.Container.User }),
		key("read_only", "Mount the container's root file system read-only. exec is false then.", boolean(), func(a *Agent) *bool { return &a.Container.ReadOnly }),
		key("init_process", "Run an init process that passes signals on and reaps what is left behind. Default: as exec says.", boolean(), func(a *Agent) *bool { return &a.Container.Init }),
		key("ulimits", "Limits of the container's processes.", object("ulimits", []field[Container]{
			key("nofile", "How many files may be open. Default: Fargate's 65535.", integer(1, maxOpenFiles), func(c *Container) *int { return &c.OpenFiles }),
		}), func(a *Agent) *Container { return &a.Container }),
		key("storage", "GiB of the task's own disk, which is gone with it. Default: Fargate's 20, which is free.", integer(21, 200), func(a *Agent) *int { return &a.Container.StorageGiB }),
	}
}

// fillInExec: ECS Exec writes to the container's file system, and leaves processes
// that an init process has to reap.
func fillInExec(r *reader, a *Agent) {
	path := join("agents", a.Name)
	if a.Container.ReadOnly && !r.stated(path, "exec") {
		a.Exec = false
	}
	if !r.stated(path, "init_process") {
		a.Container.Init = a.Exec
	}
}

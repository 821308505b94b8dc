package provision

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TaskDefinition is how an agent's task is started. AWS cannot change one: each
// change is a new revision, and the id is the latest one's ARN.
type TaskDefinition struct {
	engine.Ref
	*Env
	Agent      agents.Agent
	Execution  *Role
	Task       *Role
	Repository *Repository
	Group      *LogGroup
	// Secret holds the agent's own values; with the store ssm Parameters do.
	Secret     *Secret
	Parameters []*Parameter
	// JobOf is the agent's own definition, of which a job's has images and secrets; nil for
	// an agent's own. Agent is then the job as an agent.
	JobOf *TaskDefinition
	// OwnJob: it is of a job with an image of its own, which no deploy ships.
	OwnJob bool
	// Mounts are the volumes of the agent's containers.
	Mounts []Mount
	// Registries are the secrets of private registries, by host.
	Registries map[string]string
	// ImageOverride is the image, by digest, that a deploy brings; "" keeps the one that
	// is there. The image belongs to deploy, everything else to agents.yaml.
	ImageOverride string
	// OverrideTag is what a person called that image, "" without such a word.
	OverrideTag string

	mu   sync.Mutex
	seen TaskDefinitionSpec
	// images are by container, the agent's own under "", and secrets as secretKey names them.
	images, secrets Variables
	notes           []string
}

func (t *TaskDefinition) Key() engine.Key { return engine.Key("task-definition/" + t.Agent.Name) }

func (t *TaskDefinition) OfAgent() string {
	if t.JobOf != nil {
		return t.JobOf.Agent.Name
	}
	return t.Agent.Name
}

func (t *TaskDefinition) Needs() []engine.Node {
	return slices.Concat(
		nodes(t.Execution, t.Task), nodes(t.Repository), nodes(t.Group), nodes(t.Secret), nodes(t.JobOf), pointsOf(t.Mounts), nodes(t.Parameters...),
	)
}

// FamilyName is the name of the revisions of an agent or a job: karmacadabra-prod-validator.
func FamilyName(stack, agent string) string { return stack + "-" + agent }

// Family is that of an agent or a job of the stack.
func (h *Env) Family(agent string) string { return FamilyName(h.Stack, agent) }

// Image is the one that the agent's own container is to have, and its tag; "" before that was found out.
func (t *TaskDefinition) Image() (image, tag string) {
	s := t.Want()
	return s.Image, s.Tag
}

// Missing finds out what the revision is to have: the image's digest, and where
// each secret comes from. It waits for the user when there is no image, or when a
// secret that is not optional has no value.
func (t *TaskDefinition) Missing(ctx context.Context) (*engine.MissingInput, error) {
	if t.JobOf != nil {
		return nil, t.followAgent(ctx)
	}
	images, notes, err := t.chooseImages(ctx)
	if err != nil {
		return nil, err
	}
	if images[""] == "" {
		return NoImage(t.Agent.Name), nil
	}
	secrets := Variables{}
	for _, s := range t.Agent.AllSecrets() {
		from, err := t.valueFrom(ctx, s)
		switch {
		case err != nil:
			return nil, err
		case from != "":
			secrets[secretKey(s.Container, s.Env)] = from
		case s.Optional:
			notes = append(notes, fmt.Sprintf("%s starts without %s: there is no value for %s yet", t.Agent.Name, s.Env, s.Key))
		default:
			return t.missing(ctx, s)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.images, t.secrets, t.notes = images, secrets, notes
	return nil, nil
}

// chosen are the images and the secrets that the revision is to have.
func (t *TaskDefinition) chosen() (images, secrets Variables) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.images, t.secrets
}

// followAgent takes the agent's images and secrets for its job. The container that keeps the
// job's time is the job's own, and so is its image.
func (t *TaskDefinition) followAgent(ctx context.Context) error {
	images, secrets := t.JobOf.chosen()
	var notes []string
	for _, s := range t.Agent.Sidecars {
		if !s.Timer || len(images) == 0 {
			continue
		}
		image, note, err := t.chooseSidecar(ctx, s)
		if err != nil {
			return fmt.Errorf("container %s of %s: %w", s.Name, t.Agent.Name, err)
		}
		images = maps.Clone(images)
		if images[s.Name] = image; note != "" {
			notes = append(notes, note)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.images, t.secrets, t.notes = images, secrets, notes
	return nil
}

// Notes tell what the agent starts without, and that its image is not pinned.
func (t *TaskDefinition) Notes() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.notes
}

func (t *TaskDefinition) Want() TaskDefinitionSpec {
	s := t.with(t.chosen())
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.JobOf != nil: // its agent has it
	case t.OverrideTag != "" || t.ImageOverride != "" && s.Image != t.seen.Image:
		s.Tag = t.OverrideTag
	case s.Image == t.seen.Image:
		s.Tag = t.seen.Tag
	default:
		s.Tag = agents.TagOf(cmp.Or(t.Agent.Image, t.seen.Image))
	}
	return s
}

// with is the revision of the configuration that has images and secrets.
func (t *TaskDefinition) with(images, secrets Variables) TaskDefinitionSpec {
	a, image := t.Agent, images[""]
	s := TaskDefinitionSpec{
		Reference: a.Image, Image: image, CPU: a.CPU, Memory: a.Memory, Arch: string(types.CPUArchitectureX8664), Port: a.Port,
		ExecutionRole: t.roleARN(t.Execution), TaskRole: t.roleARN(t.Task), Command: a.Command, Environment: a.Env, Secrets: secretsOf("", secrets),
		HealthCheck: healthCheckOf(a.Health.Container), StopTimeout: int(a.StopTimeout / time.Second), Init: a.Container.Init, Tags: t.TagsOf(t.Key()),
	}
	s.Credentials = t.Registries[agents.RegistryOf(image)]
	c := a.Container
	s.Entrypoint, s.WorkDir, s.User, s.ReadOnly, s.Storage = c.Entrypoint, c.WorkDir, c.User, c.ReadOnly, c.StorageGiB
	if c.OpenFiles > 0 {
		s.Ulimits = Variables{"nofile": strconv.Itoa(c.OpenFiles)}
	}
	if a.Port > 0 {
		s.PortName = a.Name
	}
	if a.Arch == agents.ArchARM {
		s.Arch = string(types.CPUArchitectureArm64)
	}
	if t.Group != nil {
		s.Log = t.logOptions()
	}
	s.Volumes = volumesOf(a.Name, t.Mounts)
	s.After, s.Containers = startsAfter(a), t.sidecars(s, images, secrets)
	return s
}

func (t *TaskDefinition) roleARN(r *Role) string {
	if r == nil {
		return ""
	}
	return r.ARN()
}

// Find is the recorded revision where that is known to be what the service runs; else
// it describes the latest active one of the family, whichever is recorded.
func (t *TaskDefinition) Find(ctx context.Context, look engine.Look) (engine.Found[TaskDefinitionSpec], error) {
	found, err := t.recorded(ctx, look)
	if err == nil && found.Phase == engine.Absent {
		found, err = t.latest(ctx, look)
	}
	if err == nil && look.Taken {
		found, err = t.taken(ctx, look, found)
	}
	if err != nil {
		return found, err
	}
	t.mu.Lock()
	t.seen = found.Spec
	t.mu.Unlock()
	return found, nil
}

// Diff compares, field by field.
func (t *TaskDefinition) Diff(have, want TaskDefinitionSpec) []engine.Change {
	return changes(
		field("image_reference", have.Reference, want.Reference),
		essential(field("image", have.Image, want.Image)),
		essential(field("registry_credentials", have.Credentials, want.Credentials)),
		field("cpu", have.CPU, want.CPU),
		field("memory", have.Memory, want.Memory),
		essential(field("arch", have.Arch, want.Arch)),
		essential(field("execution_role", have.ExecutionRole, want.ExecutionRole)),
		essential(field("task_role", have.TaskRole, want.TaskRole)),
		essential(field("port", numberText(have.Port), numberText(want.Port))),
		field("port_name", have.PortName, want.PortName),
		same("command", have.Command, want.Command),
		same("entrypoint", have.Entrypoint, want.Entrypoint),
		field("workdir", have.WorkDir, want.WorkDir),
		essential(field("user", have.User, want.User)),
		essential(field("read_only", have.ReadOnly, want.ReadOnly)),
		same("ulimits", have.Ulimits, want.Ulimits),
		field("storage", have.Storage, want.Storage),
		same("volumes", have.Volumes, want.Volumes),
		same("environment", have.Environment, want.Environment),
		essential(same("secrets", have.Secrets, want.Secrets)),
		same("health_check", have.HealthCheck, want.HealthCheck),
		field("stop_timeout", have.StopTimeout, want.StopTimeout),
		same("log", have.Log, want.Log),
		field("init", have.Init, want.Init),
		same("after", have.After, want.After),
		essential(containersChanged(have.Containers, want.Containers)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create registers the first revision. There is no client token: a repeated call
// makes another revision.
func (t *TaskDefinition) Create(ctx context.Context, want TaskDefinitionSpec, _ string) (string, error) {
	return t.register(ctx, want)
}

// Revise registers another revision; of tags alone it only sets those.
func (t *TaskDefinition) Revise(ctx context.Context, id string, have, want TaskDefinitionSpec) (string, error) {
	tags := have.Tags
	have.Tags = want.Tags
	if len(t.Diff(have, want)) == 0 {
		return id, updateECSTags(ctx, t.Clients.ECS, id, tags, want.Tags)
	}
	return t.register(ctx, want)
}

// Update is never called: see Revise.
func (t *TaskDefinition) Update(ctx context.Context, id string, have, want TaskDefinitionSpec) error {
	return failure(t.Revise(ctx, id, have, want))
}

func (t *TaskDefinition) register(ctx context.Context, want TaskDefinitionSpec) (string, error) {
	in := want.input(t.Family(t.Agent.Name), t.Agent.Name)
	out, err := t.Clients.ECS.RegisterTaskDefinition(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn), nil
}

// maxDefinitions is how many revisions one call deletes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html
const maxDefinitions = 10

// Delete deregisters every revision of the family and has them deleted, with those
// of others that go at the same time. The numbers are never given out again.
func (t *TaskDefinition) Delete(ctx context.Context, id string) error {
	family, _, _ := strings.Cut(id[strings.LastIndexByte(id, '/')+1:], ":")
	active, err := t.revisions(ctx, family, types.TaskDefinitionStatusActive)
	if err != nil {
		return err
	}
	for _, arn := range active {
		if _, err := t.Clients.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn}); err != nil {
			return err
		}
	}
	inactive, err := t.revisions(ctx, family, types.TaskDefinitionStatusInactive)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(inactive, maxDefinitions) {
		if err := t.Batches.Do(ctx, "DeleteTaskDefinitions", maxDefinitions, some, t.erase); err != nil {
			return err
		}
	}
	return nil
}

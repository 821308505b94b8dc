package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// What the state knows of a revision: AWS changes none, so its ARN stands for its
// content. Of the environment there is only a hash; a secret is where it comes from.
const (
	knownContent = "content"
	knownImage   = "image"
	knownTag     = "tag"
	// knownSidecar, and the container, is the image of another container.
	knownSidecar = "image "
	knownSecret  = "secret " // and the variable
)

// foundRevision is an active revision and what is to be known of it.
func foundRevision(arn string, s TaskDefinitionSpec) engine.Found[TaskDefinitionSpec] {
	_, revision := cutRevision(arn)
	known := map[string]string{knownContent: s.content(), knownImage: s.Image}
	if s.Tag != "" {
		known[knownTag] = s.Tag
	}
	for env, from := range s.Secrets {
		known[knownSecret+env] = from
	}
	for name, c := range s.Containers {
		known[knownSidecar+name] = c.Image
		for env, from := range c.Secrets {
			known[knownSecret+secretKey(name, env)] = from
		}
	}
	return engine.Found[TaskDefinitionSpec]{
		Phase: engine.Ready, ID: arn, Spec: s, Known: known, Outputs: map[string]string{"image": s.Image, "revision": strconv.Itoa(revision)},
	}
}

// recorded is the recorded revision, without asking for it, where all of this holds:
// the service runs it, its content is known and is that of the configuration, its tags,
// which can change, are as they should be, and none later has the stack's tag. Else
// nothing is found.
func (t *TaskDefinition) recorded(ctx context.Context, look engine.Look) (engine.Found[TaskDefinitionSpec], error) {
	none := engine.Found[TaskDefinitionSpec]{}
	if look.Known[knownContent] == "" {
		return none, nil
	}
	images, secrets := Variables{"": look.Known[knownImage]}, Variables{}
	for k, value := range look.Known {
		if key, ok := strings.CutPrefix(k, knownSecret); ok {
			secrets[key] = value
		}
		if name, ok := strings.CutPrefix(k, knownSidecar); ok {
			images[name] = value
		}
	}
	spec := t.with(images, secrets)
	spec.Tag = look.Known[knownTag]
	if spec.content() != look.Known[knownContent] {
		return none, nil
	}
	services, err := cloud.List(ctx, t.Inventory, "service", look.NotOlder, (&Service{Env: t.Env}).list)
	if err != nil {
		return none, err
	}
	for _, s := range services {
		if aws.ToString(s.ServiceName) != t.ServiceName(t.Agent.Name) || aws.ToString(s.Status) != "ACTIVE" || aws.ToString(s.TaskDefinition) != look.ID {
			continue
		}
		want := maps.Clone(spec.Tags)
		if spec.Reference != "" {
			want[TagImage] = spec.Reference
		}
		tags, err := t.tagsAt(ctx, look.NotOlder, look.ID, want, func(context.Context, *string) (cloud.Tags, error) { return nil, nil })
		if err != nil || tags == nil {
			return none, err
		}
		if later, err := t.hasLater(ctx, look); err != nil || later {
			return none, err
		}
		return foundRevision(look.ID, spec), nil
	}
	return none, nil
}

// hasLater tells whether the tag index has a revision of the family after the recorded one.
func (t *TaskDefinition) hasLater(ctx context.Context, look engine.Look) (bool, error) {
	index, err := cloud.List(ctx, t.Inventory, "tags", look.NotOlder, t.tagIndex)
	if err != nil {
		return false, err
	}
	family, recorded := cutRevision(look.ID)
	for _, r := range index {
		if f, n := cutRevision(r.ARN); f == family && n > recorded {
			return true, nil
		}
	}
	return false, nil
}

// cutRevision takes the ARN of a revision apart: that of its family, and its number.
func cutRevision(arn string) (family string, revision int) {
	at := strings.LastIndexByte(arn, ':')
	revision, err := strconv.Atoi(arn[at+1:])
	if err != nil {
		return "", 0
	}
	return arn[:at], revision
}

// content is a hash of what a revision cannot change, which is all but its tags, and of what makes
// another one, which its image's name for people does not. What is empty is left out, because AWS gives nothing back for it.
func (s TaskDefinitionSpec) content() string {
	s.Tags, s.Tag = nil, ""
	var fields map[string]any
	if json.Unmarshal([]byte(marshal(s)), &fields) != nil {
		return "" // which is not known
	}
	sum := sha256.Sum256([]byte(marshal(filled(fields))))
	return hex.EncodeToString(sum[:])
}

// filled are the fields that are not empty, those of objects in them included.
func filled(fields map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range fields {
		switch x := v.(type) {
		case nil:
			continue
		case map[string]any:
			if x = filled(x); len(x) > 0 {
				out[k] = x
			}
		case []any:
			if len(x) > 0 {
				out[k] = x
			}
		default:
			out[k] = v
		}
	}
	return out
}

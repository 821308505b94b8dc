package importer

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// inWords is what AWS says of something, each part under the name that is made of the SDK's, without what is not set. What
// ECS adds to its answers one day is in it, too, so that it is named where nothing reads it.
func inWords(v any, name func(string) string) (object, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	said, _ := renamed(out, name).(map[string]any)
	return said, nil
}

// inAWSWords is it as the command line of AWS prints it.
func inAWSWords(v any) (object, error) {
	return inWords(v, func(k string) string { return strings.ToLower(k[:1]) + k[1:] })
}

// usersOwn are objects whose keys are the user's and not AWS's.
var usersOwn = map[string]bool{"Options": true, "DockerLabels": true, "Labels": true, "DriverOpts": true}

// renamed gives all keys other names, and leaves out what is not set.
func renamed(v any, name func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if inside, is := x.(map[string]any); !is || !usersOwn[k] {
				x = renamed(x, name)
			} else if len(inside) == 0 {
				x = nil
			}
			if x != nil {
				out[name(k)] = x
			}
		}
		if len(out) > 0 {
			return out
		}
	case []any:
		var out []any
		for _, x := range v {
			if x = renamed(x, name); x != nil {
				out = append(out, x)
			}
		}
		if len(out) > 0 {
			return out
		}
	case string:
		if v != "" {
			return v
		}
	case nil:
	default:
		return v
	}
	return nil
}

// terraforms are names that Terraform has for parts of a service and of a task definition, where they are
// other words than AWS's.
var terraforms = map[string]string{
	"load_balancers": "load_balancer", "services": "service", "client_aliases": "client_alias", "volumes": "volume", "size_in_gi_b": "size_in_gib",
	"service_arn": "arn", "service_name": "name", "task_definition_arn": "arn",
}

// inTerraformsWords is it under Terraform's names.
func inTerraformsWords(v any) (object, error) {
	return inWords(v, func(k string) string {
		var b strings.Builder
		all := []rune(k)
		for i, c := range all {
			if unicode.IsUpper(c) && i > 0 && (!unicode.IsUpper(all[i-1]) || i+1 < len(all) && unicode.IsLower(all[i+1])) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(c))
		}
		if other := terraforms[b.String()]; other != "" {
			return other
		}
		return b.String()
	})
}

// atTheMoment is what a service or a task definition says of itself now, which no file has.
var atTheMoment = []string{
	"status", "running_count", "pending_count", "events", "deployments", "task_sets", "created_at", "created_by", "role_arn", "cluster_arn", "platform_family",
	"current_service_deployment", "current_service_revisions", "resource_management_type", "tags",
	"revision", "requires_attributes", "compatibilities", "registered_at", "registered_by", "deregistered_at", "delete_requested_at",
}

// settingsOf is a service or a task definition under Terraform's names, without what it says of the moment.
func settingsOf(v any) (object, error) {
	out, err := inTerraformsWords(v)
	for _, k := range atTheMoment {
		delete(out, k)
	}
	return out, err
}

// containerObject is a container definition under ECS's own names.
func containerObject(c types.ContainerDefinition) (object, error) {
	out, err := inAWSWords(c)
	if c.Cpu == 0 { // ECS's word for nothing said
		delete(out, "cpu")
	}
	return out, err
}

// volumeObject is a volume under Terraform's names for its parts.
func volumeObject(v types.Volume) (object, error) {
	out, err := inTerraformsWords(v)
	if v.Host != nil {
		delete(out, "host")
		if v.Host.SourcePath != nil {
			out["host_path"] = *v.Host.SourcePath
		}
	}
	return out, err
}

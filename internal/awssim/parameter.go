package awssim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Parameter is a simulated parameter of the Parameter Store. Its value is sealed.
type Parameter struct {
	Name   string
	Kind   types.ParameterType
	Sealed string
	// KeyID is the ARN of the customer's key that encrypts it; "" is AWS's own.
	KeyID   string `json:",omitempty"`
	Version int64
	Tags    cloud.Tags
	Created time.Time
	Changed time.Time
}

func (s *Sim) parameterNoun() noun {
	return noun{
		ops: []operation{
			on("SSM.PutParameter", s.putParameter, "Name", "Value", "Type", "Tier", "Tags", "Overwrite", "Description", "KeyId"),
			on("SSM.DescribeParameters", s.describeParameters, "ParameterFilters").pages("Parameters", 10, 50),
			on("SSM.GetParameter", s.getParameter, "Name", "WithDecryption"),
			on("SSM.DeleteParameter", s.deleteParameter, "Name"),
			on("SSM.ListTagsForResource", s.listParameterTags, "ResourceType", "ResourceId"),
			on("SSM.AddTagsToResource", s.tagParameter, "ResourceType", "ResourceId", "Tags"),
			on("SSM.RemoveTagsFromResource", s.untagParameter, "ResourceType", "ResourceId", "TagKeys"),
		},
		each: func(tell func(thing)) {
			for _, p := range s.world.Parameters {
				tell(thing{kind: "parameter", name: p.Name, tags: p.Tags, arn: s.parameterARN(p), since: p.Created})
			}
		},
	}
}

// parameterName is AWS's rule: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
var parameterName = lazyregexp.New(`^[A-Za-z0-9_.\-/]+$`)

// A standard parameter holds 4 KB and is free.
const maxParameter = 4096

func (s *Sim) parameter(name *string) (*Parameter, error) {
	p := s.world.Parameters[aws.ToString(name)]
	if p == nil {
		if _, after, ok := strings.Cut(aws.ToString(name), ":parameter"); ok {
			p = s.world.Parameters[after]
		}
	}
	if p == nil || !s.visible(p.Created) {
		return nil, fail("ParameterNotFound", "Parameter %s not found.", aws.ToString(name))
	}
	return p, nil
}

func (s *Sim) putParameter(in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	name := aws.ToString(in.Name)
	if !parameterName.MatchString(name) || len(name) > 1011 || strings.Count(name, "/") > 15 {
		return nil, fail("ValidationException", "Parameter name: can't be %q", name)
	}
	if first := strings.ToLower(strings.Split(strings.TrimPrefix(name, "/"), "/")[0]); strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm") {
		return nil, fail("ValidationException", "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
	}
	if len(in.Tags) > 0 && aws.ToBool(in.Overwrite) {
		return nil, fail("ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	}
	if v := aws.ToString(in.Value); v == "" || len(v) > maxParameter {
		return nil, fail("ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters.")
	}
	p := s.world.Parameters[name]
	if p != nil && !aws.ToBool(in.Overwrite) {
		return nil, fail("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	}
	if p == nil {
		if in.Type == "" {
			return nil, fail("ValidationException", "A parameter type is required when you create a parameter.")
		}
		tags := fromSSMTags(in.Tags)
		if checkTags(tags) != nil {
			return nil, fail("ValidationException", "The tags are not valid.")
		}
		p = &Parameter{Name: name, Kind: in.Type, Tags: tags, Created: s.now()}
		s.world.Parameters[name] = p
	}
	if in.Type != "" && in.Type != p.Kind {
		return nil, fail("ValidationException", "Parameter %s has another type, which can't be changed.", name)
	}
	if in.KeyId != nil && p.Kind != types.ParameterTypeSecureString {
		return nil, fail("ValidationException", "KeyId is required for SecureString type parameter only.")
	}
	// Without a key a SecureString has AWS's own, whichever it had before.
	if p.KeyID = aws.ToString(in.KeyId); p.KeyID == ownParameterKey {
		p.KeyID = ""
	}
	sealed, err := s.seal(aws.ToString(in.Value))
	if err != nil {
		return nil, err
	}
	p.Sealed, p.Changed = sealed, s.now()
	p.Version++
	return &ssm.PutParameterOutput{Version: p.Version, Tier: types.ParameterTierStandard}, nil
}

func (s *Sim) parameterARN(p *Parameter) string {
	return s.world.arn("ssm", "parameter/"+strings.TrimPrefix(p.Name, "/"))
}

func (s *Sim) describeParameters(in *ssm.DescribeParametersInput) (*ssm.DescribeParametersOutput, error) {
	out := &ssm.DescribeParametersOutput{}
	for _, p := range sorted(s.world.Parameters) {
		ok, err := parameterMatches(p, in.ParameterFilters)
		if err != nil {
			return nil, err
		}
		if ok && s.visible(p.Created) {
			out.Parameters = append(out.Parameters, types.ParameterMetadata{
				Name: &p.Name, ARN: aws.String(s.parameterARN(p)), Type: p.Kind, Version: p.Version, LastModifiedDate: &p.Changed, Tier: types.ParameterTierStandard,
				KeyId: optional(p.key()), LastModifiedUser: aws.String("arn:aws:iam::" + s.world.Account + ":user/simulated"),
			})
		}
	}
	return out, nil
}

// ownParameterKey is AWS's own key for parameters.
const ownParameterKey = "alias/aws/ssm"

// key is the key that encrypts a parameter, "" for one that is not encrypted.
func (p *Parameter) key() string {
	if p.Kind == types.ParameterTypeSecureString && p.KeyID == "" {
		return ownParameterKey
	}
	return p.KeyID
}

func parameterMatches(p *Parameter, filters []types.ParameterStringFilter) (bool, error) {
	for _, f := range filters {
		key := aws.ToString(f.Key)
		var ok bool
		switch {
		case key == "Name":
			ok = slices.Contains(f.Values, p.Name)
		case key == "Path":
			ok = slices.ContainsFunc(f.Values, func(v string) bool {
				rest, under := strings.CutPrefix(p.Name, strings.TrimSuffix(v, "/")+"/")
				return under && (aws.ToString(f.Option) == "Recursive" || !strings.Contains(rest, "/"))
			})
		case strings.HasPrefix(key, "tag:"):
			v, has := p.Tags[strings.TrimPrefix(key, "tag:")]
			ok = has && slices.Contains(f.Values, v)
		default:
			return false, fail("InvalidFilterKey", "The filter key %s is not valid.", key)
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

func (s *Sim) getParameter(in *ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
	if name := aws.ToString(in.Name); strings.HasPrefix(name, amazonsParameters) {
		return s.amazonsParameter(name)
	}
	p, err := s.parameter(in.Name)
	if err != nil {
		return nil, err
	}
	value := p.Sealed
	if aws.ToBool(in.WithDecryption) || p.Kind != types.ParameterTypeSecureString {
		if value, err = s.unseal(p.Sealed); err != nil {
			return nil, err
		}
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{
		Name: &p.Name, ARN: aws.String(s.parameterARN(p)), Type: p.Kind, Value: &value, Version: p.Version, LastModifiedDate: &p.Changed,
	}}, nil
}

// amazonsParameters are the parameters that every account may read:
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
const amazonsParameters = "/aws/service/"

// LinuxImage is the image of Amazon Linux 2023 for ARM of a new account.
const LinuxImage = "ami-0c1d2e3f405162738"

func (s *Sim) amazonsParameter(name string) (*ssm.GetParameterOutput, error) {
	if name != amazonsParameters+"ami-amazon-linux-latest/al2023-ami-kernel-default-arm64" {
		return nil, fail("ParameterNotFound", "Parameter %s not found.", name)
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{
		Name: &name, ARN: aws.String("arn:aws:ssm:" + s.world.Region + "::parameter" + name), Type: types.ParameterTypeString,
		Value: aws.String(cmp.Or(s.world.LinuxImage, LinuxImage)), Version: 1,
	}}, nil
}

func (s *Sim) deleteParameter(in *ssm.DeleteParameterInput) (*ssm.DeleteParameterOutput, error) {
	p, err := s.parameter(in.Name)
	if err != nil {
		return nil, err
	}
	delete(s.world.Parameters, p.Name)
	return &ssm.DeleteParameterOutput{}, nil
}

func (s *Sim) taggedParameter(kind types.ResourceTypeForTagging, id *string) (*Parameter, error) {
	if kind != types.ResourceTypeForTaggingParameter {
		return nil, fail("InvalidResourceType", "The resource type is not valid.")
	}
	p, err := s.parameter(id)
	if err != nil {
		return nil, fail("InvalidResourceId", "The resource ID is not valid. Verify that you entered the correct ID and try again.")
	}
	return p, nil
}

func (s *Sim) listParameterTags(in *ssm.ListTagsForResourceInput) (*ssm.ListTagsForResourceOutput, error) {
	p, err := s.taggedParameter(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &ssm.ListTagsForResourceOutput{TagList: toSSMTags(p.Tags)}, nil
}

func (s *Sim) tagParameter(in *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error) {
	p, err := s.taggedParameter(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for k, v := range fromSSMTags(in.Tags) {
		p.Tags[k] = v
	}
	return &ssm.AddTagsToResourceOutput{}, nil
}

func (s *Sim) untagParameter(in *ssm.RemoveTagsFromResourceInput) (*ssm.RemoveTagsFromResourceOutput, error) {
	p, err := s.taggedParameter(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(p.Tags, k)
	}
	return &ssm.RemoveTagsFromResourceOutput{}, nil
}

func toSSMTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromSSMTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

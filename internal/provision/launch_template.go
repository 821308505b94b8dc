package provision

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// LaunchTemplateSpec is what we own of a launch template. AWS never changes what a version says, so
// that a template is read by its own tags: to read versions would link some forty types of EC2's that
// describe what no template of ours has.
type LaunchTemplateSpec struct {
	Image, Type string
	// Interface is the id of the network interface that each instance gets.
	Interface string
	// CIDR is the block whose packets to others an instance passes on as its own.
	CIDR string
	// Rules is a digest of what else an instance of ours has, and of its script.
	Rules string
	Tags  cloud.Tags
}

// What a template of ours starts instances with, by its tags.
const (
	tagImage     = "karmactl:image"
	tagType      = "karmactl:type"
	tagInterface = "karmactl:interface"
	tagCIDR      = "karmactl:cidr"
	tagRules     = "karmactl:rules"
)

// onlyVersion is the one that a template of ours has.
const onlyVersion = "1"

// The root volume is as large as the image, in GB; Amazon Linux mounts this device.
const (
	NATVolumeGB = 8
	rootDevice  = "/dev/xvda"
)

// LaunchTemplate is what the NAT instance is started with. What it says is never changed: another
// image, or anything else, is another template, whose name has the digest of what is in it.
// It is free.
type LaunchTemplate struct {
	engine.Ref
	*Env
	Name string
	// Image is Amazon's newest, Type the instance's, CIDR the block of the VPC.
	Image, Type, CIDR string
	Interface         *NetworkInterface
}

// Disposable is true: the group that uses it is led to the new one before it goes.
func (l *LaunchTemplate) Disposable() {}

func (l *LaunchTemplate) Key() engine.Key      { return engine.Key("launch-template/" + l.Name) }
func (l *LaunchTemplate) Needs() []engine.Node { return []engine.Node{l.Interface} }

// Want is an instance without keys, rights or an SSH port, whose metadata need a token and whose disk is encrypted.
func (l *LaunchTemplate) Want() LaunchTemplateSpec {
	want := LaunchTemplateSpec{Image: l.Image, Type: l.Type, Interface: l.Interface.ID(), CIDR: l.CIDR, Rules: digestOf(instanceRules, natScript("")), Tags: l.TagsOf(l.Key())}
	want.Tags[tagImage], want.Tags[tagType], want.Tags[tagInterface] = want.Image, want.Type, want.Interface
	want.Tags[tagCIDR], want.Tags[tagRules] = want.CIDR, want.Rules
	return want
}

// natScript has a Linux pass on what the VPC sends to others, by its own address. It puts itself where it
// runs at each start. Without nftables, which Amazon's image may not have, it gets it from Amazon's
// repository; where that does not work the instance ends itself, and the group starts another.
func natScript(cidr string) string {
	return `#!/bin/bash
install -D -m 0755 "$0" /var/lib/cloud/scripts/per-boot/karmactl-nat
for _ in $(seq 18); do
  command -v nft >/dev/null && break
  dnf -y -q install nftables || sleep 10
done
sysctl -w net.ipv4.ip_forward=1 && nft -f - <<'RULES' || shutdown -h now
table ip karmactl
delete table ip karmactl
table ip karmactl {
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ` + cidr + ` ip daddr != ` + cidr + ` masquerade
  }
}
RULES
`
}

func (l *LaunchTemplate) Find(ctx context.Context, look engine.Look) (engine.Found[LaunchTemplateSpec], error) {
	return find(ctx, l.Env, l.Key(), look, l.list, func(_ types.LaunchTemplate, tags cloud.Tags) engine.Found[LaunchTemplateSpec] {
		return engine.Found[LaunchTemplateSpec]{Spec: LaunchTemplateSpec{
			Image: tags[tagImage], Type: tags[tagType], Interface: tags[tagInterface], CIDR: tags[tagCIDR], Rules: tags[tagRules], Tags: tags,
		}}
	})
}

func (l *LaunchTemplate) list(ctx context.Context) ([]candidate[types.LaunchTemplate], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeLaunchTemplatesPaginator(l.Clients.EC2, &ec2.DescribeLaunchTemplatesInput{Filters: l.ofStack()}),
		func(out *ec2.DescribeLaunchTemplatesOutput) []types.LaunchTemplate { return out.LaunchTemplates })
	return ec2Candidates(all, func(x types.LaunchTemplate) (*string, []types.Tag) { return x.LaunchTemplateId, x.Tags }), err
}

// Diff compares. All but the tags makes another template.
func (l *LaunchTemplate) Diff(have, want LaunchTemplateSpec) []engine.Change {
	return changes(
		fixed("image", have.Image, want.Image),
		fixed("type", have.Type, want.Type),
		essential(fixed("interface", have.Interface, want.Interface)),
		fixed("cidr", have.CIDR, want.CIDR),
		fixed("rules", have.Rules, want.Rules),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the template. Its name says what is in it, so that one of that name is it.
func (l *LaunchTemplate) Create(ctx context.Context, want LaunchTemplateSpec, token string) (string, error) {
	name := cloud.Name(cloud.MaxLaunchTemplateName, l.Stack, l.Name, digestOf(want.Image, want.Type, want.Interface, want.CIDR, want.Rules))
	out, err := l.Clients.EC2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: templateData(want), ClientToken: aws.String(token),
		TagSpecifications: ec2Tags(types.ResourceTypeLaunchTemplate, want.Tags),
	})
	if cloud.Is(err, "InvalidLaunchTemplateName.AlreadyExistsException") {
		return l.named(ctx, name, err)
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.LaunchTemplate.LaunchTemplateId), nil
}

// named is the template that has the name already.
func (l *LaunchTemplate) named(ctx context.Context, name string, cause error) (string, error) {
	out, err := l.Clients.EC2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{Filters: []types.Filter{{Name: aws.String("launch-template-name"), Values: []string{name}}}})
	if err != nil || len(out.LaunchTemplates) == 0 {
		return "", cause // AWS's refusal says more than the failure to explain it
	}
	t := out.LaunchTemplates[0]
	if !cloud.FromEC2Tags(t.Tags).Ours(l.Stack, l.Key()) {
		return "", l.foreign(l.Key(), "launch template "+name, aws.ToString(t.LaunchTemplateId))
	}
	return aws.ToString(t.LaunchTemplateId), nil
}

// instanceRules are the rules of templateData in a word, which changes with them: it is in the digest.
const instanceRules = "IMDSv2, one hop, gp3, encrypted, standard credits"

func templateData(want LaunchTemplateSpec) *types.RequestLaunchTemplateData {
	d := &types.RequestLaunchTemplateData{
		ImageId: &want.Image, InstanceType: types.InstanceType(want.Type), UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(natScript(want.CIDR)))),
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{DeviceIndex: aws.Int32(0), NetworkInterfaceId: &want.Interface}},
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{
			HttpEndpoint: types.LaunchTemplateInstanceMetadataEndpointStateEnabled, HttpTokens: types.LaunchTemplateHttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(1),
		},
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: aws.String(rootDevice), Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{
			VolumeSize: aws.Int32(NATVolumeGB), VolumeType: types.VolumeTypeGp3, Encrypted: aws.Bool(true), DeleteOnTermination: aws.Bool(true),
		}}},
		TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{ResourceType: types.ResourceTypeVolume, Tags: toEC2Tags(cloud.Tags{cloud.TagStack: want.Tags[cloud.TagStack]})}},
	}
	if strings.HasPrefix(want.Type, "t") { // never more than the price of its hours
		d.CreditSpecification = &types.CreditSpecificationRequest{CpuCredits: aws.String("standard")}
	}
	return d
}

func (l *LaunchTemplate) Update(ctx context.Context, id string, have, want LaunchTemplateSpec) error {
	return updateEC2Tags(ctx, l.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the template. Instances that were started with it stay.
func (l *LaunchTemplate) Delete(ctx context.Context, id string) error {
	return failure(l.Clients.EC2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &id}))
}

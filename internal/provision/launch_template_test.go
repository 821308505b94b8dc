package provision

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// A template is read by its tags, so that only this test sees what an instance is started with. Who changes what is
// below has to change instanceRules, too: by the digest, which is last, the instances of others get it.
func TestALaunchTemplateSaysWhatItsTagsSay(t *testing.T) {
	l := &LaunchTemplate{Env: &Env{Stack: "karmacadabra-prod"}, Name: "nat-instance", Image: "ami-1", Type: "t4g.nano", CIDR: "10.0.0.0/16", Interface: &NetworkInterface{}}
	l.Interface.SetObserved("eni-1", nil)
	want := l.Want()
	got := templateData(want)
	script, err := base64.StdEncoding.DecodeString(aws.ToString(got.UserData))
	if err != nil || string(script) != natScript("10.0.0.0/16") || !strings.Contains(string(script), "ip saddr 10.0.0.0/16 ip daddr != 10.0.0.0/16 masquerade\n") {
		t.Errorf("the script is %s, %v", script, err)
	}
	got.UserData = nil
	if diff := cmp.Diff(&types.RequestLaunchTemplateData{
		ImageId: aws.String("ami-1"), InstanceType: types.InstanceTypeT4gNano, CreditSpecification: &types.CreditSpecificationRequest{CpuCredits: aws.String("standard")},
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{DeviceIndex: aws.Int32(0), NetworkInterfaceId: aws.String("eni-1")}},
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{
			HttpEndpoint: types.LaunchTemplateInstanceMetadataEndpointStateEnabled, HttpTokens: types.LaunchTemplateHttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(1),
		},
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{
			VolumeSize: aws.Int32(8), VolumeType: types.VolumeTypeGp3, Encrypted: aws.Bool(true), DeleteOnTermination: aws.Bool(true),
		}}},
		TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{
			ResourceType: types.ResourceTypeVolume, Tags: []types.Tag{{Key: aws.String(cloud.TagStack), Value: aws.String("karmacadabra-prod")}},
		}},
	}, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("an instance is started with (-want +got):\n%s", diff)
	}
	for tag, value := range map[string]string{tagImage: "ami-1", tagType: "t4g.nano", tagInterface: "eni-1", tagCIDR: "10.0.0.0/16", tagRules: "1fc97b"} {
		if want.Tags[tag] != value {
			t.Errorf("%s is %q, want %q", tag, want.Tags[tag], value)
		}
	}
}

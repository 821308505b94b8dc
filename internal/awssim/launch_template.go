package awssim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// LaunchTemplate is what an instance is started with. It has one version here: karmactl makes
// another template where another program would make another version.
type LaunchTemplate struct {
	ID      string
	Name    string
	Data    *types.RequestLaunchTemplateData
	Token   string
	Tags    cloud.Tags
	Created time.Time
}

func (s *Sim) launchTemplateNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateLaunchTemplate", s.createLaunchTemplate, "LaunchTemplateName", "LaunchTemplateData", "ClientToken", "TagSpecifications"),
			on("EC2.DescribeLaunchTemplates", s.describeLaunchTemplates, "LaunchTemplateIds", "Filters").pages("LaunchTemplates", 200, 200, "LaunchTemplateIds"),
			on("EC2.DeleteLaunchTemplate", s.deleteLaunchTemplate, "LaunchTemplateId"),
		},
		each: func(tell func(thing)) {
			for _, l := range s.world.LaunchTemplates {
				tell(thing{kind: "launch-template", name: l.Name, tags: l.Tags, since: l.Created})
			}
		},
	}
}

// templateName is EC2's rule: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
var templateName = lazyregexp.New(`^[a-zA-Z0-9().\-/_]{3,128}$`)

func (s *Sim) createLaunchTemplate(in *ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
	name, token := aws.ToString(in.LaunchTemplateName), aws.ToString(in.ClientToken)
	for _, l := range s.world.LaunchTemplates {
		switch {
		case token != "" && l.Token == token && l.Name != name:
			return nil, fail("IdempotentParameterMismatch", "The client token was used with other parameters.")
		case token != "" && l.Token == token:
			d := l.describe(s.world)
			return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: &d}, nil
		case l.Name == name:
			return nil, fail("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
	}
	if !templateName.MatchString(name) {
		return nil, fail("InvalidLaunchTemplateName.MalformedException", "The launch template name is invalid.")
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeLaunchTemplate)
	if err != nil {
		return nil, err
	}
	if err := simulatedData(in.LaunchTemplateData); err != nil {
		return nil, err
	}
	l := &LaunchTemplate{ID: s.world.id("lt"), Name: name, Data: in.LaunchTemplateData, Token: token, Tags: tags, Created: s.now()}
	s.world.LaunchTemplates[l.ID] = l
	d := l.describe(s.world)
	return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: &d}, nil
}

// simulatedData refuses what is not simulated. EC2 itself checks little of a template before it starts something.
func simulatedData(d *types.RequestLaunchTemplateData) error {
	rest := *d
	rest.ImageId, rest.InstanceType, rest.UserData, rest.NetworkInterfaces, rest.BlockDeviceMappings = nil, "", nil, nil, nil
	rest.MetadataOptions, rest.CreditSpecification, rest.TagSpecifications = nil, nil, nil
	b, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	var set map[string]any
	if err := json.Unmarshal(b, &set); err != nil {
		return err
	}
	for name, v := range set {
		if v != nil && v != "" {
			return fmt.Errorf("awssim: EC2.CreateLaunchTemplate: LaunchTemplateData.%s is not simulated", name)
		}
	}
	if d.CreditSpecification != nil && !strings.HasPrefix(string(d.InstanceType), "t") {
		return fail("InvalidParameterCombination", "The parameter CreditSpecification is not supported for instance type %s", d.InstanceType)
	}
	return nil
}

func (l *LaunchTemplate) describe(w *World) types.LaunchTemplate {
	return types.LaunchTemplate{
		LaunchTemplateId: &l.ID, LaunchTemplateName: &l.Name, CreateTime: &l.Created, Tags: toEC2Tags(l.Tags),
		CreatedBy: aws.String("arn:aws:iam::" + w.Account + ":user/simulated"), DefaultVersionNumber: aws.Int64(1), LatestVersionNumber: aws.Int64(1),
	}
}

func (s *Sim) describeLaunchTemplates(in *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
	seen := func(l *LaunchTemplate) bool { return s.visible(l.Created) }
	if err := only(in.LaunchTemplateIds, s.world.LaunchTemplates, seen, "InvalidLaunchTemplateId.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeLaunchTemplatesOutput{}
	for _, l := range sorted(s.world.LaunchTemplates) {
		ok, err := ec2Filters(in.Filters, l.Tags, map[string]string{"launch-template-name": l.Name})
		if err != nil {
			return nil, err
		}
		if ok && seen(l) && wanted(in.LaunchTemplateIds, l.ID) {
			out.LaunchTemplates = append(out.LaunchTemplates, l.describe(s.world))
		}
	}
	return out, nil
}

func (s *Sim) launchTemplate(id string) (*LaunchTemplate, error) {
	l := s.world.LaunchTemplates[id]
	if l == nil || !s.visible(l.Created) {
		return nil, fail("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	return l, nil
}

// deleteLaunchTemplate takes one that a group still starts instances with, too: the group then cannot.
func (s *Sim) deleteLaunchTemplate(in *ec2.DeleteLaunchTemplateInput) (*ec2.DeleteLaunchTemplateOutput, error) {
	l, err := s.launchTemplate(aws.ToString(in.LaunchTemplateId))
	if err != nil {
		return nil, err
	}
	delete(s.world.LaunchTemplates, l.ID)
	d := l.describe(s.world)
	return &ec2.DeleteLaunchTemplateOutput{LaunchTemplate: &d}, nil
}

package awssim

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func (s *Sim) ec2TagNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateTags", s.createTags, "Resources", "Tags"),
			on("EC2.DeleteTags", s.deleteTags, "Resources", "Tags"),
		},
	}
}

// ec2Tagged is the tags of anything in EC2.
func (s *Sim) ec2Tagged(id string) (cloud.Tags, error) {
	w := s.world
	switch {
	case w.VPCs[id] != nil:
		return w.VPCs[id].Tags, nil
	case w.Subnets[id] != nil:
		return w.Subnets[id].Tags, nil
	case w.InternetGateways[id] != nil:
		return w.InternetGateways[id].Tags, nil
	case w.EgressOnlyGateways[id] != nil:
		return w.EgressOnlyGateways[id].Tags, nil
	case w.RouteTables[id] != nil:
		return w.RouteTables[id].Tags, nil
	case w.VPCEndpoints[id] != nil:
		return w.VPCEndpoints[id].Tags, nil
	case w.SecurityGroups[id] != nil:
		return w.SecurityGroups[id].Tags, nil
	case w.Addresses[id] != nil:
		return w.Addresses[id].Tags, nil
	case w.NATGateways[id] != nil:
		return w.NATGateways[id].Tags, nil
	case w.LaunchTemplates[id] != nil:
		return w.LaunchTemplates[id].Tags, nil
	case w.NetworkInterfaces[id] != nil && w.NetworkInterfaces[id].Own:
		return w.NetworkInterfaces[id].Tags, nil
	}
	return nil, fail("InvalidID", "The ID '%s' is not valid", id)
}

func (s *Sim) createTags(in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
	for _, id := range in.Resources {
		tags, err := s.ec2Tagged(id)
		if err != nil {
			return nil, err
		}
		for _, t := range in.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		if err := checkTags(tags); err != nil {
			return nil, err
		}
	}
	return &ec2.CreateTagsOutput{}, nil
}

func (s *Sim) deleteTags(in *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error) {
	for _, id := range in.Resources {
		tags, err := s.ec2Tagged(id)
		if err != nil {
			return nil, err
		}
		for _, t := range in.Tags {
			delete(tags, aws.ToString(t.Key))
		}
	}
	return &ec2.DeleteTagsOutput{}, nil
}

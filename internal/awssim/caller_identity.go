package awssim

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func (s *Sim) callerIdentityNoun() noun {
	return noun{
		ops: []operation{
			on("STS.GetCallerIdentity", s.getCallerIdentity),
		},
	}
}

// getCallerIdentity is whose credentials these are: an operator of the account.
func (s *Sim) getCallerIdentity(*sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{
		Account: &s.world.Account, UserId: aws.String("AIDASIMULATED0000000"),
		Arn: aws.String("arn:aws:iam::" + s.world.Account + ":user/operator"),
	}, nil
}

package awssim

import (
	"reflect"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// tagAction is what a create asks for the tags that it is given, "" where an
// operation is about tags itself or makes nothing that has any.
func tagAction(service, op string) string {
	makes := strings.HasPrefix(op, "Create") || strings.HasPrefix(op, "Allocate") || strings.HasPrefix(op, "Register") ||
		strings.HasPrefix(op, "Request") || strings.HasPrefix(op, "Put")
	if !makes || op == "CreateTags" || strings.Contains(op, "Tagging") {
		return ""
	}
	switch service + "." + op {
	case "ACM.RequestCertificate":
		return "acm:AddTagsToCertificate"
	case "SSM.PutParameter":
		return "ssm:AddTagsToResource"
	case "IAM.CreateRole":
		return "iam:TagRole"
	case "IAM.CreateOpenIDConnectProvider":
		return "iam:TagOpenIDConnectProvider"
	case "S3.CreateBucket":
		return "s3:TagResource"
	}
	switch service {
	case "EC2":
		return "ec2:CreateTags"
	case "Elastic Load Balancing v2":
		return "elasticloadbalancing:AddTags"
	case "Auto Scaling":
		if op == "CreateOrUpdateTags" {
			return ""
		}
		return "autoscaling:CreateOrUpdateTags"
	case "IAM", "S3", "ACM", "SSM", "Route 53":
		return ""
	}
	return cloud.Action(service, "TagResource")
}

// hasTags tells whether an input has tags.
func hasTags(in any) bool {
	v := reflect.ValueOf(in).Elem()
	for _, name := range []string{"Tags", "TagSpecifications", "ResourceTags"} {
		if f := v.FieldByName(name); f.IsValid() && f.Len() > 0 {
			return true
		}
	}
	f := v.FieldByName("CreateBucketConfiguration")
	return f.IsValid() && !f.IsNil() && f.Elem().FieldByName("Tags").Len() > 0
}

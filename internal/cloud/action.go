package cloud

import "strings"

// Action is the IAM action of an operation.
func Action(service, operation string) string {
	prefix, ok := actionPrefix[service]
	if !ok {
		prefix = strings.ToLower(strings.ReplaceAll(service, " ", ""))
	}
	if service == "S3" {
		if a, ok := s3Actions[operation]; ok {
			operation = a
		}
	}
	return prefix + ":" + operation
}

// actionPrefix is the IAM prefix by the SDK's service id, where it is not just that in lower case.
var actionPrefix = map[string]string{
	"Elastic Load Balancing v2": "elasticloadbalancing", "Application Auto Scaling": "application-autoscaling",
	"CloudWatch Logs": "logs", "Resource Groups Tagging API": "tag", "Secrets Manager": "secretsmanager",
	"Cost Explorer": "ce", "Service Quotas": "servicequotas", "Route 53": "route53", "EFS": "elasticfilesystem", "EventBridge": "events", "SFN": "states",
}

// s3Actions are S3's actions where they are not the operation's name.
var s3Actions = map[string]string{
	"HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket", "HeadObject": "GetObject", "ListObjectVersions": "ListBucketVersions",
	"PutPublicAccessBlock": "PutBucketPublicAccessBlock", "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
	"PutBucketEncryption": "PutEncryptionConfiguration", "GetBucketEncryption": "GetEncryptionConfiguration",
	"PutBucketLifecycleConfiguration": "PutLifecycleConfiguration", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
}

package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// ResourcePolicy is the policy of a bucket, secret, queue or key that the fleet's services refer to: in
// their variables and secrets, or in the rights of their roles.
type ResourcePolicy struct {
	// Of says whose it is: "the bucket jobs", "the secret acme-keys", "the queue jobs".
	Of string
	// Document is the policy as JSON.
	Document string
	// Unread is why it is not known whether there is one; nil is that it is read.
	Unread error
}

// Names tells whether a policy names a role, by its ARN or by that of its sessions.
func (p ResourcePolicy) Names(role string) bool {
	partition, rest, _ := strings.Cut(strings.TrimPrefix(role, "arn:"), ":iam::")
	account, path, _ := strings.Cut(rest, ":role/")
	session := "arn:" + partition + ":sts::" + account + ":assumed-role/" + path[strings.LastIndexByte(path, '/')+1:] + "/"
	for at := 0; ; {
		i := strings.Index(p.Document[at:], role)
		if i < 0 {
			return strings.Contains(p.Document, session)
		}
		if at += i + len(role); at >= len(p.Document) || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-/", rune(p.Document[at])) {
			return true // and not of a role with a longer name
		}
	}
}

// ReadResourcePolicies adds the policies of the buckets and secrets that the services refer to.
// One that may not be read says so. Those of queues and keys it does not read: they say with which command to.
func (f *Fleet) ReadResourcePolicies(ctx context.Context, c *cloud.Clients) error {
	buckets, secrets, unread := f.referred()
	f.ResourcePolicies = append(f.ResourcePolicies, unread...)
	for _, name := range buckets {
		out, err := c.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
		document := ""
		if err == nil {
			document = aws.ToString(out.Policy)
		}
		if err := f.addPolicy("the bucket "+name, document, err); err != nil {
			return err
		}
	}
	for _, arn := range secrets {
		name, elsewhere := f.elsewhere(arn)
		if elsewhere {
			f.ResourcePolicies = append(f.ResourcePolicies, ResourcePolicy{Of: "the secret " + name, Unread: errElsewhere})
			continue
		}
		out, err := c.SecretsManager.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &arn})
		document := ""
		if err == nil {
			name, document = aws.ToString(out.Name), aws.ToString(out.ResourcePolicy)
		}
		if err := f.addPolicy("the secret "+name, document, err); err != nil {
			return err
		}
	}
	return nil
}

// addPolicy adds what a read of a policy gave. A bucket of another account has none to read,
// whatever it allows: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
func (f *Fleet) addPolicy(of, document string, err error) error {
	p := ResourcePolicy{Of: of, Document: document}
	switch {
	case cloud.IsNotFound(err), cloud.Is(err, "NoSuchBucketPolicy"), err == nil && document == "":
		return nil
	case cloud.Is(err, "PermanentRedirect"):
		p.Unread = errElsewhere
	case cloud.Is(err, "MethodNotAllowed"):
		p.Unread = errors.New("it is another account's")
	case cloud.Classify(err) == engine.Denied:
		p.Unread = cloud.Reason(err)
	case err != nil:
		return err
	}
	f.ResourcePolicies = append(f.ResourcePolicies, p)
	return nil
}

var (
	bucketARN = lazyregexp.New(`^(?:arn:[a-z-]+:s3:::|s3://)([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)`)
	secretARN = lazyregexp.New(`^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:*?]+$`)
)

var errElsewhere = errors.New("it is in another region")

// elsewhere tells the name of a secret, and whether it is in another region than the cluster: there
// it is asked for in vain.
func (f *Fleet) elsewhere(arn string) (name string, yes bool) {
	cluster, secret := strings.Split(aws.ToString(f.Cluster.ClusterArn), ":"), strings.Split(arn, ":")
	return secret[len(secret)-1], len(cluster) > 3 && len(secret) > 3 && cluster[3] != secret[3]
}

var (
	queueURL = lazyregexp.New(`^https://sqs\.([a-z0-9-]+)\.([a-z.]+)/(\d{12})/([A-Za-z0-9_.-]+)$`)
	queueARN = lazyregexp.New(`^arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_.-]+)$`)
	keyARN   = lazyregexp.New(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(key|alias)/([A-Za-z0-9/_-]+)$`)
)

// unreadOf is a queue or a key that a text names: karmactl does not read its policy, and says how to. One of
// the account alone may be asked: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
func unreadOf(text string) (p ResourcePolicy, is bool) {
	look := func(of, command string) (ResourcePolicy, bool) {
		return ResourcePolicy{Of: of, Unread: errors.New("look at it with `" + command + "`")}, true
	}
	queue := func(name, region, url string) (ResourcePolicy, bool) {
		return look("the queue "+name, "aws sqs get-queue-attributes --region "+region+" --queue-url "+url+" --attribute-names Policy")
	}
	if m := queueURL.FindStringSubmatch(text); m != nil && m[2] == cloud.DNSSuffix(m[1]) {
		return queue(m[4], m[1], text)
	}
	if m := queueARN.FindStringSubmatch(text); m != nil {
		return queue(m[3], m[1], fmt.Sprintf("https://sqs.%s.%s/%s/%s", m[1], cloud.DNSSuffix(m[1]), m[2], m[3]))
	}
	if m := keyARN.FindStringSubmatch(text); m != nil {
		key := text
		if m[2] == "alias" { // GetKeyPolicy takes none
			key = `"$(aws kms describe-key --region ` + m[1] + " --key-id " + text + ` --query KeyMetadata.KeyId --output text)"`
		}
		return look("the key "+m[3], "aws kms get-key-policy --region "+m[1]+" --key-id "+key+" --policy-name default --output text")
	}
	return p, false
}

// referred are the buckets, secrets, and queues and keys that services and their roles name, each once, in order.
func (f *Fleet) referred() (buckets, secrets []string, unread []ResourcePolicy) {
	note := func(text string) {
		if p, is := unreadOf(text); is {
			unread = append(unread, p)
		}
		if m := bucketARN.FindStringSubmatch(text); m != nil {
			buckets = append(buckets, m[1])
		}
		if secretARN.MatchString(text) {
			secrets = append(secrets, text)
		}
	}
	for _, s := range f.Services {
		for _, c := range s.Definition.ContainerDefinitions {
			for _, e := range c.Environment {
				note(aws.ToString(e.Value))
			}
			for _, x := range c.Secrets {
				name, parameter := SecretOf(aws.ToString(x.ValueFrom))
				if !parameter {
					note(name)
				}
			}
		}
	}
	for _, r := range f.Roles {
		for _, p := range r.Inline {
			list, err := p.Statements()
			if err != nil {
				continue // what is no policy names nothing
			}
			for _, s := range list {
				for _, on := range s.Resource {
					note(on)
				}
			}
		}
	}
	for _, l := range []*[]string{&buckets, &secrets} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	sort.Slice(unread, func(i, j int) bool { return unread[i].Of < unread[j].Of })
	unread = slices.CompactFunc(unread, func(a, b ResourcePolicy) bool { return a.Unread.Error() == b.Unread.Error() })
	return buckets, slices.DeleteFunc(secrets, func(s string) bool { return slices.Contains(f.MissingSecrets, s) }), unread
}

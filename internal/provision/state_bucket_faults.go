package provision

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// BucketFault is one thing that is wrong with the bucket that the state is in.
type BucketFault struct {
	Problem, Cause, Fix string
	Evidence            []string
}

// unreachable is why a bucket cannot be the state's; nil is another error.
func (b *StateBucket) unreachable(id string, err error) *BucketFault {
	f := BucketFault{Problem: "the state cannot be read", Fix: "name another one with state in agents.yaml or --state"}
	switch {
	case cloud.Is(err, "Forbidden", "AccessDenied"):
		f.Cause = fmt.Sprintf("bucket %s is not account %s's, or may not be seen", id, b.Account.ID)
		f.Fix += ", or allow s3:ListBucket"
	case cloud.Is(err, "MovedPermanently", "PermanentRedirect"):
		f.Cause = fmt.Sprintf("bucket %s is not in region %s", id, b.Region)
	default:
		return nil
	}
	return &f
}

// versionIt mends a bucket without versions.
func versionIt(id string) string {
	return "aws s3api put-bucket-versioning --bucket " + id + " --versioning-configuration Status=Enabled"
}

// blockIt mends a bucket that may be made public.
func blockIt(id string) string {
	return "aws s3api put-public-access-block --bucket " + id + " --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
}

// Weak says whether a bucket that was found, and is the user's own, may be made public, and what mends it: that is told,
// and not changed. "" is nothing.
func (b *StateBucket) Weak(ctx context.Context) (string, error) {
	if !b.theirs {
		return "", nil
	}
	var have StateBucketSpec
	switch err := b.readBlock(ctx, &have, &b.Bucket, &b.Account.ID); {
	case cloud.Is(err, "AccessDenied"):
		return fmt.Sprintf("the state is in %s, a bucket of your own: whether it blocks public access may not be read", b.Bucket), nil
	case err != nil || have.Blocked:
		return "", err
	}
	return fmt.Sprintf("the state is in %s, a bucket of your own, which does not block all public access: %s", b.Bucket, blockIt(b.Bucket)), nil
}

// Faults are what is wrong with the bucket, karmactl's or the user's own, for a state below a prefix. All that it
// asks it asks at once. What could not be read is the error, and the rest is told all the same. there is whether the
// bucket exists. Encrypted is every bucket, since January 2023, so that is not asked:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
func (b *StateBucket) Faults(ctx context.Context, prefix string) (faults []BucketFault, there bool, err error) {
	id, owner := &b.Bucket, &b.Account.ID
	var have StateBucketSpec
	var rules []types.LifecycleRule
	var policy string
	var g errgroup.Group
	errs := make([]error, 6)
	for i, read := range []func() error{
		func() error {
			_, err := b.Clients.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: id, ExpectedBucketOwner: owner})
			return err
		},
		func() error { return b.readVersioning(ctx, &have, id, owner) },
		func() error { return b.readTags(ctx, &have, id, owner) },
		func() error { return b.readBlock(ctx, &have, id, owner) },
		func() (err error) { rules, err = b.lifecycle(ctx, id, owner); return err },
		func() (err error) { policy, err = b.readPolicy(ctx, id, owner); return err },
	} {
		g.Go(func() error { errs[i] = read(); return nil })
	}
	_ = g.Wait() // they are in errs
	if cloud.Is(errs[0], "NotFound", "NoSuchBucket") {
		return nil, false, nil
	}
	if f := b.unreachable(b.Bucket, errs[0]); f != nil && errs[1] != nil { // else s3:ListBucket alone is missing
		return []BucketFault{*f}, true, errs[0]
	}
	add := func(read error, fault bool, mend string, f BucketFault) {
		if f.Fix = mend; b.managed(have.Tags) {
			f.Fix = "karmactl up"
		}
		if read == nil && fault {
			faults = append(faults, f)
		}
	}
	add(errs[1], !have.Versioned, versionIt(*id), BucketFault{
		Problem: "a damaged state could not be brought back", Cause: "the state's bucket " + *id + " is not versioned",
	})
	add(errs[3], !have.Blocked, blockIt(*id), BucketFault{
		Problem: "the state could be made public", Cause: "the state's bucket " + *id + " does not block all public access",
	})
	add(errs[4], !expires(rules, prefix), expireIt(*id, len(rules) > 0), BucketFault{
		Problem: "every version of the state that was ever written is kept, and bills", Cause: "no rule in the lifecycle of the state's bucket " + *id + " deletes old versions of it",
	})
	if errs[5] == nil {
		faults = append(faults, b.letsIn(policy, errs[3] == nil && have.Blocked)...)
	}
	return faults, true, cmp.Or(errs...)
}

func (b *StateBucket) readPolicy(ctx context.Context, id, owner *string) (string, error) {
	out, err := b.Clients.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: id, ExpectedBucketOwner: owner})
	if cloud.Is(err, "NoSuchBucketPolicy") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Policy), nil
}

// expires tells whether a rule deletes what was overwritten of the state below a prefix.
func expires(rules []types.LifecycleRule, prefix string) bool {
	return slices.ContainsFunc(rules, func(r types.LifecycleRule) bool {
		below := aws.ToString(r.Prefix) //nolint:staticcheck // rules that are older than filters have it
		if f := r.Filter; f != nil {
			if f.Tag != nil || f.And != nil && len(f.And.Tags) > 0 {
				return false // the state's objects have no tags
			}
			if below = aws.ToString(f.Prefix); f.And != nil {
				below = aws.ToString(f.And.Prefix)
			}
		}
		return r.Status == types.ExpirationStatusEnabled && r.NoncurrentVersionExpiration != nil && strings.HasPrefix(prefix+"/", below)
	})
}

// expireIt mends a bucket that keeps all versions for ever. The call replaces all rules, so where there are rules
// they are fetched first.
func expireIt(id string, rules bool) string {
	rule := fmt.Sprintf(`{"ID":%q,"Status":"Enabled","Filter":{"Prefix":""},"NoncurrentVersionExpiration":{"NoncurrentDays":%d}}`, historyRule, stateExpireDays)
	put := "aws s3api put-bucket-lifecycle-configuration --bucket " + id + " --lifecycle-configuration "
	if !rules {
		return put + `'{"Rules":[` + rule + `]}'`
	}
	return "aws s3api get-bucket-lifecycle-configuration --bucket " + id + " --query '{Rules:Rules}' >rules.json; add " + rule + " to its Rules; " + put + "file://rules.json"
}

// bucketStatement is a statement of a bucket's policy: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
type bucketStatement struct {
	Effect    string
	Principal any
	Condition map[string]map[string]any
}

// letsIn are the faults of a bucket's policy: it lets in who is not of the account. Services of AWS, such as the one
// that delivers logs, are not meant. blocked is that S3 keeps everybody from what a policy gives to everybody:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (b *StateBucket) letsIn(policy string, blocked bool) []BucketFault {
	var doc struct {
		Statement cloud.OneOrMore[json.RawMessage]
	}
	if policy == "" || json.Unmarshal([]byte(policy), &doc) != nil {
		return nil
	}
	var whom, said []string
	for _, text := range doc.Statement {
		var s bucketStatement
		if json.Unmarshal(text, &s) != nil {
			continue
		}
		if others := s.others(b.Account.ID, blocked); len(others) > 0 {
			whom, said = append(whom, others...), append(said, string(text))
		}
	}
	if len(said) == 0 {
		return nil
	}
	slices.Sort(whom)
	fix := "aws s3api delete-bucket-policy --bucket " + b.Bucket
	if len(said) < len(doc.Statement) {
		fix = "aws s3api get-bucket-policy --bucket " + b.Bucket + " --query Policy --output text >policy.json; take out what is shown here; aws s3api put-bucket-policy --bucket " + b.Bucket + " --policy file://policy.json"
	}
	return []BucketFault{{
		Problem: "others may reach the state", Cause: "the policy of the state's bucket " + b.Bucket + " lets in " + strings.Join(slices.Compact(whom), ", "), Fix: fix, Evidence: said,
	}}
}

// others are whom a statement lets in that is not of an account.
func (s bucketStatement) others(account string, blocked bool) (out []string) {
	organization := false
	for _, keys := range s.Condition {
		for key, values := range keys {
			switch k := strings.ToLower(key); {
			case k == "aws:principalaccount" || k == "aws:sourceaccount":
				if words(values) == account {
					return nil
				}
			case strings.HasPrefix(k, "aws:principalorg"):
				organization = true
			}
		}
	}
	principals, _ := s.Principal.(map[string]any)
	if s.Principal == "*" {
		principals = map[string]any{"AWS": "*"}
	}
	for kind, values := range principals {
		for _, p := range strings.Split(words(values), ", ") {
			switch {
			case s.Effect != "Allow" || kind == "Service" || p == account || strings.HasPrefix(p, "arn:") && strings.Contains(p, "::"+account+":"):
			case p != "*":
				out = append(out, p)
			case organization: // which no block of public access keeps out
				out = append(out, "others of the organization")
			case !blocked:
				out = append(out, "everybody")
			}
		}
	}
	return out
}

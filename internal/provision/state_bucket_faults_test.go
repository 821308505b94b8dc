package provision

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Each edit makes a bucket of the user's own as bad as it says, and one fault is found, with what mends it.
func TestABucketOfTheStateIsToldWhatIsWrongWithItInOneRound(t *testing.T) {
	allow := func(principal, condition string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":"s3:GetObject","Resource":"arn:aws:s3:::company-shared/*"%s}`, principal, condition)
	}
	policy := func(statements ...string) func(*awssim.Bucket) {
		return func(b *awssim.Bucket) {
			b.Policy = `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
		}
	}
	const company, organization = `{"AWS":"arn:aws:iam::123456789012:role/auditor"}`, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-acme"}}`
	strangers := allow(`{"AWS":["999999999999","arn:aws:iam::123456789012:root"]}`, "")
	const latency = 50 * time.Millisecond // of a call
	for _, c := range []struct {
		name  string
		edit  func(*awssim.Bucket)
		cause string // "" is that nothing is wrong
		fix   string // how what mends it begins
	}{
		{"well", func(*awssim.Bucket) {}, "", ""},
		{"not versioned", func(b *awssim.Bucket) { b.Versioning = "Suspended" }, "is not versioned", "aws s3api put-bucket-versioning --bucket company-shared"},
		{"not blocked", func(b *awssim.Bucket) { b.Access = nil }, "does not block all public access", "aws s3api put-public-access-block --bucket company-shared"},
		{"no lifecycle", func(b *awssim.Bucket) { b.Lifecycle = nil }, "deletes old versions", "aws s3api put-bucket-lifecycle-configuration --bucket company-shared --lifecycle-configuration '{"},
		{"a lifecycle of others", func(b *awssim.Bucket) { b.Lifecycle = []types.LifecycleRule{rule("logs", "logs/", 30)} }, "deletes old versions", "aws s3api get-bucket-lifecycle-configuration --bucket company-shared"},
		{"a lifecycle of the state", func(b *awssim.Bucket) { b.Lifecycle = []types.LifecycleRule{rule("fleet", "fleet/", 30)} }, "", ""},
		{"a rule that is off", func(b *awssim.Bucket) { b.Lifecycle[0].Status = types.ExpirationStatusDisabled }, "deletes old versions", "aws s3api get-"},
		{"a policy for strangers", policy(strangers), "lets in 999999999999", "aws s3api delete-bucket-policy --bucket company-shared"},
		{"a policy for strangers and its own", policy(strangers, allow(company, "")), "lets in 999999999999", "aws s3api get-bucket-policy --bucket company-shared"},
		{"one statement without a list", func(b *awssim.Bucket) { b.Policy = `{"Statement":` + strangers + `}` }, "lets in 999999999999", "aws s3api delete-"},
		{"a policy for its own", policy(allow(company, ""), allow(`"123456789012"`, ""), allow(`{"Service":"logging.s3.amazonaws.com"}`, "")), "", ""},
		{"a policy for everybody, which is blocked", policy(allow(`"*"`, "")), "", ""},
		{"a policy for the organization", policy(allow(`{"AWS":"*"}`, organization)), "lets in others of the organization", "aws s3api delete-"},
		{"a policy that denies everybody", policy(strings.Replace(allow(`"*"`, ""), "Allow", "Deny", 1)), "", ""},
		{"a policy for who is of the account", policy(allow(`"*"`, `,"Condition":{"StringEquals":{"aws:PrincipalAccount":["123456789012"]}}`)), "", ""},
		{"another account's", func(b *awssim.Bucket) { b.Owner = "999999999999" }, "is not account 123456789012's, or may not be seen", "name another one with state in agents.yaml or --state"},
		{"another region's", func(b *awssim.Bucket) { b.Region = "eu-west-1" }, "is not in region us-east-1", "name another one with state in agents.yaml or --state"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, awssim.Options{Latency: latency})
			yes := aws.Bool(true)
			have := &awssim.Bucket{
				Name: "company-shared", Owner: "123456789012", Region: "us-east-1", Versioning: "Enabled", Access: &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes},
				Lifecycle: []types.LifecycleRule{rule("all", "", 30)}, Tags: cloud.Tags{"Team": "platform"}, Objects: map[string][]*awssim.Object{},
			}
			c.edit(have)
			_ = b.sim.Edit(func(w *awssim.World) { w.Buckets["company-shared"] = have })
			b.sim.ResetCalls()
			began := time.Now()
			faults, there, err := (&StateBucket{Env: b.home, Bucket: "company-shared", Region: "us-east-1"}).Faults(t.Context(), "fleet")
			if (err != nil) != strings.HasPrefix(c.name, "another ") || !there || len(b.sim.Calls()) != 6 || time.Since(began) != latency {
				t.Errorf("%s: there %v, %v, %d calls in %s", c.name, there, err, len(b.sim.Calls()), time.Since(began))
			}
			if c.cause == "" && len(faults) > 0 || c.cause != "" && len(faults) != 1 {
				t.Fatalf("%s: %+v", c.name, faults)
			}
			if c.cause != "" && (!strings.Contains(faults[0].Cause, c.cause) || !strings.HasPrefix(faults[0].Fix, c.fix)) {
				t.Errorf("%s: %+v", c.name, faults[0])
			}
		})
	}
}

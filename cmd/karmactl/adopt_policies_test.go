package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
)

// TestThePoliciesThatNameATaskRoleAreNamed: of the buckets and secrets that the fleet refers to it
// is said which one names the role that agents lose, before anything is taken over.
func TestThePoliciesThatNameATaskRoleAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		role := "acme-prod-ecs-task-20250611083000000000000002"
		if err := o.sim.Edit(func(w *awssim.World) {
			names := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + w.Roles[role].ARN + `"},"Action":"*","Resource":"*"}]}`
			w.Roles[role].Inline["files"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::acme-outbox/*","arn:aws:s3:::acme-plain","arn:aws:s3:::acme-*/x","arn:aws:s3:::acme-nowhere/*","arn:aws:s3:::acme-far/*"]}]}`
			for name, policy := range map[string]string{"acme-outbox": names, "acme-plain": ""} {
				w.Buckets[name] = &awssim.Bucket{Name: name, Owner: w.Account, Region: w.Region, Policy: policy}
			}
			w.Buckets["acme-far"] = &awssim.Bucket{Name: "acme-far", Owner: w.Account, Region: "eu-west-1", Policy: names}
			for _, s := range w.Secrets {
				s.Policy = names
			}
		}); err != nil {
			t.Fatal(err)
		}
		look := func() string {
			code, out := o.run("", "adopt", "--dry-run", "--from-ecs", livetest.Cluster)
			if code != 0 {
				t.Errorf("exits %d:\n%s", code, out)
			}
			return strings.Join(strings.Fields(out), " ")
		}
		words := look()
		for _, of := range []string{"the bucket acme-outbox", "the secret acme-keys"} {
			if want := "the policy of " + of + " names it: let it name the agents' roles, too, before their first deployment"; strings.Count(words, want) != 1 {
				t.Errorf("%q is said %d times:\n%s", want, strings.Count(words, want), words)
			}
		}
		if far := "whether the policy of the bucket acme-far names it is not known: it is in another region"; !strings.Contains(words, far) {
			t.Errorf("%q is not said:\n%s", far, words)
		}
		if strings.Contains(words, "acme-plain") || strings.Contains(words, "acme-nowhere") {
			t.Errorf("a bucket whose policy names no one is named:\n%s", words)
		}
		for op, want := range map[string]string{
			"S3.GetBucketPolicy":                "whether the policy of the bucket acme-outbox names it is not known: permission s3:GetBucketPolicy is missing",
			"Secrets Manager.GetResourcePolicy": "names it is not known: permission secretsmanager:GetResourcePolicy is missing",
		} {
			o.deny(op)
			if words := look(); !strings.Contains(words, want) {
				t.Errorf("without %s:\n%s", op, words)
			}
			o.deny("")
		}
	})
}

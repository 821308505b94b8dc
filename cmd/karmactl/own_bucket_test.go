package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func TestAPlanNamesWhatTheUsersOwnStateBucketLacksAndNothingChangesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		if err := o.sim.Edit(func(w *awssim.World) {
			w.Buckets["company-shared"] = &awssim.Bucket{
				Name: "company-shared", Owner: "123456789012", Region: "us-east-1", Versioning: "Enabled", Encryption: "aws:kms",
				Objects: map[string][]*awssim.Object{},
			}
		}); err != nil {
			t.Fatal(err)
		}
		const lacks = "the state is in company-shared, a bucket of your own, which does not block all public access: aws s3api put-public-access-block"
		for _, command := range []string{"plan", "up --yes", "plan", "down --yes --images --logs"} {
			code, said := o.run("", append(strings.Fields(command), "--state", "s3://company-shared/fleet")...)
			told := strings.Contains(strings.Join(strings.Fields(said), " "), lacks)
			if code != 0 || told == strings.HasPrefix(command, "down") || strings.Contains(said, "encrypt") {
				t.Errorf("%s exits %d:\n%s", command, code, said)
			}
		}
		for _, c := range o.sim.Mutations() {
			if strings.Contains(c.Operation, "Bucket") {
				t.Errorf("%s was called", c.Name())
			}
		}
		if err := o.sim.Edit(func(w *awssim.World) {
			if w.Buckets["company-shared"] == nil {
				t.Error("the bucket is gone")
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

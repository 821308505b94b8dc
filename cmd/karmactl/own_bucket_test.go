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

// What doctor says of karmactl's own bucket, karmactl up mends; of the user's own it has the command, and what no
// one may see it names.
func TestDoctorLooksAtTheBucketOfTheState(t *testing.T) {
	const own = "karmactl-state-123456789012-us-east-1"
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		edit := func(f func(*awssim.Bucket)) {
			t.Helper()
			if err := o.sim.Edit(func(w *awssim.World) { f(w.Buckets[own]) }); err != nil {
				t.Fatal(err)
			}
		}
		finds := func(exits int, want ...string) {
			t.Helper()
			code, said := o.run("", "doctor")
			flat := strings.Join(strings.Fields(said), " ")
			for _, w := range want {
				if !strings.Contains(flat, w) {
					t.Errorf("doctor does not say %q", w)
				}
			}
			if code != exits || t.Failed() {
				t.Fatalf("doctor exits %d:\n%s", code, said)
			}
		}
		finds(0, "state-bucket", "Nothing is wrong.")
		edit(func(b *awssim.Bucket) { b.Versioning, b.Access, b.Lifecycle = "Suspended", nil, nil })
		finds(exitDoctor,
			"✘ the stack a damaged state could not be brought back cause the state's bucket "+own+" is not versioned fix karmactl up",
			"✘ the stack the state could be made public cause the state's bucket "+own+" does not block all public access fix karmactl up",
			"✘ the stack every version of the state that was ever written is kept, and bills cause no rule in the lifecycle of the state's bucket "+own+" deletes old versions of it fix karmactl up",
			"3 problems.")
		o.must("", "up", "--yes")
		finds(0, "Nothing is wrong.")
		edit(func(b *awssim.Bucket) {
			b.Policy = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"s3:*","Resource":"*"}]}`
		})
		finds(exitDoctor, "others may reach the state cause the policy of the state's bucket "+own+" lets in arn:aws:iam::999999999999:root",
			"fix aws s3api delete-bucket-policy --bucket "+own, "1 problem.")
		edit(func(b *awssim.Bucket) { b.Policy, b.Owner = "", "999999999999" })
		finds(exitDoctor, "the state cannot be read cause bucket "+own+" is not account 123456789012's, or may not be seen", "1 problem.")
		if err := o.sim.Edit(func(w *awssim.World) { delete(w.Buckets, own) }); err != nil {
			t.Fatal(err)
		}
		finds(exitDoctor, "the state is gone cause the bucket "+own+" that it was in does not exist fix karmactl up", "1 problem.")
		o.must("", "up", "--yes")
		finds(0, "Nothing is wrong.")
	})
}

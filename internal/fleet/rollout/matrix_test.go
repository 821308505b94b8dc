package rollout

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

const patience = 20 * time.Minute

// matrix is every way in which a deployment ends, each in an account of its own.
func matrix() []struct {
	name string
	ends func(f *bench) string
} {
	deploy := func(tag string) func(f *bench) string {
		return func(f *bench) string {
			f.walk("-")
			return f.begin(f.push(tag))(patience).Text()
		}
	}
	refused := func(tag string) func(f *bench) string {
		return func(f *bench) string {
			_, err := (&Images{Transport: f.sim.Registry()}).Open(context.Background(), "public.ecr.aws/x/agent:"+tag, agents.ArchX86)
			if err == nil {
				return "it was taken"
			}
			return err.Error() + "\n"
		}
	}
	stopped := func(how types.StopServiceDeploymentStopType) func(f *bench) string {
		return func(f *bench) string {
			f.walk("-")
			follow := f.begin(f.push("unhealthy"))
			if err := f.stop(how); err != nil {
				return err.Error()
			}
			return follow(patience).Text()
		}
	}
	return []struct {
		name string
		ends func(f *bench) string
	}{
		{"it works", deploy("v2")},
		{"crash at start", deploy("crash")},
		{"out of memory", deploy("oom")},
		{"fails its health check", deploy("unhealthy")},
		{"no such image", refused("missing")},
		{"wrong architecture", refused("arm64-only")},
		{"the image is gone when the task starts", func(f *bench) string {
			f.walk("-")
			image := f.push("v2")
			f.edit(func(w *awssim.World) { w.Repositories["karmacadabra/validator"].Images = nil })
			return f.begin(image)(patience).Text()
		}},
		{"a secret without a value", func(f *bench) string {
			f.walk("-")
			f.cfg.Agents[0].Secrets[0].Key, f.cfg.Agents[0].Secrets[0].Optional = "key_without_a_value", false
			out := ""
			for _, o := range f.walk(f.push("v2")).With(engine.AwaitingUser) {
				if o.Missing != nil && !strings.Contains(out, o.Missing.Reason) {
					out += o.Missing.Agent + " waits: " + o.Missing.Reason + ": " + o.Missing.Command + "\n"
				}
			}
			return out
		}},
		{"a secret's key is gone when the task starts", func(f *bench) string {
			f.walk("-")
			follow := f.begin(f.push("v2"))
			f.lose("private_key")
			return follow(patience).Text()
		}},
		{"a secret is gone when the task starts", func(f *bench) string {
			f.walk("-")
			follow := f.begin(f.push("v2"))
			f.lose("")
			return follow(patience).Text()
		}},
		{"no Spot capacity", func(f *bench) string {
			f.walk("-")
			f.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
			return f.begin(f.push("v2"))(3 * time.Minute).Text()
		}},
		{"the first revision of all crashes", func(f *bench) string {
			f.cfg.Agents[0].Image = ""
			f.walk("-")
			return f.begin(f.push("crash"))(patience).Text()
		}},
		{"superseded", func(f *bench) string {
			f.walk("-")
			first := f.begin(f.push("unhealthy"))
			second := f.begin(f.push("v2"))
			return first(patience).Text() + second(patience).Text()
		}},
		{"stopped by the user, and rolled back", stopped(types.StopServiceDeploymentStopTypeRollback)},
		{"stopped by the user, and left as it is", stopped(types.StopServiceDeploymentStopTypeAbort)},
		{"timed out", func(f *bench) string {
			f.walk("-")
			return f.begin(f.push("v2"))(2 * time.Second).Text()
		}},
		{"scaled to 0", func(f *bench) string {
			f.walk("-")
			f.edit(func(w *awssim.World) {
				for _, x := range w.Services {
					x.Desired = 0
				}
			})
			return f.begin(f.push("v2"))(patience).Text()
		}},
	}
}

func TestEveryEndOfADeploymentSaysWhatHappenedAndWhy(t *testing.T) {
	ids := regexp.MustCompile(`\b[0-9a-f]{32}\b|\b[0-9a-f]{8}\b|karmacadabra-prod-[0-9a-f]{6}-[0-9a-f]{6}|validator-[A-Z2-7]{6}\b`)
	var got strings.Builder
	for _, c := range matrix() {
		synctest.Test(t, func(t *testing.T) {
			got.WriteString("# " + c.name + "\n" + ids.ReplaceAllString(c.ends(newBench(t)), "ID") + "\n")
		})
	}
	const file = "testdata/matrix.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsPushedIsKnownToECRAndComesBackByDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		img, err := (&Images{Transport: f.sim.Registry()}).Open(ctx, "public.ecr.aws/x/agent:v2", agents.ArchX86)
		if err != nil {
			t.Fatal(err)
		}
		p := &Pusher{ECR: f.home.Clients.ECR, Transport: f.sim.Registry()}
		if err := p.SignIn(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = p.Push(ctx, f.home.RepositoryURI("validator"), img, nil)
		if err == nil || !strings.Contains(err.Error(), "NAME_UNKNOWN") {
			t.Fatalf("a push to a repository that is not there: %v", err)
		}
		f.walk("-")
		image := f.push("v2")
		out, err := f.home.Clients.ECR.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("karmacadabra/validator")})
		if err != nil || len(out.ImageDetails) != 1 || !strings.HasSuffix(image, aws.ToString(out.ImageDetails[0].ImageDigest)) || len(out.ImageDetails[0].ImageTags) != 1 {
			t.Fatalf("ECR knows %v of %s: %v", out, image, err)
		}
		back, err := (&Images{Transport: f.sim.Registry(), Keychain: provision.NewKeychain(f.sim.Config(), nil)}).Open(ctx, image, agents.ArchX86)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := back.Digest(); err != nil || !strings.HasSuffix(image, d.String()) {
			t.Errorf("%s came back as %s: %v", image, d, err)
		}
	})
}

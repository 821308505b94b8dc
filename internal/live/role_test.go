package live_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/live"
)

// taskRole is the role of the fleet's tasks, as it is read.
func taskRole(t *testing.T, built *livetest.Fleet) live.Role {
	t.Helper()
	f, err := live.Read(context.Background(), built.Reader(), livetest.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := f.Role(f.Services[0].Definition.TaskRoleArn)
	if !ok || len(f.Roles) != 2 {
		t.Fatalf("the roles are %+v", f.Roles)
	}
	return r
}

func inAFleet(t *testing.T, test func(*livetest.Fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		built, err := livetest.New(context.Background(), livetest.Shape{})
		if err != nil {
			t.Fatal(err)
		}
		test(built)
	})
}

func TestWhatATaskRoleMayDoIsRead(t *testing.T) {
	inAFleet(t, func(built *livetest.Fleet) {
		r := taskRole(t, built)
		if want := []string{"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}; !slices.Equal(r.Attached, want) || r.Unread != nil || r.Boundary != "" || len(r.Inline) != 1 {
			t.Fatalf("%+v", r)
		}
		all, err := r.Inline[0].Statements()
		if err != nil || len(all) != 3 || !all[2].Conditional || !slices.Equal(all[2].Action, []string{"sqs:SendMessage"}) || len(all[1].Resource) != 2 {
			t.Errorf("%v %+v", err, all)
		}
	})
}

func TestPoliciesOfARoleAreReadFromAllPages(t *testing.T) {
	inAFleet(t, func(built *livetest.Fleet) {
		if err := built.Sim.Edit(func(w *awssim.World) {
			for _, r := range w.Roles {
				for i := range 150 {
					r.Inline[fmt.Sprintf("p%03d", i)] = `{"Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}}`
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		if n := len(taskRole(t, built).Inline); n != 151 {
			t.Errorf("%d inline policies", n)
		}
	})
}

func TestARoleThatIsGoneIsReadAsSuch(t *testing.T) {
	inAFleet(t, func(built *livetest.Fleet) {
		if err := built.Sim.Edit(func(w *awssim.World) {
			for name := range w.Roles {
				if strings.Contains(name, "-task-") {
					delete(w.Roles, name)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		if r := taskRole(t, built); r.Unread == nil || r.Unread.Error() != "it is not there any more" {
			t.Errorf("%v", r.Unread)
		}
	})
}

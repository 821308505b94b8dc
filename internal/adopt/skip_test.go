package adopt

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

func TestAFleetWithoutAnEndpointHasAllOthers(t *testing.T) {
	f := &live.Fleet{Network: live.Network{Endpoints: []ec2types.VpcEndpoint{{VpcEndpointId: aws.String("vpce-1")}, {VpcEndpointId: aws.String("vpce-2")}}}}
	r := &Report{Counterparts: []Counterpart{{Key: "endpoint/s3", ID: "vpce-1"}, {Key: "endpoint/logs", ID: "vpce-2"}}}
	less := r.Without(f, []engine.Key{"endpoint/s3"})
	if n := len(less.Endpoints); n != 1 || *less.Endpoints[0].VpcEndpointId != "vpce-2" || len(f.Endpoints) != 2 {
		t.Errorf("%d endpoints are left, of %d", n, len(f.Endpoints))
	}
}

func TestRecordsAreLeftOutAllOrNone(t *testing.T) {
	r := &Report{Counterparts: []Counterpart{{Key: "record/example.com"}, {Key: "record/*.example.com"}, {Key: "service/record"}}}
	if err := r.CheckSkip("record/example.com", []engine.Key{"record/example.com"}, nil); err == nil {
		t.Error("one alone is left out")
	}
	if err := r.CheckSkip("record/example.com", []engine.Key{"record/example.com", "record/*.example.com"}, nil); err != nil {
		t.Error(err)
	}
}

func TestTheRoleOfAServiceThatIsLeftOutIsLeftOutWithIt(t *testing.T) {
	of := func(name, role string) live.Service {
		return live.Service{
			Service:    ecstypes.Service{ServiceArn: aws.String(name), ServiceName: aws.String(name)},
			Definition: ecstypes.TaskDefinition{TaskRoleArn: aws.String(role), ExecutionRoleArn: aws.String("shared")},
		}
	}
	f := &live.Fleet{Services: []live.Service{of("a", "a-role"), of("b", "b-role")}, Roles: []live.Role{{ARN: "a-role"}, {ARN: "b-role"}, {ARN: "shared"}}}
	r := &Report{Counterparts: []Counterpart{{Key: "service/a", ID: "a", Name: "a"}, {Key: "service/b", ID: "b", Name: "b"}}}
	if less := r.Without(f, []engine.Key{"service/a"}); len(less.Roles) != 2 || less.Roles[0].ARN != "b-role" || less.Roles[1].ARN != "shared" {
		t.Errorf("the roles are %+v", less.Roles)
	}
}

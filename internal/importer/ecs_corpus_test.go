package importer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/live"
)

// fleetOf is the fleet that an input's answers of describe-services, describe-task-definition and
// describe-target-groups are about. The SDK's types have AWS's names, in other letters.
func (in *input) fleetOf(t *testing.T) *live.Fleet {
	t.Helper()
	var services struct{ Services []types.Service }
	var definitions []types.TaskDefinition
	var groups []elbtypes.TargetGroup
	for _, f := range in.archive.Files {
		into := map[string]any{"services.json": &services, "task-definitions.json": &definitions, "target-groups.json": &groups}[f.Name]
		if into == nil {
			continue
		}
		if err := json.Unmarshal(f.Data, into); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	fleet := &live.Fleet{Cluster: types.Cluster{ClusterName: aws.String("reef-prod"), ClusterArn: services.Services[0].ClusterArn}, TargetGroups: groups}
	for _, s := range services.Services {
		of := live.Service{Service: s}
		arn := live.DefinitionOf(s)
		for _, d := range definitions {
			if aws.ToString(arn) == aws.ToString(d.TaskDefinitionArn) {
				of.Definition = d
			}
		}
		fleet.Services = append(fleet.Services, of)
	}
	return fleet
}

// ofTheMoment are what ECS says of a service or a task definition now, or of itself.
var ofTheMoment = []string{
	"status", "revision", "compatibilities", "registeredAt", "requiresAttributes", "clusterArn", "runningCount", "pendingCount", "platformFamily",
	"events", "createdAt", "deployments.id", "deployments.status", "deployments.taskDefinition", "deployments.desiredCount", "deployments.rolloutState", "taskSets",
}

// plainly is a name without what of many it is, and without what AWS and Terraform write in other ways.
func plainly(name string) string {
	name = ofList.ReplaceAllString(strings.ToLower(strings.NewReplacer("_", "", "loadBalancers", "loadBalancer", "clientAliases", "clientAlias", "volumeConfigurations", "volumeConfiguration").Replace(name)), "")
	name = strings.Replace(strings.Replace(name, "serviceconnectconfiguration.services", "serviceconnectconfiguration.service", 1), "deployments.", "", 1)
	return strings.Replace(strings.Replace(strings.Replace(name, "servicename", "name", 1), "servicearn", "arn", 1), "taskdefinitionarn", "arn", 1)
}

// silentOf are the settings of the answers of which the account says nothing, read by their names alone.
func silentOf(account Account, fleet *live.Fleet, files map[string]string) (out []string) {
	told := map[string]bool{}
	for _, l := range [][]Field{account.Carried, account.Own, account.Left} {
		for _, x := range l {
			_, name, _ := strings.Cut(x.Name, ".") // without the kind; names have no dots
			told[plainly(x.File)+" "+plainly(name)] = true
		}
	}
	var visit func(place, path string, v any)
	visit = func(place, path string, v any) {
		if slices.Contains(ofTheMoment, path) {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				visit(place, below(path, k), x)
			}
			return
		case []any:
			for _, x := range v {
				visit(place, path, x)
			}
			return
		}
		_, name, _ := strings.Cut(place, " ")
		for p := path; ; p = p[:max(strings.LastIndexByte(p, '.'), 0)] {
			if p == "volumes.host" || p == "containerDefinitions.cpu" && fmt.Sprint(v) == "0" || told[plainly(place)+" "+plainly(name)+"."+plainly(strings.Replace(p, "volumes", "volume", 1))] || p == "" && told[plainly(place)+" "+plainly(name)] {
				return
			}
			if p == "" {
				break
			}
		}
		out = append(out, place+" "+path)
	}
	var services struct{ Services []map[string]any }
	var definitions []map[string]any
	if json.Unmarshal([]byte(files["services.json"]), &services) != nil || json.Unmarshal([]byte(files["task-definitions.json"]), &definitions) != nil {
		return []string{"the answers cannot be read"}
	}
	for _, s := range services.Services {
		visit("ecs_service "+fmt.Sprint(s["serviceName"]), "", s)
	}
	for _, d := range definitions {
		if d["requiresCompatibilities"] != nil {
			visit("ecs_task_definition "+fmt.Sprint(d["family"]), "", d)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Clusters of other shapes than the one that livetest builds, each as AWS's answers about it: what agents.yaml
// has no word for is named, and nothing is dropped in silence.
func TestClustersOfManyShapesAreReadFromWhatAWSSaysOfThem(t *testing.T) {
	var sum tally
	for _, in := range corpus(t, "ecs") {
		t.Run(in.name, func(t *testing.T) {
			fleet := in.fleetOf(t)
			res, err := OfFleet(fleet, Options{Region: "eu-west-1"})
			account, unwritten := in.account(t, res, err)
			sum.carried, sum.own, sum.left = sum.carried+Values(account.Carried), sum.own+Values(account.Own), sum.left+Values(account.Left)
			sum.silent += unwritten
			files := map[string]string{}
			for _, f := range in.archive.Files {
				files[f.Name] = string(f.Data)
			}
			for _, s := range silentOf(account, fleet, files) {
				sum.silent++
				t.Errorf("dropped in silence: %s", s)
			}
			for line := range strings.Lines(string(in.archive.Comment)) {
				want, is := strings.CutPrefix(strings.TrimSpace(line), "left: ")
				if is && !slices.ContainsFunc(account.Left, func(x Field) bool { return strings.Contains(ofList.ReplaceAllString(x.Name, ""), want) }) {
					t.Errorf("%s is not named as left", want)
				}
			}
		})
	}
	t.Logf("ecs: %d values: %d carried, %d karmactl's own, %d left, %d silent: %d %%", sum.all(), sum.carried, sum.own, sum.left, sum.silent, sum.share())
}

package awssim

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

func (s *Sim) dashboardNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch.PutDashboard", s.putDashboard, "DashboardName", "DashboardBody"),
			on("CloudWatch.GetDashboard", s.getDashboard, "DashboardName"),
			on("CloudWatch.DeleteDashboards", s.deleteDashboards, "DashboardNames"),
		},
		each: func(tell func(thing)) {
			for name := range s.world.Dashboards {
				tell(thing{kind: "dashboard", name: name})
			}
		},
	}
}

var dashboardName = lazyregexp.New(`^[A-Za-z0-9_-]{1,255}$`)

func (s *Sim) putDashboard(in *cw.PutDashboardInput) (*cw.PutDashboardOutput, error) {
	name := aws.ToString(in.DashboardName)
	var body struct {
		Widgets []struct {
			Type       string         `json:"type"`
			X          int            `json:"x"`
			Width      int            `json:"width"`
			Properties map[string]any `json:"properties"`
		} `json:"widgets"`
	}
	if !dashboardName.MatchString(name) {
		return nil, fail("InvalidParameterInput", "The value %s for parameter DashboardName is not valid", name)
	}
	if err := json.Unmarshal([]byte(aws.ToString(in.DashboardBody)), &body); err != nil || body.Widgets == nil {
		return nil, fail("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
	}
	for _, w := range body.Widgets {
		if w.Type == "" || w.X < 0 || w.X+w.Width > 24 || w.Type == "metric" && w.Properties["region"] == nil {
			return nil, fail("InvalidParameterInput", "The dashboard body is invalid: a widget needs a type, a place within 24 columns and a region")
		}
	}
	s.world.Dashboards[name] = aws.ToString(in.DashboardBody)
	return &cw.PutDashboardOutput{}, nil
}

func (s *Sim) getDashboard(in *cw.GetDashboardInput) (*cw.GetDashboardOutput, error) {
	name := aws.ToString(in.DashboardName)
	body, ok := s.world.Dashboards[name]
	if !ok {
		return nil, fail("ResourceNotFound", "Dashboard %s does not exist", name)
	}
	return &cw.GetDashboardOutput{DashboardName: &name, DashboardBody: &body, DashboardArn: aws.String("arn:aws:cloudwatch::" + s.world.Account + ":dashboard/" + name)}, nil
}

func (s *Sim) deleteDashboards(in *cw.DeleteDashboardsInput) (*cw.DeleteDashboardsOutput, error) {
	for _, name := range in.DashboardNames {
		if _, ok := s.world.Dashboards[name]; !ok {
			return nil, fail("ResourceNotFound", "Dashboard %s does not exist", name)
		}
	}
	for _, name := range in.DashboardNames {
		delete(s.world.Dashboards, name)
	}
	return &cw.DeleteDashboardsOutput{}, nil
}

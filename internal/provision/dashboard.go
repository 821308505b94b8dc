package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// DashboardSpec is what we own of a dashboard.
type DashboardSpec struct {
	// Body is in canonical form.
	Body string
}

// Watched is one agent on the dashboard. TargetGroup is nil without a load balancer.
type Watched struct {
	Agent       string
	TargetGroup engine.Node
}

// Dashboard shows the agents side by side. Three dashboards of up to 50 metrics
// are free, then $3 a month; five metrics an agent stay under that for ten
// agents. Its id is its name; it has no tags, the name is ours.
type Dashboard struct {
	engine.Ref
	*Env
	Agents       []Watched
	LoadBalancer engine.Node
}

func (d *Dashboard) Key() engine.Key { return "dashboard" }

func (d *Dashboard) Needs() []engine.Node {
	needs := nodes(d.LoadBalancer)
	for _, w := range d.Agents {
		needs = append(needs, nodes(w.TargetGroup)...)
	}
	return needs
}

func (d *Dashboard) Want() DashboardSpec { return DashboardSpec{Body: document(d.body())} }

func (d *Dashboard) Find(ctx context.Context, look engine.Look) (engine.Found[DashboardSpec], error) {
	out, err := d.Clients.CloudWatch.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: aws.String(d.name())})
	if err != nil {
		return engine.Found[DashboardSpec]{}, cloud.IgnoreNotFound(err)
	}
	return engine.Found[DashboardSpec]{
		Phase: engine.Ready, ID: d.name(), Spec: DashboardSpec{Body: document(aws.ToString(out.DashboardBody))},
		Outputs: map[string]string{"url": DashboardURL(d.Account, d.Stack)},
	}, nil
}

// HasDashboard tells whether the stack's dashboard is there.
func (e *Env) HasDashboard(ctx context.Context) (bool, error) {
	found, err := (&Dashboard{Env: e}).Find(ctx, engine.Look{})
	return found.Phase == engine.Ready, err
}

// dashboardName has the region: dashboards are shared by all regions of an account.
func dashboardName(a cloud.Account, stack string) string { return stack + "-" + a.Region }

func (d *Dashboard) name() string { return dashboardName(d.Account, d.Stack) }

// DashboardURL is where the console shows the dashboard of a stack.
func DashboardURL(a cloud.Account, stack string) string {
	host := a.Region + ".console.aws.amazon.com"
	switch a.Partition {
	case "aws-cn":
		host = "console.amazonaws.cn"
	case "aws-us-gov":
		host = "console.amazonaws-us-gov.com"
	case "aws-eusc":
		host = a.Region + ".console.amazonaws-eusc.eu"
	}
	return "https://" + host + "/cloudwatch/home?region=" + a.Region + "#dashboards/dashboard/" + dashboardName(a, stack)
}

// Diff compares the drawings by what they mean.
func (d *Dashboard) Diff(have, want DashboardSpec) []engine.Change {
	return differs("body", have.Body, want.Body)
}

func (d *Dashboard) Create(ctx context.Context, want DashboardSpec, _ string) (string, error) {
	name := d.name()
	_, err := d.Clients.CloudWatch.PutDashboard(ctx, &cloudwatch.PutDashboardInput{DashboardName: &name, DashboardBody: &want.Body})
	return made(name, err)
}

// Update puts it again, which replaces it.
func (d *Dashboard) Update(ctx context.Context, _ string, _, want DashboardSpec) error {
	return failure(d.Create(ctx, want, ""))
}

func (d *Dashboard) Delete(ctx context.Context, id string) error {
	return failure(d.Clients.CloudWatch.DeleteDashboards(ctx, &cloudwatch.DeleteDashboardsInput{DashboardNames: []string{id}}))
}

// body draws five charts with a line for each agent.
func (d *Dashboard) body() string {
	service := func(w Watched, metric string) []any {
		return []any{"AWS/ECS", metric, "ClusterName", d.ClusterName(), "ServiceName", d.ServiceName(w.Agent), map[string]any{"label": w.Agent}}
	}
	target := func(w Watched, metric string) []any {
		if d.LoadBalancer == nil || w.TargetGroup == nil {
			return nil
		}
		return []any{
			"AWS/ApplicationELB", metric, "LoadBalancer", metricSuffix(d.LoadBalancer.ID()), "TargetGroup", metricSuffix(w.TargetGroup.ID()),
			map[string]any{"label": w.Agent},
		}
	}
	charts := []struct {
		title, metric, stat string
		of                  func(Watched, string) []any
	}{
		{"CPU, % of what is reserved", "CPUUtilization", "Average", service},
		{"Memory, % of what is reserved", "MemoryUtilization", "Average", service},
		{"Requests", "RequestCount", "Sum", target},
		{"Response time, s", "TargetResponseTime", "Average", target},
		{"Healthy tasks", "HealthyHostCount", "Minimum", target},
	}
	widgets := []any{}
	for _, c := range charts {
		var metrics []any
		for _, w := range d.Agents {
			if m := c.of(w, c.metric); m != nil {
				metrics = append(metrics, m)
			}
		}
		if len(metrics) == 0 {
			continue
		}
		n := len(widgets)
		widgets = append(widgets, map[string]any{
			"type": "metric", "x": n % 2 * 12, "y": n / 2 * 6, "width": 12, "height": 6,
			"properties": map[string]any{
				"title": c.title, "region": d.Account.Region, "view": "timeSeries", "stat": c.stat, "period": 60, "metrics": metrics,
			},
		})
	}
	return marshal(map[string]any{"widgets": widgets})
}

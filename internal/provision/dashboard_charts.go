package provision

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

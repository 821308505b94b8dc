package importer

import (
	"slices"
	"strconv"
	"strings"
)

// watching carries logs, alarms and who is told over.
func (x *terraform) watching() {
	x.logGroups()
	x.alarms()
	x.budget()
}

// logGroups carries over how long logs are kept, and whether there are metrics of each task.
func (x *terraform) logGroups() {
	f := &x.fleet
	for _, c := range x.all("aws_ecs_cluster") {
		for _, s := range c.body.get("setting").list() {
			if s.get("name").str() == "containerInsights" {
				f.insights = map[string]string{"enabled": "on", "enhanced": "enhanced", "disabled": "off"}[s.get("value").str()]
				s.get("value").carry("observability.container_insights")
			}
		}
	}
	for _, g := range x.all("aws_cloudwatch_log_group") {
		t := g.body.get("retention_in_days")
		if n, ok := t.number(); ok && n > 0 {
			f.retention = max(f.retention, n)
			t.carry("observability.log_retention_days")
		}
		g.body.get("kms_key_id").leave("log groups have CloudWatch's own key")
		g.body.settle(own, "a log group for each agent")
	}
}

// alarms carries over the thresholds, and who is told.
func (x *terraform) alarms() {
	f := &x.fleet
	alarms := x.all("aws_cloudwatch_metric_alarm")
	if n, known := x.declared["aws_cloudwatch_metric_alarm"]; known && n == 0 {
		f.alarms = truthOf(false)
	}
	for _, m := range alarms {
		t := m.body.get("threshold")
		v, err := strconv.ParseFloat(t.str(), 64)
		into := map[string]*int{"CPUUtilization": &f.alarmCPU, "MemoryUtilization": &f.alarmMemory}[m.body.get("metric_name").str()]
		if into == nil || err != nil || m.body.get("namespace").str() == "AWS/RDS" {
			m.body.settle(left, "karmactl has alarms of its own for CPU, memory, errors and healthy tasks; others are kept in Terraform")
			continue
		}
		key := "observability.alarms." + map[string]string{"CPUUtilization": "cpu", "MemoryUtilization": "memory"}[m.body.get("metric_name").str()]
		*into = int(v)
		t.carry(key)
		m.body.settle(own, "an alarm of its own for each agent")
	}
	for _, s := range x.all("aws_sns_topic_subscription") {
		if t := s.body.get("endpoint"); s.body.get("protocol").str() == "email" && !reference.MatchString(t.str()) {
			f.alarmEmails = append(f.alarmEmails, t.str())
			t.carry("observability.alarms.emails")
			s.body.settle(own, "a topic of its own for the alarms")
		}
	}
}

func (x *terraform) budget() {
	f := &x.fleet
	for _, b := range x.all("aws_budgets_budget") {
		if t := b.body.get("limit_amount"); t.str() != "" && !reference.MatchString(t.str()) {
			f.budget = strings.TrimSuffix(t.str(), ".0")
			t.carry("budget.monthly_usd")
		}
		for _, n := range b.body.get("notification").list() {
			for _, m := range n.get("subscriber_email_addresses").list() {
				if !slices.Contains(f.emails, m.str()) {
					f.emails = append(f.emails, m.str())
				}
				m.carry("budget.emails")
			}
		}
		b.body.settle(own, "told at 80 % and 100 % of actual and at 100 % of forecast spend")
	}
}

package cost

import (
	"sort"
	"time"

	"github.com/shopspring/decimal"
)

// Line is one AWS service, as estimated for the time that has gone by and as billed.
type Line struct {
	Service   string
	Estimated decimal.Decimal
	Actual    decimal.Decimal
	// Why is what commonly explains the difference; "" when they agree.
	Why string
}

// billNames are Cost Explorer's names for the offers of the price list.
var billNames = map[string]string{
	"AmazonECS":         "Amazon Elastic Container Service",
	"AWSELB":            "Amazon Elastic Load Balancing",
	"AmazonEC2":         "EC2 - Other",
	"AWSDataTransfer":   "EC2 - Other",
	"AmazonVPC":         "Amazon Virtual Private Cloud",
	"AmazonCloudWatch":  "AmazonCloudWatch",
	"AmazonECR":         "Amazon EC2 Container Registry (ECR)",
	"AmazonEFS":         "Amazon Elastic File System",
	"AWSSecretsManager": "AWS Secrets Manager",
	"AWSXRay":           "AWS X-Ray",
	"AmazonStates":      "AWS Step Functions",
	"AmazonS3":          "Amazon Simple Storage Service",
	"AWSCostExplorer":   "AWS Cost Explorer",
}

// Compare puts the estimate, cut to the time that has gone by, beside the bill.
func Compare(e *Estimate, a *Actual, book *Book, now time.Time) []Line {
	part := elapsed(a, now)
	byName := map[string]*Line{}
	line := func(name string) *Line {
		if byName[name] == nil {
			byName[name] = &Line{Service: name}
		}
		return byName[name]
	}
	for _, c := range e.Components {
		l := line(billNames[book.Prices[c.Price].Service])
		l.Estimated = l.Estimated.Add(c.Monthly().Expected.Mul(part))
	}
	for _, s := range a.Services {
		line(s.Service).Actual = s.USD
	}
	var out []Line
	for _, l := range byName {
		if l.Estimated.Round(2).IsZero() && l.Actual.Round(2).IsZero() {
			continue
		}
		l.Why = l.why()
		out = append(out, *l)
	}
	sort.Slice(out, func(i, j int) bool {
		if d := out[i].Estimated.Cmp(out[j].Estimated); d != 0 {
			return d > 0
		}
		return out[i].Service < out[j].Service
	})
	return out
}

// elapsed is the part of 730 hours that the actual figures cover.
func elapsed(a *Actual, now time.Time) decimal.Decimal {
	from, err := time.Parse(time.DateOnly, a.From)
	if err != nil {
		return decimal.Zero
	}
	to, err := time.Parse(time.DateOnly, a.To)
	if err != nil {
		return decimal.Zero
	}
	if now.Before(to) {
		to = now.UTC()
	}
	return decimal.NewFromFloat(to.Sub(from).Hours()).Div(hours)
}

// why says what the usual reason is when the two are more than a tenth and half
// a dollar apart.
func (l Line) why() string {
	d := l.Actual.Sub(l.Estimated)
	if d.Abs().LessThan(decimal.RequireFromString("0.50")) || d.Abs().LessThan(l.Estimated.Mul(decimal.RequireFromString("0.1"))) {
		return ""
	}
	more := d.IsPositive()
	if l.Service == billNames["AmazonEFS"] { // which may be all that a stack has left
		if more {
			return "volumes hold more than usage.efs_gb, or data that was kept is not in agents.yaml any more"
		}
		return "volumes hold less than usage.efs_gb"
	}
	if l.Estimated.Round(2).IsZero() {
		return "not part of the estimate: something else carries the stack's tag"
	}
	switch l.Service {
	case "Amazon Elastic Container Service":
		if more {
			return "more tasks than scale.min, rollouts, or Spot prices that have gone up"
		}
		return "agents that did not run all the time, or Spot prices that have gone down"
	case "AmazonCloudWatch":
		if more {
			return "more logs than usage.logs_gb, or free tiers that are used up"
		}
		return "alarms, dashboards and metrics carry no tags"
	case "EC2 - Other":
		if more {
			return "more traffic than usage.nat_gb"
		}
		return "data transfer carries no tags; or the gateway was not there all the time"
	case "Amazon Virtual Private Cloud":
		if !more {
			return "the load balancer's own addresses may carry no tags; or it was not there all the time"
		}
	case "Amazon Elastic Load Balancing":
		if more {
			return "more traffic than usage.lcu"
		}
	}
	if more {
		return "more use than agents.yaml assumes"
	}
	return "it was not there all the time, or carries no tags"
}

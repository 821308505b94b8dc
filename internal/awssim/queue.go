package awssim

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Queue is a queue of SQS as CloudWatch counts it. A test puts it in.
type Queue struct {
	// Visible messages wait; those in flight were taken and not yet deleted.
	Visible, InFlight int
}

// QueueActivity is whether CloudWatch has metrics of a queue.
type QueueActivity struct {
	// Used is when the queue last had messages or was called, From is from when on its metrics are there again.
	Used, From time.Time
}

// "CloudWatch considers a queue to be active for up to six hours if it contains any messages or if
// any action accesses it. … A delay of up to 15 minutes occurs in CloudWatch metrics when a queue
// is activated from an inactive state." The simulated delay is the longest.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
const (
	queueActive  = 6 * time.Hour
	queueDelayed = 15 * time.Minute
)

// settleQueues keeps which queues are active: one with messages, and one that a task of a service
// that follows it reads from, minute by minute. A queue that was not there before was just made.
func (s *Sim) settleQueues(minute time.Time) {
	for name, q := range s.world.Queues {
		x, known := s.world.QueueActivity[name]
		if !known {
			x = QueueActivity{Used: minute, From: minute}
		}
		if q.Visible+q.InFlight > 0 || s.reads(name) {
			if minute.Sub(x.Used) > queueActive {
				x.From = minute.Add(queueDelayed)
			}
			x.Used = minute
		}
		s.world.QueueActivity[name] = x
	}
	for name := range s.world.QueueActivity {
		if _, there := s.world.Queues[name]; !there {
			delete(s.world.QueueActivity, name)
		}
	}
}

// reads tells whether a task runs of a service that this queue scales.
func (s *Sim) reads(queue string) bool {
	for _, t := range s.world.ScalableTargets {
		for _, p := range t.Policies {
			if c := p.Config.CustomizedMetricSpecification; c != nil && followsQueue(trackedQueries(c), queue) {
				if cluster, service := t.service(); s.running(cluster, service) > 0 {
					return true
				}
			}
		}
	}
	return false
}

func followsQueue(queries []cwtypes.MetricDataQuery, queue string) bool {
	for _, q := range queries {
		if q.MetricStat != nil && strings.HasSuffix(pointsOf(q.MetricStat), " QueueName="+queue) {
			return true
		}
	}
	return false
}

// running is how many tasks of a service run.
func (s *Sim) running(cluster, service string) int {
	n := 0
	for _, t := range s.world.Tasks {
		if t.Cluster == cluster && strings.HasSuffix(t.Service, "/"+service) && t.Status == "RUNNING" {
			n++
		}
	}
	return n
}

// statistic is a metric in this minute. ECS reports one sample of CPUUtilization a minute for each
// task that runs, and none without one, so its sample count is how many run:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
func (s *Sim) statistic(m *cwtypes.MetricStat) mathValue {
	dims := map[string]string{}
	for _, d := range m.Metric.Dimensions {
		dims[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	queue := dims["QueueName"]
	q, known := s.world.Queues[queue]
	active := s.world.QueueActivity[queue]
	silent := !known || s.now().Sub(active.Used) > queueActive || s.now().Before(active.From)
	switch *m.Metric.Namespace + " " + *m.Metric.MetricName + " " + *m.Stat {
	case "AWS/SQS ApproximateNumberOfMessagesVisible Maximum": // "Reported if the queue is active."
		return mathValue{v: float64(q.Visible), missing: silent}
	case "AWS/SQS ApproximateNumberOfMessagesNotVisible Maximum": // "Reported if in-flight messages exist."
		return mathValue{v: float64(q.InFlight), missing: silent || q.InFlight == 0}
	case "AWS/ECS CPUUtilization SampleCount":
		n := s.running(dims["ClusterName"], dims["ServiceName"])
		return mathValue{v: float64(n), missing: n == 0}
	}
	return mathValue{missing: true}
}

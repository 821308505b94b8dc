package logs

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// BenchmarkMinute is the table of docs/benchmarks-logs.md: 88 s of real time for each case.
func BenchmarkMinute(b *testing.B) {
	for _, c := range []struct {
		name string
		s    setup
	}{
		{"5-calls_no-empty-pages_no-lane", setup{Flush: time.Second, Region: smallest}},
		{"5-calls_no-lane", setup{Flush: time.Second, Region: smallest, Busy: true}},
		{"5-calls_writers-1s", setup{Flush: time.Second, Region: smallest, Busy: true, Lane: true}},
		{"5-calls_writers-5s", setup{Flush: 5 * time.Second, Region: smallest, Busy: true, Lane: true}},
		{"5-calls-25-of-streams_writers-1s", setup{Flush: time.Second, Region: "sa-east-1", Granted: cloud.LogQuotas{Filter: 5, Stream: 25}, Busy: true, Lane: true}},
		{"5-calls-25-of-streams_writers-5s", setup{Flush: 5 * time.Second, Region: "sa-east-1", Granted: cloud.LogQuotas{Filter: 5, Stream: 25}, Busy: true, Lane: true}},
		{"10-calls-10-of-streams_writers-1s", setup{Flush: time.Second, Region: "us-west-2", Busy: true, Lane: true}},
		{"10-calls_writers-1s", setup{Flush: time.Second, Region: "sa-east-1", Busy: true, Lane: true}},
		{"10-calls_writers-5s", setup{Flush: 5 * time.Second, Region: "sa-east-1", Busy: true, Lane: true}},
		{"25-calls_writers-1s", setup{Flush: time.Second, Region: "us-east-1", Busy: true, Lane: true}},
		{"25-calls_writers-5s", setup{Flush: 5 * time.Second, Region: "us-east-1", Busy: true, Lane: true}},
		{"5-calls_live_writers-1s", setup{Flush: time.Second, Region: smallest, Busy: true, Lane: true, Live: true}},
		{"25-calls_live_writers-1s", setup{Flush: time.Second, Region: "us-east-1", Busy: true, Lane: true, Live: true}},
		{"no-quota_writers-1s", setup{Flush: time.Second, Order: 500 * time.Millisecond}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				c.s.Start = time.Now().Add(3 * time.Second)
				o := measure(b, c.s)
				b.Logf("%v; %d calls, %d throttled, %.2f s CPU, %.1f MB most, ended %.0f ms after SIGINT", o.report, o.calls, o.throttled, o.cpu.Seconds(), float64(o.maxRSS)/1e6, float64(o.ended.Microseconds())/1e3)
				b.ReportMetric(float64(o.report.Lost+o.report.LostLate), "lost")
				b.ReportMetric(o.report.Median.Seconds(), "s-lag-median")
				b.ReportMetric(o.report.P95.Seconds(), "s-lag-p95")
				b.ReportMetric(float64(o.calls), "calls")
				b.ReportMetric(o.cpu.Seconds(), "s-cpu")
				b.ReportMetric(float64(o.maxRSS)/1e6, "MB-rss")
			}
		})
	}
}

// BenchmarkHistory reads KARMACTL_BENCH_EVENTS (200,000) events of 180 bytes, with and without the quota.
func BenchmarkHistory(b *testing.B) {
	n := 200_000
	if v, err := strconv.Atoi(os.Getenv("KARMACTL_BENCH_EVENTS")); err == nil {
		n = v
	}
	for name, region := range map[string]string{"5-calls": smallest, "10-calls": "sa-east-1", "25-calls": "us-east-1", "no-quota": ""} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				o := measure(b, setup{Start: time.Now().Add(-time.Minute), History: n, Region: region})
				rate := float64(n) / o.took.Seconds()
				b.Logf("lost %d, doubled %d, disorder %d; %.0f events/s, %d calls, %.2f s CPU, %.1f MB most", o.report.Lost, o.report.Doubled, o.report.Disorder, rate, o.calls, o.cpu.Seconds(), float64(o.maxRSS)/1e6)
				b.ReportMetric(float64(o.report.Lost), "lost")
				b.ReportMetric(rate, "events/s")
				b.ReportMetric(o.cpu.Seconds(), "s-cpu")
				b.ReportMetric(float64(o.maxRSS)/1e6, "MB-rss")
			}
		})
	}
}

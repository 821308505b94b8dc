package awssim

// MetricFilter is a simulated metric filter of a log group.
type MetricFilter struct {
	Name      string
	Pattern   string
	Metric    string
	Namespace string
	Value     string
	Default   *float64
}

package awssim

// LogEvent is one event of a log group. Times are milliseconds.
type LogEvent struct {
	ID        string
	Stream    string
	Timestamp int64
	Ingested  int64
	Message   string
}

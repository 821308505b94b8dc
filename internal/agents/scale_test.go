package agents

import "testing"

// TestAQueueDecidesAlone: use of CPU and memory is never 0 while a task runs.
func TestAQueueDecidesAlone(t *testing.T) {
	got, err := Parse("agents.yaml", []byte(`
defaults: {scale: {cpu: 60}}
agents:
  alone: {scale: {min: 0, queue: {name: jobs}}}
  both: {scale: {min: 1, cpu: 50, queue: {name: jobs.fifo, per_task: 2}}}
  neither: {port: 9001}
`), "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Scale{
		"alone":   {Max: 3, Queue: Queue{Name: "jobs", PerTask: 10}},
		"both":    {Min: 1, Max: 3, CPUPercent: 50, Queue: Queue{Name: "jobs.fifo", PerTask: 2}},
		"neither": {Min: 1, Max: 3, CPUPercent: 60, MemoryPercent: 80},
	}
	for name, scale := range want {
		if a, _ := got.Agent(name); a.Scale != scale {
			t.Errorf("%s scales by %+v, not %+v", name, a.Scale, scale)
		}
	}
}

// TestAFixedNumberOfTasksHasNoPolicies: there is nothing that one could change.
func TestAFixedNumberOfTasksHasNoPolicies(t *testing.T) {
	got, err := Parse("agents.yaml", []byte(`
defaults: {scale: {min: 1, max: 1, cpu: 60}}
agents:
  fixed: {port: 9001}
  asked: {port: 9002, scale: {cpu: 50, memory: 50}}
  moves: {port: 9003, scale: {max: 2, memory: 0}}
  asleep: {scale: {min: 0}}
`), "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Scale{
		"fixed": {Min: 1, Max: 1}, "asked": {Min: 1, Max: 1},
		"moves": {Min: 1, Max: 2, CPUPercent: 60}, "asleep": {Max: 1, CPUPercent: 60, MemoryPercent: 80},
	}
	for name, scale := range want {
		if a, _ := got.Agent(name); a.Scale != scale || a.Scale.Moves() != (scale.CPUPercent > 0) {
			t.Errorf("%s scales by %+v, not %+v", name, a.Scale, scale)
		}
	}
}

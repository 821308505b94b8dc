package logstest

import "time"

// Bucket grants n calls together and n a second.
func Bucket(n float64) func(time.Time) bool {
	tokens, last := n, time.Time{}
	return func(now time.Time) bool {
		if !last.IsZero() {
			tokens = min(n, tokens+now.Sub(last).Seconds()*n)
		}
		last = now
		if tokens < 1 {
			return false
		}
		tokens--
		return true
	}
}

// Window grants n calls in any second that slides.
func Window(n int) func(time.Time) bool {
	var granted []time.Time
	return func(now time.Time) bool {
		for len(granted) > 0 && now.Sub(granted[0]) >= time.Second {
			granted = granted[1:]
		}
		if len(granted) >= n {
			return false
		}
		granted = append(granted, now)
		return true
	}
}

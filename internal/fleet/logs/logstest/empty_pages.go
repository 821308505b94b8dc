package logstest

import "unicode"

// A call of FilterLogEvents searches for a bounded time and then answers with what it has, even nothing, and a token:
// "This operation can return empty results while there are more log events available through the token"
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html, and the same at GetLogEvents).
// How often that happens AWS does not say. These shares make it a busy region: a read takes two and a half calls.
const (
	// emptyBefore is the share of pages without events among those before a read's first event.
	emptyBefore = 0.5
	// emptyAfter is the share of last pages that have a token, to a page without events.
	emptyAfter = 0.25
	// emptyOfStream is the share of GetLogEvents' pages that are empty although there are events: a token starts
	// where the last page ended, so there is little to search through.
	emptyOfStream = 0.03
)

// roll is true for a share of all calls, when the server sends empty pages at all.
func (s *Server) roll(share float64) bool {
	if !s.EmptyPages {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.Float64() < share
}

// emptyFirst tells whether a page of FilterLogEvents is an empty one before the first event. The tokens of those are capital.
func (s *Server) emptyFirst(in request) bool {
	return (in.NextToken == "" || unicode.IsUpper(rune(in.NextToken[0]))) && s.roll(emptyBefore)
}

func (s *Server) emptyLast() bool { return s.roll(emptyAfter) }

package logs

import "time"

const (
	// filterShare is how much of FilterLogEvents' quota the pace takes: two calls of a hundred are room for clocks that differ.
	filterShare = 0.98
	// streamShare is how much of GetLogEvents' quota the pace takes. The rest is for the console and other tools.
	streamShare = 0.9
	// streamPace is how fast GetLogEvents is called, where its quota allows that. It is easyPace where FilterLogEvents reads
	// each group within little more than a second by itself, for more calls would cost more CPU than they save time; and
	// hurriedPace where it needs longer than longRead, because there are many groups or others use its quota.
	easyPace, streamPace, hurriedPace = 9, 12, 20
)

// longRead is how far apart FilterLogEvents' reads of a group are, when GetLogEvents hurries.
const longRead = 1800 * time.Millisecond

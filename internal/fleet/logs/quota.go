package logs

const (
	// filterShare is how much of FilterLogEvents' quota the pace takes: two calls of a hundred are room for clocks that differ.
	filterShare = 0.98
	// streamShare is how much of GetLogEvents' quota the pace takes. The rest is for the console and other tools.
	streamShare = 0.9
	// streamPace is the fastest that GetLogEvents is called, and easyPace the same where FilterLogEvents alone reads each
	// group within little more than a second: more calls would cost more CPU than they save time.
	streamPace, easyPace = 12, 9
)

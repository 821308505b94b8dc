package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

// levels are what --level may be.
var levels = []string{"debug", "info", "warn", "error", "fatal"}

// options are the flags that need no AWS to be checked.
func (f logsOptions) options() (logs.Options, logs.Style, error) {
	o := logs.Options{Follow: f.follow, Tail: f.tail, Pattern: f.filter, Task: f.task, Container: f.container, Order: f.order}
	style := logs.Style{Timestamps: f.timestamps, MarkLate: f.follow, Fields: f.fields}
	if len(f.fields) == 1 && f.fields[0] == "none" {
		style.Fields, style.NoFields = nil, true
	}
	var err error
	if style.Zone, err = time.LoadLocation(f.zone); err != nil {
		return o, style, fmt.Errorf("--timezone %q: allowed are IANA names such as America/New_York, and UTC or Local", f.zone)
	}
	if f.tail < 0 {
		return o, style, fmt.Errorf("--tail %d: allowed are 0 (all) and above", f.tail)
	}
	if f.query != "" && f.follow {
		return o, style, errors.New("--query and --follow do not go together: a query is over what was written")
	}
	if f.query != "" && (!f.everything() || f.tail > 0) {
		return o, style, errors.New("--query says itself what it looks for: leave out --filter, --include, --exclude, --level, --task, --container and --tail")
	}
	if f.level != "" {
		if o.Level, err = logs.ParseLevel(f.level); err != nil {
			return o, style, oneOf("--level", f.level, levels)
		}
	}
	if o.Include, err = regexps("include", f.include); err != nil {
		return o, style, err
	}
	if o.Exclude, err = regexps("exclude", f.exclude); err != nil {
		return o, style, err
	}
	style.Highlight, err = regexps("highlight", f.highlight)
	return o, style, err
}

func regexps(flag string, all []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, s := range all {
		re, err := regexp.Compile(s)
		if err != nil {
			return nil, fmt.Errorf("--%s %q: %s: allowed is a regular expression such as time.?out", flag, s, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		out = append(out, re)
	}
	return out, nil
}

// firstLines is how many lines of the past a person who follows sees first.
const firstLines = 10

// lastLines has following begin with the last lines of the past, for people, unless something else was asked for.
func (f *logsOptions) lastLines(people bool) {
	if people && f.follow && !f.tailGiven && f.since == "" {
		f.tail = firstLines
	}
}

// times reads --since and --until, counted from now.
func (f logsOptions) times(o *logs.Options, now time.Time) error {
	var err error
	if o.Since, err = moment("since", f.since, now); err != nil {
		return err
	}
	if o.Since.IsZero() && f.tail > 0 {
		o.Since = now.AddDate(0, 0, -1) // the last ones may be from before the last hour
		if !f.tailGiven {
			o.Since = now.Add(-time.Hour)
		}
	}
	o.Until, err = moment("until", f.until, now)
	switch {
	case err != nil:
		return err
	case f.follow && !o.Until.IsZero():
		return errors.New("--follow and --until do not go together: leave one out")
	case !o.Until.IsZero() && !o.Since.IsZero() && o.Until.Before(o.Since):
		return errors.New("--until is before --since")
	}
	return nil
}

// moment reads a time: so long ago, or a date. "" is the zero time.
func moment(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	ago := s
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err == nil {
			ago = fmt.Sprintf("%dh", 24*n)
		}
	}
	if d, err := time.ParseDuration(ago); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q: allowed are 30m, 2h, 7d, 2026-11-23, \"2026-11-23 14:05\" (local) and 2026-11-23T14:05:00Z", flag, s)
}

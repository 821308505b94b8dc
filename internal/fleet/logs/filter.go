package logs

import (
	"regexp"
	"strings"
)

// filter is what is decided here and not by AWS. It looks at messages as people see them, without escape sequences.
type filter struct {
	include, exclude []*regexp.Regexp
	level            Level
	task, container  string
}

func newFilter(o Options) filter {
	return filter{include: o.Include, exclude: o.Exclude, level: o.Level, task: o.Task, container: o.Container}
}

// all reports that nothing is left out.
func (f filter) all() bool {
	return len(f.include) == 0 && len(f.exclude) == 0 && f.level == LevelAny && f.task == "" && f.container == ""
}

// wants decides on an event of a stream whose events come in their order, which t knows.
func (f filter) wants(t traces, r record) bool {
	if f.all() {
		return true
	}
	if !f.wantsStream(r.from) {
		return false
	}
	plain := Plain(r.message)
	if f.level != LevelAny {
		isTrace := t.goesOn(Stream{Group: r.from.group, Name: r.from.name}, plain)
		if LevelOf(plain) < f.level && (!isTrace || f.level > LevelError) {
			return false
		}
	}
	if len(f.include) > 0 && !anyMatch(f.include, plain) {
		return false
	}
	return !anyMatch(f.exclude, plain)
}

func (f filter) wantsStream(s *stream) bool {
	return strings.HasPrefix(s.task, f.task) && (f.container == "" || s.container == f.container)
}

func anyMatch(res []*regexp.Regexp, s string) bool {
	for _, re := range res {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

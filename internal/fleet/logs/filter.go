package logs

import (
	"regexp"
	"strings"
)

// filter is what is decided here and not by AWS.
type filter struct {
	include, exclude []*regexp.Regexp
	level            Level
	task             string
}

func newFilter(o Options) filter {
	return filter{include: o.Include, exclude: o.Exclude, level: o.Level, task: o.Task}
}

// all reports that nothing is left out.
func (f filter) all() bool {
	return len(f.include) == 0 && len(f.exclude) == 0 && f.level == LevelAny && f.task == ""
}

func (f filter) wants(r record) bool {
	if f.all() {
		return true
	}
	if !f.wantsTask(r.from.task) {
		return false
	}
	if f.level != LevelAny && LevelOf(r.message) < f.level {
		return false
	}
	if len(f.include) > 0 && !anyMatch(f.include, r.message) {
		return false
	}
	return !anyMatch(f.exclude, r.message)
}

func (f filter) wantsTask(task string) bool { return strings.HasPrefix(task, f.task) }

func anyMatch(res []*regexp.Regexp, s string) bool {
	for _, re := range res {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

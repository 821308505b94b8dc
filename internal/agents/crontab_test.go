package agents

import "testing"

func TestACrontabsLineIsToldAsSchedulerHasIt(t *testing.T) {
	for line, want := range map[string]string{
		"0 3 * * *":    "cron(0 3 * * ? *)",
		"*/15 * * * *": "cron(0/15 * * * ? *)",
		"30 4 1 */3 *": "cron(30 4 1 1/3 ? *)",
		"0 9 * * 1-5":  "cron(0 9 ? * 2-6 *)",
		"0 9 * * 0,6":  "cron(0 9 ? * 1,7 *)",
		"0 9 * * 7":    "cron(0 9 ? * 1 *)",
		"0 9 * * */2":  "cron(0 9 ? * 1/2 *)",
		"0 9 * * mon":  "cron(0 9 ? * MON *)",
		"0 9 * jan *":  "cron(0 9 * JAN ? *)",
		"0 9 1 * 1":    "",
		"every day":    "",
		"0 3 * * ? *":  "",
		"soon 3 & * *": "",
	} {
		if got, _ := OfCrontab(line); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]string{"0 9 * * 1-5/2": "cron(0 9 ? * 2-6/2 *)", "0 9 * * 1/2,6": "", "0 9 * * 5-7": "", "0 9 * * 6-0": "", "0 99 * * *": ""} {
		if got, _ := OfCrontab(line); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

func TestAnExpressionMadeOfACrontabIsOneThatAJobTakes(t *testing.T) {
	for _, line := range []string{"0 3 * * *", "*/15 * * * *", "30 4 1 */3 *", "0 9 * * 1-5", "0 9 * * */2", "0 9 * * 1-5/2", "0 9 * * 0,6", "0 9 * * mon", "0 9 * jan *"} {
		made, _ := OfCrontab(line)
		if _, err := ParseJobTimes(made, "UTC"); err != nil {
			t.Errorf("%q becomes %q: %v", line, made, err)
		}
	}
}

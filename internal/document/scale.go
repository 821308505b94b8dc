package document

import "time"

// Scale is what scale has changed, or would change.
type Scale struct {
	Head
	// DryRun: nothing was written.
	DryRun  bool          `json:"dry_run"`
	Summary Summary       `json:"summary"`
	Agents  []ScaledAgent `json:"agents"`
	Changes []Change      `json:"changes"`
	// Window is the schedule that was set.
	Window *ScaleWindow `json:"schedule,omitempty"`
	// Firings are the next times at which the schedule acts.
	Firings []ScaleFiring `json:"firings,omitempty"`
	// Cost is what the schedule saves.
	Cost *ScaleCost `json:"cost,omitempty"`
	// Monthly is there when something changes.
	Monthly *Monthly `json:"monthly,omitempty"`
	Notes   []string `json:"notes"`
}

// ScaledAgent is an agent's bounds before and after.
type ScaledAgent struct {
	Agent  string `json:"agent"`
	WasMin int    `json:"was_min"`
	WasMax int    `json:"was_max"`
	Min    int    `json:"min"`
	Max    int    `json:"max"`
	// Manual: scale rules the bounds, not agents.yaml.
	Manual bool `json:"manual"`
}

// ScaleWindow is a schedule.
type ScaleWindow struct {
	Name     string `json:"name"`
	Days     string `json:"days"`
	Start    string `json:"start"`
	Stop     string `json:"stop"`
	Timezone string `json:"timezone"`
	// StartCron and StopCron are what AWS is given.
	StartCron string `json:"start_cron"`
	StopCron  string `json:"stop_cron"`
	// Open: its hours are now.
	Open bool `json:"open"`
}

// ScaleFiring is a time at which a schedule acts.
type ScaleFiring struct {
	// Action is start or stop.
	Action string `json:"action"`
	// Local is in the schedule's own time zone.
	Local time.Time `json:"local"`
	UTC   time.Time `json:"utc"`
	// AfterClockChange: the first after the clocks of the zone change.
	AfterClockChange bool `json:"after_clock_change,omitempty"`
}

// ScaleCost is what a schedule saves, and what keeps billing.
type ScaleCost struct {
	// Saves and Keeps are "" when prices are missing: Missing has which.
	Saves   string   `json:"saves_monthly"`
	Keeps   string   `json:"keeps_monthly"`
	Missing []string `json:"missing,omitempty"`
	AsOf    string   `json:"prices_as_of"`
}

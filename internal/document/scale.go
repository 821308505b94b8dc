package document

import "time"

// Scale is what scale has changed, or would change.
type Scale struct {
	Head
	// DryRun: nothing was written.
	DryRun bool `json:"dry_run"`
	// Summary counts the changes.
	Summary Summary `json:"summary"`
	// Agents are the agents that were named, or all.
	Agents []ScaledAgent `json:"agents"`
	// Changes are the resources that change.
	Changes []Change `json:"changes"`
	// Window is the schedule that was set.
	Window *ScaleWindow `json:"schedule,omitempty"`
	// Firings are the next times at which the schedule acts.
	Firings []ScaleFiring `json:"firings,omitempty"`
	// Cost is what the schedule saves.
	Cost *ScaleCost `json:"cost,omitempty"`
	// Monthly is there when something changes.
	Monthly *Monthly `json:"monthly,omitempty"`
	// Notes are what to know afterwards.
	Notes []string `json:"notes"`
}

// ScaledAgent is an agent's bounds before and after.
type ScaledAgent struct {
	// Agent is its name.
	Agent string `json:"agent"`
	// WasMin is the least number of tasks before.
	WasMin int `json:"was_min"`
	// WasMax is the largest number of tasks before.
	WasMax int `json:"was_max"`
	// Min is the least number of tasks now.
	Min int `json:"min"`
	// Max is the largest number of tasks now.
	Max int `json:"max"`
	// Manual: scale rules the bounds, not agents.yaml.
	Manual bool `json:"manual"`
}

// ScaleWindow is a schedule.
type ScaleWindow struct {
	// Name is the schedule's: office-hours.
	Name string `json:"name"`
	// Days are the days on which it is open: MON-FRI.
	Days string `json:"days"`
	// Start is when it opens, as hours and minutes.
	Start string `json:"start"`
	// Stop is when it closes.
	Stop string `json:"stop"`
	// Timezone is the IANA name of its time zone.
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
	// UTC is the same moment in UTC.
	UTC time.Time `json:"utc"`
	// AfterClockChange: the first after the clocks of the zone change.
	AfterClockChange bool `json:"after_clock_change,omitempty"`
}

// ScaleCost is what a schedule saves, and what keeps billing.
type ScaleCost struct {
	// Saves and Keeps are "" when prices are missing: Missing has which.
	Saves string `json:"saves_monthly"`
	Keeps string `json:"keeps_monthly"`
	// Missing are the items without a price.
	Missing []string `json:"missing,omitempty"`
	// AsOf is the date of the prices.
	AsOf string `json:"prices_as_of"`
}

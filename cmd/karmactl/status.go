package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type statusOptions struct {
	watch, drift, full bool
	// keys are what is pressed while it watches.
	keys *ui.Keys
	// dashboard is where it is shown in the console.
	dashboard string
}

func (o *statusOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.watch, "watch", false, "look again and again, until q or Ctrl-C")
	f.BoolVar(&o.drift, "drift", false, "list what is not as agents.yaml wants it, too")
	f.BoolVar(&o.full, "full", false, "list all of the drift, however many resources that is")
}

func newStatusCmd(a *app) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use: "status [agent...]", Short: "How the agents are, and what needs attention", ValidArgsFunction: a.notGiven((*agents.Config).Names),
		Example: `  karmactl status
  karmactl status validator --watch
  karmactl status --drift`,
		Long: `Tasks, revision, image, target health, CPU and memory with the last hour, answers
5xx, schedule, URL and last event of every agent, the last and the next run of every
job, and what needs attention with the command that helps. It reads agents.yaml
and AWS, and never waits for the lock of an up. One look costs $0.00003 an agent (GetMetricData).

--drift also plans, with clients that cannot write, and lists what is not as
agents.yaml wants it; more than twelve resources are counted, and --full lists them.
--watch looks every 5 seconds until q or Ctrl-C; with -o
json each look is one line. While it watches, agents with spot.fallback are put on demand
when Spot has had no capacity for so long, and back when their time there is over;
that alone takes the lock.`,
		RunE: func(c *cobra.Command, names []string) error {
			need := signedIn
			if o.drift || o.watch {
				need = identified // the bucket's name has the account's number
			}
			return a.withNames(need, (*agents.Config).Names, areAgents, func(ctx context.Context, s *session, names []string) error {
				if o.watch {
					return watchStatus(ctx, s, names, o)
				}
				return runStatus(ctx, s, names, o)
			})(c, names)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runStatus(ctx context.Context, s *session, names []string, o statusOptions) error {
	clients := cloud.NewClients(cloud.WithOptions(s.aws, cloud.ReadOnly))
	w := &fleet.Watcher{
		ECS: clients.ECS, Targets: clients.ELB, Metrics: clients.CloudWatch, Schedules: clients.AutoScaling,
		Cluster: provision.ClusterName(s.cfg.Stack()), Agents: chosen(s.cfg, names), Clock: s.clock, Scheduler: clients.Scheduler, Streams: clients.Logs,
		Jobs: jobsOf(s.cfg, names), Executions: clients.SFN, Tags: true,
		Waits: func(ctx context.Context, of []agents.Agent) (map[string]fleet.Waiting, error) {
			return fleet.Waits(ctx, s.env(true), s.cfg, of)
		},
	}
	if s.sim == nil && s.cfg.Observability.Dashboard {
		o.dashboard = provision.DashboardURL(s.account, s.cfg.Stack())
	}
	told, urls := "", map[string]string(nil)
	for {
		if err := s.watchSpot(ctx, w.Agents, o, &told); err != nil {
			return err
		}
		st, err := w.Look(ctx)
		if err != nil {
			return err
		}
		if err := sayAsleep(ctx, s, st); err != nil {
			return err
		}
		doc, err := s.statusDoc(ctx, st, len(names) == 0, o.drift)
		if err != nil {
			return err
		}
		urls = s.addURLs(ctx, &doc, urls)
		if err := s.app.showStatus(doc, o); err != nil || !o.watch {
			return err
		}
		o.keys.Take()
		if err := s.clock.Wait(ctx, watchEvery); err != nil {
			return err
		}
	}
}

// statusDoc is a status with its money, which only the whole stack has, and its drift.
func (s *session) statusDoc(ctx context.Context, st *fleet.Status, whole, drift bool) (document.Status, error) {
	doc := document.Status{
		Head: document.Of("Status"), Stack: s.cfg.Stack(), Region: s.account.Region, At: st.At.UTC(),
		Agents: st.Agents, Jobs: append([]fleet.JobStatus{}, st.Jobs...), Attention: append([]fleet.Attention{}, st.Attention...), Drift: []document.Drift{}, Notes: s.texts(st.Notes),
	}
	doc.Notes = append(doc.Notes, document.Texts(ruledNotes(st.Ruled))...)
	var err error
	if whole {
		if doc.Cost, err = costNow(s, st); err != nil {
			return doc, err
		}
	}
	if drift {
		var notes []string
		if doc.Drift, doc.Compared, notes, err = readDrift(ctx, s); err != nil {
			return doc, err
		}
		doc.Notes = append(doc.Notes, notes...)
	}
	return doc, nil
}

// addURLs says where the agents answer that are public and have a service. What is known is not asked again.
func (s *session) addURLs(ctx context.Context, doc *document.Status, known map[string]string) map[string]string {
	for i, ag := range doc.Agents {
		if a, _ := s.cfg.Agent(ag.Name); !a.Public || ag.Revision == 0 {
			continue
		}
		if known == nil {
			name, err := s.env(true).BalancerAddress(ctx)
			if err != nil {
				doc.Notes = append(doc.Notes, s.texts([]error{fmt.Errorf("the agents' URLs are not known: %w", err)})...)
				return nil
			}
			known = stack.URLsOf(s.cfg, name)
		}
		doc.Agents[i].URL = known[ag.Name]
	}
	return known
}

func (a *app) showStatus(doc document.Status, o statusOptions) error {
	switch {
	case a.term.JSON && o.watch:
		return a.term.Line(&doc)
	case a.term.JSON:
		return a.term.Document(&doc)
	}
	screen := ui.StatusScreen{
		Head:    fmt.Sprintf("%s  %s  %s", doc.Stack, doc.Region, doc.At.Local().Format("15:04:05")),
		Columns: []string{"agent", "tasks", "scale", "up", "on", "rev", "image", "digest", "healthy", "cpu", "", "memory", "", "5xx/h", "last event"},
		Spare:   []int{12, 10, 14, 2, 3, 7, 6, 5, 4, 13, 11, 9}, Repaint: o.watch, Dashboard: o.dashboard,
	}
	signs := map[string]ui.Sign{}
	for _, x := range doc.Attention {
		sign := signOf(x.About)
		signs[x.Agent] = max(signs[x.Agent], sign)
		screen.Attention = append(screen.Attention, ui.StatusProblem{Agent: x.Agent, Problem: x.Problem, Command: x.Command, Sign: sign})
	}
	for _, ag := range doc.Agents {
		screen.Rows = append(screen.Rows, ui.StatusRow{Cells: statusCells(ag, doc.At), Sign: max(signs[ag.Name], signs[""], signOfTasks(ag))})
		if ag.URL != "" {
			screen.URLs = append(screen.URLs, ui.Pair{Name: ag.Name, Value: ag.URL})
		}
	}
	screen.Below = append(screen.Below, scheduleLines(doc.Agents)...)
	screen.Below = append(screen.Below, jobLines(doc.Jobs, doc.At)...)
	if o.drift {
		screen.Below = append(screen.Below, driftLines(doc, o.full)...)
	}
	if doc.Cost != nil {
		screen.Below = append(screen.Below, costLine(doc.Cost))
	}
	screen.Below = append(screen.Below, doc.Notes...)
	if o.watch && a.term.Screen {
		screen.Foot = o.foot()
	}
	a.term.Status(screen)
	return nil
}

// signOf is the mark of what something to look at is about: what is over, or was meant, is not wrong.
func signOf(about string) ui.Sign {
	switch about {
	case aboutHibernation:
		return ui.Resting
	case fleet.AboutPast, fleet.AboutSpot:
		return ui.Well
	}
	return ui.Bad
}

// signOfTasks is the mark of an agent that nothing is wrong with: it may not have got there yet, or be to have no task.
func signOfTasks(ag fleet.AgentStatus) ui.Sign {
	switch {
	case ag.Revision == 0:
		return ui.Well // what keeps it from having a service is said
	case ag.Pending > 0 || ag.Running != ag.Desired || ag.Rollout == "in_progress":
		return ui.Busy
	case ag.Desired == 0:
		return ui.Resting
	}
	return ui.Well
}

// scheduleLines tell each schedule once, with the agents that are on it.
func scheduleLines(list []fleet.AgentStatus) []string {
	var order []string
	names := map[string][]string{}
	for _, ag := range list {
		if ag.Schedule == "" {
			continue
		}
		if names[ag.Schedule] == nil {
			order = append(order, ag.Schedule)
		}
		names[ag.Schedule] = append(names[ag.Schedule], ag.Name)
	}
	var out []string
	for _, s := range order {
		who := strings.Join(names[s], ", ")
		if len(names[s]) == len(list) && len(list) > 1 {
			who = "all agents"
		}
		out = append(out, "schedule of "+who+": "+s)
	}
	return out
}

func statusCells(ag fleet.AgentStatus, now time.Time) []string {
	tasks := fmt.Sprintf("%d/%d", ag.Running, ag.Desired)
	if ag.Pending > 0 {
		tasks += fmt.Sprintf(" +%d", ag.Pending)
	}
	var on []string
	if ag.Spot > 0 {
		on = append(on, fmt.Sprintf("%d spot", ag.Spot))
	}
	if ag.OnDemand > 0 {
		on = append(on, fmt.Sprintf("%d on-demand", ag.OnDemand))
	}
	image := strings.TrimPrefix(ag.Image, "sha256:")
	errors, last := "", ""
	if ag.Errors5xx != nil {
		errors = fmt.Sprint(*ag.Errors5xx)
	}
	if e := ag.LastEvent; e != nil {
		last = ago(now.Sub(e.At)) + " " + e.Message
	}
	healthy := "–" // nothing checks it, or has yet
	if checked := ag.Healthy + ag.Unhealthy; checked > 0 {
		healthy = fmt.Sprintf("%d/%d", ag.Healthy, checked)
	}
	cpu, cpuLine := usageCells(ag.CPU)
	memory, memoryLine := usageCells(ag.Memory)
	scale, up := "", ""
	if ag.Min != nil && ag.Max != nil {
		scale = provision.Bounds{Min: *ag.Min, Max: *ag.Max}.String()
	}
	if ag.Since != nil {
		up = age(now.Sub(*ag.Since))
	}
	return []string{
		ag.Name, tasks, scale, up, strings.Join(on, " "), fmt.Sprint(ag.Revision), ag.Tag, image[:min(12, len(image))],
		healthy, cpu, cpuLine, memory, memoryLine, errors, last,
	}
}

// usageCells are a percentage and its last hour; a space is where nothing was measured.
func usageCells(u *fleet.Usage) (now, hour string) {
	if u == nil {
		return "–", ""
	}
	blocks := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range u.Hour {
		if v == nil {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(blocks[min(int(*v/100*float64(len(blocks))), len(blocks)-1)])
	}
	return fmt.Sprintf("%.0f%%", u.Now), b.String()
}

// ago tells how long ago something was, in its largest unit.
func ago(d time.Duration) string { return age(d) + " ago" }

// age tells a duration in its largest unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

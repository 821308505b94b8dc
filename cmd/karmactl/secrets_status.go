package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func newSecretsStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "status [agent...]", Short: "Which keys there are, their versions, and which tasks use older ones", ValidArgsFunction: a.notGiven((*agents.Config).OwnerNames),
		Example: `  karmactl secrets status
  karmactl secrets status validator`,
		Long: `Tells by metadata alone, without reading a value or the state: for each variable of
agents.yaml where its value is, whether there is one, the version and its age, and
which running tasks were created before that version and so use an older one. AWS
does not tell the keys inside a secret: karmactl notes them in a tag when it writes;
where another program has written since, it says "not known".`,
		RunE: a.withNames(identified, (*agents.Config).OwnerNames, areOwners, runSecretsStatus),
	}
}

func runSecretsStatus(ctx context.Context, s *session, names []string) error {
	all, err := s.secretsOf(ctx, chosenOwners(s.cfg, names))
	if err != nil {
		return err
	}
	doc := document.SecretsStatus{
		Head: document.Of("SecretsStatus"), Stack: s.cfg.Stack(), Store: string(s.cfg.Secrets.Store), At: s.clock.Now().UTC(), Agents: all, Next: []string{},
	}
	var older []string
	for _, ag := range all {
		if len(ag.Older()) > 0 {
			older = append(older, ag.Agent)
		}
	}
	if len(older) > 0 {
		doc.Next = append(doc.Next, "karmactl deploy "+strings.Join(older, " ")+" --refresh-secrets")
	}
	if s.app.term.JSON {
		return s.app.term.Document(&doc)
	}
	s.app.showSecrets(&doc)
	return nil
}

// secretsOf looks at the agents' secrets with clients that cannot write.
func (s *session) secretsOf(ctx context.Context, of []agents.Agent) ([]fleet.AgentSecrets, error) {
	w := &fleet.Secrets{Env: s.env(true), Config: s.cfg, Cluster: provision.ClusterName(s.cfg.Stack())}
	return w.Look(ctx, of)
}

func (a *app) showSecrets(doc *document.SecretsStatus) {
	t := a.term
	table := ui.Table{
		Columns: []string{"agent", "variable", "key", "value", "version", "changed", "", ""},
		Spare:   []int{5, 4, 2, 6}, // the date first, since how long ago is beside it
	}
	for _, ag := range doc.Agents {
		name := ag.Agent
		if len(ag.Values) == 0 {
			table.Rows = append(table.Rows, []string{name, "no secrets", "", "", "", "", "", ""})
		}
		for _, v := range ag.Values {
			changed, since, from := "–", "", ""
			if v.Changed != nil {
				changed, since = v.Changed.Local().Format("2006-01-02 15:04"), ago(doc.At.Sub(*v.Changed))
			}
			if v.From != "" {
				from = "from " + v.From
			}
			variable := v.Env
			if v.Container != "" {
				variable += " of " + v.Container
			}
			table.Rows = append(table.Rows, []string{name, variable, v.Key, v.Value, cmp.Or(v.Version, "–"), changed, since, from})
			name = ""
		}
	}
	t.Table(table)
	for _, ag := range doc.Agents {
		for _, task := range ag.Older() {
			t.Para("! ", fmt.Sprintf("%s: task %s (rev %d, %s) started before the current version of the secret with %s", ag.Agent, tasks.Short(task.ID), task.Revision, ago(doc.At.Sub(task.Created)), strings.Join(task.Older, ", ")))
		}
	}
	for _, n := range doc.Next {
		t.Pairs([]ui.Pair{{Name: "Next:", Value: n}})
	}
}

// standing says why an agent's tasks need no refresh; "" when they do.
func standing(ag fleet.AgentSecrets) string {
	injected := 0
	for _, task := range ag.Tasks {
		injected += len(task.Injected)
	}
	switch {
	case len(ag.Older()) > 0:
		return ""
	case len(ag.Tasks) == 0:
		return "no task runs: the next one starts with the current values"
	case injected == 0:
		return "its revision takes nothing from a secret: karmactl deploy gives it what has a value now"
	}
	return fmt.Sprintf("its tasks (%d) were created after its secrets changed last", len(ag.Tasks))
}

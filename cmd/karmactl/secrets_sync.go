package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

type secretsSyncOptions struct{ dryRun bool }

func (o *secretsSyncOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.dryRun, "dry-run", false, "show which keys would be written and stop")
}

func newSecretsSyncCmd(a *app) *cobra.Command {
	var o secretsSyncOptions
	cmd := &cobra.Command{
		Use: "sync [agent...]", Short: "Copy the nested secret's values to the agents' own", ValidArgsFunction: a.notGiven((*agents.Config).OwnerNames),
		Example: `  karmactl secrets sync --dry-run
  karmactl secrets sync validator`,
		Long: `Reads the one nested secret, {"validator-agent": {"private_key": ...}}, and writes
the values that differ into each agent's own secret, which is made where there is
none. Only the keys that agents.yaml names are copied. What the nested secret has no
value for stays as it is; a value from karmactl secrets set is overwritten when the
nested secret has another one. The nested secret is never written.

Tasks that run keep the values they started with: deploy --refresh-secrets.`,
		RunE: a.withNames(identified, (*agents.Config).OwnerNames, areOwners, func(ctx context.Context, s *session, names []string) error { return runSecretsSync(ctx, s, names, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runSecretsSync(ctx context.Context, s *session, names []string, o secretsSyncOptions) error {
	of := chosenOwners(s.cfg, names)
	nested := s.cfg.Secrets.Nested
	if nested == "" {
		return usage("karmactl secrets set AGENT KEY", "%s says that there is no nested secret (secrets.nested: \"\"), so there is nothing to copy", s.cfg.File)
	}
	entries, err := provision.NestedEntries(ctx, s.env(true), s.cfg)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return engine.Advise(
			fmt.Errorf("the nested secret %s is not in account %s (%s), or has no entry: nothing was copied: name it in %s (secrets.nested), or set values one by one", nested, s.account.ID, s.account.Region, s.cfg.File),
			"karmactl secrets set AGENT KEY",
		)
	}
	w := &overwriting{session: s, command: "secrets sync", agents: of, values: provision.FromNested(), dryRun: o.dryRun}
	doc, err := w.run(ctx)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, e := range entries {
		has[e] = true
	}
	for _, ag := range of {
		if entry := strings.ReplaceAll(s.cfg.Secrets.Entry, "{agent}", ag.Name); !has[entry] && len(ag.OwnKeys()) > 0 {
			doc.Notes = append(doc.Notes, fmt.Sprintf("%s has no entry %s: it has %s", nested, entry, strings.Join(entries, ", ")))
		}
	}
	return w.show(doc)
}

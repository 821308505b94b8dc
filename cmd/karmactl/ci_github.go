package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/docs"
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type ciGitHubOptions struct {
	repo, branch, environment    string
	dryRun, remove, write, force bool
}

func (o *ciGitHubOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.repo, "repo", "", "the repository, as `OWNER/NAME` or OWNER@ID/NAME@ID")
	f.StringVar(&o.branch, "branch", "main", "what is merged into this branch is deployed")
	f.StringVar(&o.environment, "environment", "", "the deploying job's GitHub environment, whose reviewers then decide")
	f.BoolVar(&o.write, "write", false, "write "+workflowFile+" instead of printing it")
	f.BoolVar(&o.force, "force", false, "with --write: overwrite what is there")
	f.BoolVar(&o.remove, "remove", false, "delete the roles, and the provider when no other role trusts it")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be done and stop")
}

func newCIGitHubCmd(a *app) *cobra.Command {
	var o ciGitHubOptions
	cmd := &cobra.Command{
		Use: "github", Short: "GitHub Actions: two roles for one repository, and the workflow", Args: cobra.NoArgs,
		Example: `  karmactl ci github --repo acme/agents --dry-run
  karmactl ci github --repo acme/agents --write
  karmactl ci github --repo acme/agents --environment production
  karmactl ci github --remove`,
		Long: `Makes two roles that workflows of one repository take for an hour with the token that
GitHub gives them: one to plan a pull request with, which may only read, and one to
deploy a branch with, or with --environment the jobs of that environment. They are
given to these subjects and to no others. The account's OIDC provider of GitHub is
made where there is none; one that is there is used and never changed.

The workflow puts a plan and its price below a pull request, and deploys what is
merged. It is printed, or written with --write.

Running it again changes nothing. up and down leave the roles: down names them, and
--remove deletes them. A repository that was made or renamed since 15 July 2026 has
ids in its tokens, and is given with them; docs/ci.md tells where to find them.`,
		RunE: a.withSession(func(*agents.Config, []string) error { return o.check() },
			func(ctx context.Context, s *session, _ []string) error { return runCIGitHub(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

var (
	repository = lazyregexp.New(`^[A-Za-z0-9-]+(/[A-Za-z0-9._-]+|@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)$`)
	gitRef     = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

func (o *ciGitHubOptions) check() error {
	switch {
	case o.remove && (o.write || o.repo != "" || o.environment != ""):
		return &usageError{errors.New("--remove deletes the roles of the stack whatever repository they are for: it takes no --repo, --environment and --write")}
	case o.remove:
		return nil
	case o.repo == "":
		return &usageError{errors.New("--repo is missing: whose workflows are to get in, as OWNER/NAME")}
	case !repository.MatchString(o.repo):
		return &usageError{fmt.Errorf("--repo %q: allowed is OWNER/NAME, or OWNER@ID/NAME@ID", o.repo)}
	case !gitRef.MatchString(o.branch):
		return &usageError{fmt.Errorf("--branch %q: allowed are letters, digits and . _ / -, and no pattern", o.branch)}
	case o.environment != "" && !gitRef.MatchString(o.environment):
		return &usageError{fmt.Errorf("--environment %q: allowed are letters, digits and . _ / -, and no pattern", o.environment)}
	}
	return nil
}

// ciAccess is one run of ci github.
type ciAccess struct {
	*session
	o     ciGitHubOptions
	about stack.GitHub
	// access is that of the walk which was last made; shown is its plan.
	access *stack.GitHubAccess
	shown  *engine.Result
}

func runCIGitHub(ctx context.Context, s *session, o ciGitHubOptions) error {
	c := &ciAccess{session: s, o: o}
	var err error
	if c.about, err = s.gitHub(o); err != nil {
		return err
	}
	var flow workflow
	if !o.remove {
		if flow, err = c.workflow(); err != nil {
			return err
		}
	}
	if err := c.walk(ctx, false); err != nil {
		return err
	}
	doc := c.doc(flow)
	if !s.app.term.JSON {
		if err := c.show(doc); err != nil {
			return err
		}
	}
	if !o.dryRun {
		if err := c.apply(ctx, doc); err != nil {
			return err
		}
		if o.write {
			if err := flow.write(); err != nil {
				return err
			}
			doc.File = flow.path
		}
	}
	return c.finish(doc)
}

// gitHub is whose workflows get in, and what they may do.
func (s *session) gitHub(o ciGitHubOptions) (stack.GitHub, error) {
	g := stack.GitHub{
		Repository: o.repo, Branch: o.branch, Environment: o.environment,
		Bucket: provision.StateBucketName(s.account), Read: docs.ReadPolicy(), Change: docs.ChangePolicy(), Network: docs.NetworkPolicy(),
	}
	backend, err := s.backend()
	if in, ok := backend.(*state.S3); ok {
		g.Bucket = in.Bucket
	}
	return g, err
}

// walk looks at what there is, and with apply makes it so, held to what was shown.
func (c *ciAccess) walk(ctx context.Context, apply bool) error {
	access, err := stack.NewGitHubAccess(c.cfg, c.env(!apply), c.about)
	if err != nil {
		return err
	}
	if c.access == nil {
		err = access.Read(ctx, c.o.remove)
	} else {
		access.Foreign, access.UsedBy = c.access.Foreign, c.access.UsedBy
	}
	if err != nil {
		return err
	}
	w := c.walkAlone(access.Steps()...)
	w.Keep, w.Apply, w.Shown = access.Keep, apply, c.shown
	if apply && !c.app.term.JSON {
		progress := c.app.term.Progress(ui.Shape{
			Group: func(engine.Key) string { return gitHubGroup }, Groups: []document.Group{{Name: gitHubGroup, Total: len(w.Steps)}}, Clock: c.clock,
		})
		defer progress.Close()
		w.Report = progress
	}
	walk := w.Up
	if c.o.remove {
		walk = w.Down
	}
	res, err := walk(ctx)
	if err != nil {
		return err
	}
	c.access, c.shown = access, res
	if apply {
		return nil // the end of the command tells what failed
	}
	return res.Err()
}

// gitHubGroup is the one group of this plan.
const gitHubGroup = "github"

// doc is what the walk says, for people and scripts.
func (c *ciAccess) doc(flow workflow) *document.Access {
	doc := &document.Access{
		Head: document.Of("Access"), Stack: c.cfg.Stack(), Account: c.account.ID, DryRun: c.o.dryRun,
		PlanRole: c.access.Plan.ARN(), DeployRole: c.access.Deploy.ARN(), Provider: c.access.Provider.ARN(), Foreign: c.access.Foreign,
		Changes: []document.Change{}, Notes: append(kept(c.shown), document.Texts(c.notesOf(c.shown))...),
	}
	if !c.o.remove {
		doc.Repository, doc.Pulls, doc.Deploys = c.o.repo, c.about.Pulls(), c.about.Deploys()
		doc.Workflow, doc.Notes = flow.text, append(doc.Notes, flow.notes...)
	}
	if c.access.Foreign {
		doc.Notes = append(doc.Notes, "the account has an OIDC provider of GitHub already, which is not karmactl's: it is used, and never changed or deleted")
	}
	for _, o := range c.shown.Outcomes {
		doc.Summary = count(doc.Summary, o.Verb)
		if o.Verb == engine.None {
			continue
		}
		doc.Changes = append(doc.Changes, changeDoc(o, gitHubGroup, ""))
	}
	return doc
}

// show is the plan, where there is anything to do.
func (c *ciAccess) show(doc *document.Access) error {
	if !doc.Summary.Any() {
		for _, n := range doc.Notes {
			c.app.term.Note("note  ", n)
		}
		return nil
	}
	about := c.o.repo
	if c.o.remove {
		about = "the roles of its workflows"
	}
	return c.app.term.Plan(&document.Plan{
		Stack: c.cfg.Stack(), Region: c.account.Region, Account: c.account.ID, File: c.cfg.File,
		Summary: doc.Summary, Changes: doc.Changes, Warnings: document.Warn(doc.Notes...), Destroy: c.o.remove,
		Groups: []document.Group{{Name: gitHubGroup, About: about, Total: doc.Summary.Create + doc.Summary.Update + doc.Summary.Replace + doc.Summary.Unchanged}},
	})
}

// apply asks, and does what was shown.
func (c *ciAccess) apply(ctx context.Context, doc *document.Access) error {
	if !doc.Summary.Any() {
		return nil
	}
	q := question{command: "ci github --repo " + c.o.repo, text: "Make it so? Only yes is yes:", declined: "nothing was changed"}
	if c.o.remove {
		q = question{command: "ci github --remove", text: "Workflows will not get in any more. Only yes is yes:", declined: "nothing was deleted"}
	}
	if err := c.confirm(ctx, q); err != nil {
		return err
	}
	c.app.graceful.Store(true)
	began := c.clock.Now()
	if err := c.walk(ctx, true); err != nil {
		return err
	}
	err := c.shown.Err()
	if err != nil && c.app.term.JSON && !errors.Is(err, engine.ErrInterrupted) {
		return err
	}
	if err != nil {
		return c.session.finish(ctx, resultDoc(c.shown), c.shown, err)
	}
	if !c.app.term.JSON {
		c.app.term.Printf("Done in %s.\n", ui.Duration(c.clock.Now().Sub(began)))
	}
	return nil
}

// finish tells how it is now, and what is left to do.
func (c *ciAccess) finish(doc *document.Access) error {
	term := c.app.term
	if term.JSON {
		return term.Document(doc)
	}
	switch {
	case c.o.remove && !doc.Summary.Any():
		term.Printf("Nothing to delete: %s has no roles for workflows of GitHub.\n", doc.Stack)
		return nil
	case c.o.remove:
		return nil
	case !doc.Summary.Any():
		term.Printf("Nothing to change: the workflows of %s have their roles.\n", doc.Repository)
	}
	term.Printf("  plan    %s\n          for %s\n  deploy  %s\n          for %s\n", doc.PlanRole, doc.Pulls, doc.DeployRole, doc.Deploys)
	if doc.File != "" {
		term.Printf("Written: %s. Next: commit it and open a pull request.\n", doc.File)
		return nil
	}
	if c.o.write { // and it is a dry run
		return nil
	}
	term.Printf("\n# %s (--write puts it there)\n%s", workflowFile, doc.Workflow)
	return nil
}

func newCICmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ci", Short: "Let a repository's workflows plan and deploy, without a key",
		Example: `  karmactl ci github --repo acme/agents --dry-run
  karmactl ci github --repo acme/agents --write`,
		Long: `Makes the roles that workflows take in exchange for a token of their own, and the
workflow. docs/ci.md tells how they work together.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newCIGitHubCmd(a))
	return cmd
}

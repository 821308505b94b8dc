package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
)

type initOptions struct {
	dir      string
	from     string
	fromECS  string
	varFiles []string
	project  string
	agents   []string
	example  bool
	force    bool
	dry      dryRun
}

func (o *initOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.from, "from", "", "read `PATH` instead of looking around")
	f.StringVar(&o.from, "from-terraform", "", "the same, for a Terraform module in `PATH`")
	f.StringVar(&o.fromECS, "from-ecs", "", "read the ECS `CLUSTER` as it runs in the account")
	f.StringArrayVar(&o.varFiles, "var-file", nil, "a Terraform variables `FILE`, as terraform takes it; may be repeated")
	f.StringVar(&o.project, "project", "", "the project's `NAME`")
	f.StringSliceVar(&o.agents, "agents", nil, "agents to begin with, as `NAME` or NAME:PORT, instead of reading anything")
	f.BoolVar(&o.example, "example", false, "write the shipped example: five agents on a stand-in image")
	f.BoolVar(&o.force, "force", false, "overwrite what is there")
	o.dry.addFlags(f)
}

func newInitCmd(a *app) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Write an agents.yaml from what is there, or from three answers", Args: cobra.MaximumNArgs(1),
		Long: `Looks in DIR (default here) for what describes a fleet: Terraform (*.tf, its
variables and its state), AWS Copilot, App Runner (apprunner*.json, as aws
apprunner describe-service answers), ECS Express Mode (express*.json, as aws ecs
describe-express-gateway-service answers), a compose file, a Dockerfile; --from-ecs
reads a cluster that runs. Writes config/agents.yaml, and the schema that editors
read, and lists everything that was not carried over with its file, its line and
what to do instead. Where there is nothing to read it asks for project, region and
agents, or takes --project, --region and --agents.

--from names a file or folder to read: also a Terraform state or plan as JSON
("terraform state pull", "terraform show -json"). --env says which environment
of it. Values that look like secrets are never copied. Nothing is overwritten
without --force, and nothing written with --dry-run. docs/coming-from.md has a section for each source.`,
		Example: `  karmactl init
  karmactl init --agents planner,writer:9000 --region eu-west-1
  karmactl init --from terraform --var-file prod.tfvars`,
		RunE: func(c *cobra.Command, args []string) error {
			o.dir = "."
			if len(args) == 1 {
				o.dir = args[0]
			}
			return runInit(c.Context(), a, o)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.MarkFlagsMutuallyExclusive("from", "from-terraform", "from-ecs", "agents", "example")
	return cmd
}

func runInit(ctx context.Context, a *app, o initOptions) error {
	file := filepath.Join(o.dir, "config", "agents.yaml")
	for _, path := range []string{file, schemaBeside(file)} {
		if _, err := os.Stat(path); err == nil && !o.force {
			return engine.Advise(fmt.Errorf("%s exists and is left as it is", path), "karmactl init --force overwrites it")
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s cannot be written: %w", path, err)
		}
	}
	res, err := a.imported(ctx, o)
	if err != nil {
		return err
	}
	if o.dry {
		return a.showImport(ctx, o, file, res)
	}
	if err := writeConfig(file, res.Text); err != nil {
		return err
	}
	return a.showImport(ctx, o, file, res)
}

// writeConfig writes an agents.yaml, and beside it the schema that editors read.
func writeConfig(file, text string) error {
	for path, data := range map[string][]byte{file: []byte(text), schemaBeside(file): agents.Schema()} {
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("%s cannot be written: %w", path, err)
		}
	}
	return nil
}

func schemaBeside(file string) string { return filepath.Join(filepath.Dir(file), "agents.schema.json") }

// imported reads what the flags name, or what is there, or asks.
func (a *app) imported(ctx context.Context, o initOptions) (*importer.Result, error) {
	opts := importer.Options{Project: o.project, Environment: a.opts.env, Region: a.opts.region, Folder: folder(o.dir), VarFiles: o.varFiles}
	if o.example {
		return shippedExample(opts)
	}
	if len(o.agents) > 0 {
		return a.blank(o.agents, opts)
	}
	if o.fromECS != "" {
		return a.fromECS(ctx, o.fromECS, opts)
	}
	if o.from != "" {
		source, err := importer.Detect(o.from)
		if err != nil {
			return nil, engine.Advise(err, "karmactl init --from PATH, where PATH is one of these")
		}
		res, err := importer.ReadSource(o.dir, source, opts)
		return res, noAgentsIn(err)
	}
	res, err := importer.Read(o.dir, opts)
	if !errors.Is(err, importer.ErrNoSource) {
		return res, noAgentsIn(err)
	}
	if !a.term.Ask {
		return nil, engine.Advise(
			&usageError{fmt.Errorf("there is nothing to read in %s, and no terminal to ask on: looked for %s", o.dir, importer.Looked)},
			"karmactl init --agents NAME,NAME, or --from PATH, or --example for the shipped fleet of five",
		)
	}
	return a.questions(ctx, opts)
}

// shippedExample is the shipped file with the names and the region that were asked for.
func shippedExample(o importer.Options) (*importer.Result, error) {
	text := string(agents.Template())
	for _, x := range []struct{ line, want string }{
		{"project: karmacadabra\n", o.Project},
		{"environment: prod\n", o.Environment},
		{"region: us-east-1\n", o.Region},
		{"  Project: karmacadabra\n", o.Project},
		{"  Environment: prod\n", o.Environment},
	} {
		if x.want != "" {
			key, _, _ := strings.Cut(x.line, ":")
			text = strings.Replace(text, x.line, key+": "+x.want+"\n", 1)
		}
	}
	cfg, err := agents.Parse("agents.yaml", []byte(text), "")
	return &importer.Result{Source: "the shipped example", Text: text, Config: cfg}, err
}

// fromECS reads a cluster that runs. The region is --region's, else that of AWS's own tools.
func (a *app) fromECS(ctx context.Context, cluster string, o importer.Options) (res *importer.Result, err error) {
	o.Region = cmp.Or(o.Region, awsRegion())
	var cfg aws.Config
	if a.opts.simulate != "" {
		sim, _, serr := a.rehearse(a.world(), o.Region)
		if serr != nil {
			return nil, serr
		}
		defer func() { err = errors.Join(err, sim.Close()) }()
		cfg = sim.Config()
	} else if cfg, _, err = cloud.LoadConfig(ctx, a.signIn(ctx, o.Region)); err != nil {
		return nil, err
	}
	res, err = importer.ReadECS(ctx, cloud.NewClients(cloud.WithOptions(cfg, cloud.ReadOnly)), cluster, o)
	return res, noAgentsIn(err)
}

func noAgentsIn(err error) error {
	if none := (*importer.NoAgentsError)(nil); errors.As(err, &none) {
		return engine.Advise(err, "karmactl init --from another PATH, or --agents NAME,NAME to begin without it")
	}
	return err
}

func (a *app) questions(ctx context.Context, o importer.Options) (*importer.Result, error) {
	var err error
	ask := func(question, preset string, into *string) {
		if err == nil && *into == "" {
			*into, err = a.term.Answer(ctx, question, preset)
		}
	}
	names := ""
	a.term.Notef("There is nothing to read here. Three questions, and it can all be changed later:")
	ask("Project, the first part of every name in AWS", o.Folder, &o.Project)
	ask("Region", awsRegion(), &o.Region)
	ask("Agents, with commas between; NAME:PORT where it is not 8080", "agent", &names)
	if err != nil {
		return nil, err
	}
	return a.blank(strings.Split(names, ","), o)
}

func (a *app) blank(names []string, o importer.Options) (*importer.Result, error) {
	o.Region = cmp.Or(o.Region, awsRegion())
	res, err := importer.Blank(names, o)
	if err != nil {
		return nil, &usageError{err}
	}
	return res, nil
}

// awsRegion is the region that AWS's own tools would use here.
func awsRegion() string {
	return cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1")
}

func folder(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	return filepath.Base(abs)
}

package terraform

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/agents"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestAModuleBecomesAnAgentsYAMLThatMeansTheSame(t *testing.T) {
	m, err := Read(filepath.Join("testdata", "module"))
	if err != nil {
		t.Fatal(err)
	}
	text, notes := m.AgentsYAML()
	got := text + "---\n" + strings.Join(notes, "\n") + "\n"
	golden := filepath.Join("testdata", "module.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	cfg, err := agents.Parse("agents.yaml", []byte(text), "")
	if err != nil {
		t.Fatalf("what was written is not valid:\n%v", err)
	}
	v, _ := cfg.Agent("validator")
	if cfg.Region != "eu-west-1" || v.Port != 9001 || v.Memory != 1024 || cfg.Network.NAT != agents.NATPerAZ || len(cfg.Agents) != 3 || cfg.LoadBalancer.Domain != "agents.example.com" {
		t.Errorf("terraform.tfvars does not win over the defaults: %s, %+v, %s", cfg.Region, v, cfg.Network.NAT)
	}
	if v.Image != "123456789012.dkr.ecr.eu-west-1.amazonaws.com/karmacadabra/validator:v7" {
		t.Errorf("the image of the state is not taken: %q", v.Image)
	}
}

func TestDefaultsAloneAreTheFiveAgents(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "terraform.tfvars"), []byte("task_cpu = 256\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := m.AgentsYAML()
	cfg, err := agents.Parse("agents.yaml", []byte(text), "")
	if err != nil || len(cfg.Agents) != 5 {
		t.Fatalf("%v\n%s", err, text)
	}
}

func TestWhatIsNoModuleIsSaid(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "has no Terraform variables") {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "there is no Terraform module") {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "terraform.tfvars"), []byte("task_cpu = \n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "terraform.tfvars:1") {
		t.Errorf("a broken file: %v", err)
	}
}

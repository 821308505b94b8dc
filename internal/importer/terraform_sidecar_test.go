package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestContainersThatWaitForEachOtherAreCarriedOver: ECS refuses them, but a file may have them.
func TestContainersThatWaitForEachOtherAreCarriedOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(`
resource "aws_ecs_task_definition" "bot" {
  family = "bot"
  container_definitions = jsonencode([
    { name = "bot", image = "ghcr.io/acme/bot:1", dependsOn = [{ containerName = "a", condition = "SUCCESS" }] },
    { name = "a", image = "ghcr.io/acme/a:1", dependsOn = [{ containerName = "b", condition = "SUCCESS" }] },
    { name = "b", image = "ghcr.io/acme/b:1", dependsOn = [{ containerName = "a", condition = "SUCCESS" }] },
  ])
}
resource "aws_ecs_service" "bot" {
  name            = "bot"
  task_definition = aws_ecs_task_definition.bot.arn
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text := got.Text; !strings.Contains(text, "name: a") || !strings.Contains(text, "name: b") {
		t.Errorf("not both come before it:\n%s", text)
	}
}

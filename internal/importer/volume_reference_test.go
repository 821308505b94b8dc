package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A directory that something else fills in is not written with its ${…}, nor is all of the file system mounted in its place.
func TestADirectoryThatIsNotKnownIsNotCarriedOver(t *testing.T) {
	for file, x := range map[string]struct{ text, says string }{
		"copilot/chat/manifest.yml": {
			"name: chat\ntype: Backend Service\nimage: {location: 'nginx:1', port: 80}\nstorage:\n  volumes:\n    data:\n      path: /data\n      efs: {id: fs-0a1b2c3d, root_dir: '/${COPILOT_ENVIRONMENT_NAME}/x'}\n",
			"the shell that runs Copilot fills its directory in: write volumes: {data: {path: /data, efs: fs-0a1b2c3d, directory: /…}}",
		},
		"main.tf": {
			`resource "aws_ecs_task_definition" "t" {
  family                = "chat"
  container_definitions = jsonencode([{ name = "chat", image = "nginx:1", portMappings = [{ containerPort = 80 }], mountPoints = [{ sourceVolume = "data", containerPath = "/data" }] }])
  volume {
    name = "data"
    efs_volume_configuration {
      file_system_id = "fs-0a1b2c3d"
      root_directory = "/${aws_ecs_cluster.c.id}"
    }
  }
}
resource "aws_ecs_cluster" "c" { name = "acme" }
resource "aws_ecs_service" "s" {
  name            = "chat"
  task_definition = aws_ecs_task_definition.t.arn
}
`, "only Terraform knows the directory of the file system: write volumes: {data: {path: /data, efs: fs-0a1b2c3d, directory: /…}}",
		},
		"compose.yaml": {
			"services:\n  chat:\n    image: ghcr.io/acme/chat:1\n    expose: [\"80\"]\n    volumes: [data:/data]\nvolumes:\n  data:\n    driver_opts: {type: nfs, o: addr=fs-0a1b2c3d.efs.us-east-1.amazonaws.com, device: ':/${STAGE}/x'}\n",
			"the shell that runs compose fills its directory in: write volumes: {data: {path: /data, efs: fs-0a1b2c3d, directory: /…}}",
		},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(x.text), 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := Read(dir, Options{Folder: "acme"})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Config.Agents) != 1 || len(res.Config.Agents[0].Volumes) != 0 {
			t.Errorf("%s: %+v", file, res.Config.Agents)
		}
		if text := strings.Join(strings.Fields(strings.ReplaceAll(res.Text, "\n#", "")), " "); !strings.Contains(text, x.says) {
			t.Errorf("%q is not in\n%s", x.says, res.Text)
		}
	}
}

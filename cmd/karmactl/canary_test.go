package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// canaries are values that must be seen nowhere. They have what JSON and shells
// write in another way.
var canaries = []string{
	"canary-nested-7f3a91<&>d2", "canary-own-51c09e\"\\b7", "canary-typed-e3410c+/f8", "canary-broken-90aa17=c4", "canary-argument-6b2e88d1",
}

// disguises are a canary as it is and as JSON has it, and both in the encodings
// that could carry them: of base64 the part that is the same wherever in a longer
// text it is.
func disguises(canary string) []string {
	var all []string
	for _, plain := range []string{canary, strings.Trim(string(must(json.Marshal(canary))), `"`)} {
		hexed := hex.EncodeToString([]byte(plain))
		all = append(all, plain, hexed, strings.ToUpper(hexed))
		for shift := range 3 {
			for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				text := enc.EncodeToString([]byte(strings.Repeat("x", shift) + plain))
				all = append(all, text[4:len(text)-4])
			}
		}
	}
	return all
}

// leak is the canary that is in the text, in any disguise; "" when none is.
func leak(text string) string {
	for _, c := range canaries {
		for _, d := range disguises(c) {
			if strings.Contains(text, d) {
				return c
			}
		}
	}
	return ""
}

func TestALeakIsSeenInEveryDisguise(t *testing.T) {
	whole := `{"private_key":` + string(must(json.Marshal(canaries[1]))) + `}`
	for _, text := range []string{
		canaries[0], whole, base64.StdEncoding.EncodeToString([]byte(whole)), base64.URLEncoding.EncodeToString([]byte("ab" + canaries[2])),
		base64.StdEncoding.EncodeToString([]byte(canaries[3] + "z")), hex.EncodeToString([]byte("{" + canaries[4] + "}")),
	} {
		if leak("before"+text+"after") == "" {
			t.Errorf("not seen: %s", text)
		}
	}
	if c := leak("canary-nested-7f3a"); c != "" {
		t.Errorf("a part is taken for %s", c)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// aviary is a simulated account with canaries in it, and all that was said there.
type aviary struct {
	t    *testing.T
	dir  string
	file string
}

func (a *aviary) world() string { return filepath.Join(a.dir, "world", worldName) }

// run runs a command, checks its exit code and looks for canaries in both streams.
func (a *aviary) run(want int, stdin string, args ...string) string {
	a.t.Helper()
	code, said := a.main(stdin, args)
	if code != want {
		a.t.Fatalf("%v exits with %d, not %d:\n%s", args, code, want, said)
	}
	if c := leak(said); c != "" {
		a.t.Errorf("%v says %s:\n%s", args, c, said)
	}
	return said
}

// main runs the real main: with -short inside this process, except try, which starts itself.
func (a *aviary) main(stdin string, args []string) (code int, said string) {
	environ := append(os.Environ(), "KARMACTL_SIMULATE="+filepath.Dir(a.world()), "KARMACTL_FILE="+a.file, "KARMACTL_VERBOSE=true")
	if testing.Short() && args[0] != "try" {
		code, out, said := karmactlInside(a.t, a.dir, environ, stdin, args...)
		return code, out + said
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(a.t.Context(), "karmactl", args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = a.dir, environ, strings.NewReader(stdin), &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		a.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// put writes a secret by itself, as the user would.
func (a *aviary) put(name, value string) {
	a.t.Helper()
	sim, _, err := awssim.OpenFile(a.world(), simulateSpeed, awssim.Options{Region: "us-east-1"})
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = sim.Close() }()
	_, err = cloud.NewClients(sim.Config()).SecretsManager.PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value})
	if err != nil {
		a.t.Fatal(err)
	}
}

// deny takes permissions away, or gives them all back.
func (a *aviary) deny(operations ...string) {
	a.t.Helper()
	b, err := os.ReadFile(a.world())
	if err != nil {
		a.t.Fatal(err)
	}
	var w map[string]json.RawMessage
	if err := json.Unmarshal(b, &w); err != nil {
		a.t.Fatal(err)
	}
	w["Denied"] = must(json.Marshal(operations))
	if err := os.WriteFile(a.world(), must(json.Marshal(w)), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// search looks at every file that there is.
func (a *aviary) search() {
	a.t.Helper()
	files := 0
	err := filepath.WalkDir(a.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if c := leak(string(b)); c != "" {
			a.t.Errorf("%s has %s", path, c)
		}
		return nil
	})
	if err != nil || files < 5 {
		a.t.Errorf("only %d files were searched: %v", files, err)
	}
}

func nestedText(value string) string {
	entry := map[string]string{"private_key": value, "openai_api_key": value}
	all := map[string]any{}
	for _, name := range []string{"validator", "karma-hello", "abracadabra", "skill-extractor", "voice-extractor"} {
		all[name+"-agent"] = entry
	}
	text, _ := json.Marshal(all) // text can always be written
	return string(text)
}

func TestNoSecretsValueIsEverSeen(t *testing.T) {
	for _, store := range []string{"secretsmanager", "ssm"} {
		if testing.Short() {
			onVirtualTime(t, store, func(t *testing.T) { soarOver(t, store) })
		} else {
			t.Run(store, func(t *testing.T) {
				t.Parallel()
				soarOver(t, store)
			})
		}
	}
}

func soarOver(t *testing.T, store string) {
	t.Helper()
	a := &aviary{t: t, dir: t.TempDir()}
	shipped, err := os.ReadFile(shippedFile())
	if err != nil {
		t.Fatal(err)
	}
	a.file = filepath.Join(a.dir, "agents.yaml")
	if err := os.WriteFile(a.file, bytes.Replace(shipped, []byte("\n  nested:"), []byte("\n  store: "+store+"\n  nested:"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	a.put("karmacadabra", nestedText(canaries[0]))
	a.fly()
	a.fail(store)
	a.search()
}

// fly goes through what works.
func (a *aviary) fly() {
	a.run(0, "", "plan", "--out", "plan.json")
	a.run(0, "", "plan", "-o", "json")
	a.run(0, "", "up", "--yes")
	a.search()
	a.run(0, canaries[1], "secrets", "set", "validator", "private_key")
	a.run(0, canaries[2]+"\n", "secrets", "set", "validator", "openai_api_key", "-o", "json")
	a.run(0, "", "secrets", "status")
	a.run(0, "", "deploy", "validator", "--refresh-secrets", "-o", "json")
	a.run(0, "", "secrets", "sync", "--dry-run", "-o", "json")
	a.run(0, "", "secrets", "sync")
	a.run(0, "", "secrets", "status", "-o", "json")
	a.run(0, "", "deploy", "validator", "--restart", "--no-wait")
	a.run(0, "", "state", "list")
	a.run(0, "", "plan")
	a.run(0, "", "outputs")
}

// fail goes through what does not.
func (a *aviary) fail(store string) {
	a.run(64, "", "secrets", "set", "validator", "private_key", canaries[4])
	a.run(64, "", "secrets", "set", "validator", "private_key="+canaries[4])
	a.run(64, "", "secrets", "set", "validator", "private_key", "--value", canaries[4], "-o", "json")

	a.deny("Secrets Manager.PutSecretValue", "SSM.PutParameter")
	a.mustSay(a.run(1, canaries[1], "secrets", "set", "validator", "private_key"), "permission ")
	a.run(1, canaries[2], "secrets", "set", "validator", "private_key", "-o", "json")
	a.deny("Secrets Manager.GetSecretValue", "SSM.GetParameter")
	a.mustSay(a.run(1, "", "secrets", "sync"), "permission secretsmanager:GetSecretValue is missing")
	a.run(0, "", "secrets", "status")
	a.deny("Secrets Manager.DescribeSecret", "SSM.DescribeParameters")
	a.mustSay(a.run(1, "", "secrets", "status"), "permission ")
	a.deny()

	a.put("karmacadabra", `{"validator-agent": `+canaries[3])
	a.mustSay(a.run(1, "", "secrets", "sync"), "is not a JSON object with an entry per agent")
	a.run(1, "", "secrets", "sync", "-o", "json")
	a.put("karmacadabra", nestedText(canaries[0]))
	if store == "secretsmanager" {
		a.put("karmacadabra/validator", canaries[3])
		a.mustSay(a.run(1, canaries[1], "secrets", "set", "validator", "private_key"), "is not a JSON object of keys and values")
		a.run(1, "", "secrets", "sync", "-o", "json")
		a.mustSay(a.run(0, "", "secrets", "status", "validator"), "not known")
		a.run(0, "", "plan")
	}
}

func (a *aviary) mustSay(said, want string) {
	a.t.Helper()
	if !strings.Contains(said, want) {
		a.t.Errorf("not said: %q in\n%s", want, said)
	}
}

// shippedFile is the agents.yaml that karmactl comes with.
func shippedFile() string { return filepath.Join("..", "..", "config", "agents.yaml") }

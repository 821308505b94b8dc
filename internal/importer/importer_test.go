package importer

import (
	"testing"
)

func TestNamesBecomeTheNearestThatAreAllowed(t *testing.T) {
	for said, want := range map[string]string{
		"Karma_Hello": "karma-hello", "api": "api", "9lives": "lives", "": "agent", "日本": "agent",
		"a-very-long-name-that-goes-on-and-on-for-ever-and-ever": "a-very-long-name-that-goes-on-and-on-for",
	} {
		if got := nearest(said, nearAgent, "agent"); got != want {
			t.Errorf("nearest(%q) = %q, want %q", said, got, want)
		}
	}
	if got := nearest("internal-tools", nearProject, "fleet"); got != "the-internal-tools" {
		t.Errorf("a project that AWS keeps for itself: %q", got)
	}
}

func TestWhatLooksLikeASecretIsOne(t *testing.T) {
	for _, x := range []struct {
		name, text string
		secret     bool
	}{
		{"OPENAI_API_KEY", "", true},
		{"OPENAI_API_KEY", "sk-proj-abcdefghijkl", true},
		{"BOT_TOKEN", "x", true},
		{"DB_PASSWORD", "hunter2", true},
		{"DATABASE_URL", "postgres://u:p@db/x", true},
		{"ENDPOINT", "https://user:pw@example.com", true},
		{"PRIVATE_KEY", "0x" + "ab12"[:4] + "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", true},
		{"MAX_TOKENS", "4096", false},
		{"TOKEN_LIMIT", "4096", false},
		{"SECRET_NAME", "acme/api", false},
		{"PUBLIC_KEY", "abc", false},
		{"AUTH_ENABLED", "true", false},
		{"LOG_LEVEL", "info", false},
		{"MODEL", "claude-sonnet-4-20250514", false},
		{"KEYBOARD", "us", false},
		{"IMAGE", "x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false},
	} {
		if got := secretVariable(x.name, x.text); got != x.secret {
			t.Errorf("%s=%s: secret is %t", x.name, x.text, got)
		}
	}
}

func TestATaskIsTheSmallestThatHoldsWhatIsAskedFor(t *testing.T) {
	for _, x := range [][4]int{{0, 0, 256, 512}, {256, 512, 256, 512}, {300, 0, 512, 1024}, {0, 700, 256, 1024}, {256, 3000, 512, 3072}, {1000, 2000, 1024, 2048}, {20000, 0, 16384, 32768}} {
		if c, m := taskSize(x[0], x[1]); c != x[2] || m != x[3] {
			t.Errorf("%d/%d becomes %d/%d, want %d/%d", x[0], x[1], c, m, x[2], x[3])
		}
	}
}

func TestACommandLineIsSplitAsAShellSplitsIt(t *testing.T) {
	got := words(`python -m "agent one" --say 'it is' a\ b ""`)
	want := []string{"python", "-m", "agent one", "--say", "it is", "a b", ""}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %q, want %q", i, got[i], want[i])
		}
	}
}

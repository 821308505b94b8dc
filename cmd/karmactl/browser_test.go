package main

import "testing"

func TestTheBrowserIsThatOfTheMachine(t *testing.T) {
	for _, c := range []struct {
		system, variable, want string
	}{
		{"darwin", "", "open"},
		{"windows", "", "rundll32"},
		{"linux", "", ""},
		{"linux", "DISPLAY", "xdg-open"},
		{"linux", "WAYLAND_DISPLAY", "xdg-open"},
		{"linux", "BROWSER", "firefox"},
		{"darwin", "BROWSER", "firefox"},
	} {
		got, _ := browser(c.system, func(name string) string {
			if name == c.variable {
				return "firefox"
			}
			return ""
		})
		if got != c.want {
			t.Errorf("%s with %s: %q, want %q", c.system, c.variable, got, c.want)
		}
	}
}

package ui

import "strings"

// link makes text a link to url (OSC 8) where a terminal can show one: it takes no room, and can
// be followed where the terminal has broken the address, or shows less than all of it.
func (t *Terminal) link(url, text string) string {
	if !t.Color || !t.Screen || t.plainLinks || url == "" || strings.ContainsFunc(url, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return text
	}
	return "\x1b]8;;" + url + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

// Link is link, for an address that is the text of a line.
func (t *Terminal) Link(url string) string { return t.link(url, url) }

// linkless are terminals that may print what they do not know.
func linkless(env func(string) string) bool {
	switch name := env("TERM"); name {
	case "": // Windows has none
		return env("WT_SESSION") == ""
	case "dumb", "linux":
		return true
	default:
		return strings.HasPrefix(name, "vt") || strings.HasPrefix(name, "eterm")
	}
}

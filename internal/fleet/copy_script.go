package fleet

import (
	"fmt"
	"path"
)

// The marks are lines that a copy's scripts print beside what is copied: a session has one
// stream, a terminal's, which the plugin and the shell write on as well.
const (
	markFile   = "karmactl-cp-file:"   // and its size: what follows is it
	markFolder = "karmactl-cp-folder:" // what follows is a tar archive of it
	markSum    = "karmactl-cp-sum:"    // and the SHA-256 of what was to come
	markReady  = "karmactl-cp-ready:"  // what is sent from now on is read
	markAt     = "karmactl-cp-at:"     // and where it is now
	markEnd    = "karmactl-cp-end:"    // sent: all of it is there
)

// How the scripts end, where something is missing.
const (
	codeNoTool = 81 + iota
	codeAbsent
	codeUnreadable
	codeNoFolder
	codeUnwritable
	codeDamaged
)

// tools fails when the container lacks a program, and names it. Where there is stty, what is
// typed is not repeated, and ends of lines are left alone.
func tools(folder bool) string {
	names := "base64 sha256sum sed"
	if folder {
		names += " tar"
	}
	return fmt.Sprintf("for p in %s; do command -v $p >/dev/null 2>&1 || { echo $p; exit %d; }; done; stty -echo -onlcr 2>/dev/null; ", names, codeNoTool)
}

// getScript prints a file or a folder. A folder's archive is made twice: what changes
// meanwhile, or cannot be read, is noticed by the sum.
func getScript(from string) string {
	return tools(false) + "f=" + quote(from) + "; " +
		fmt.Sprintf(`[ -e "$f" ] || exit %d; [ -r "$f" ] || exit %d; `, codeAbsent, codeUnreadable) +
		`if [ -d "$f" ]; then ` + tools(true) + fmt.Sprintf(`cd "$f" || exit %d; `, codeUnreadable) +
		"echo " + markFolder + "; tar -cf - . 2>/dev/null | base64; " +
		"echo " + markSum + "$({ tar -cf - . 2>/dev/null || echo incomplete; } | sha256sum); " +
		"else echo " + markFile + `$(wc -c <"$f"); base64 <"$f"; echo ` + markSum + `$(sha256sum <"$f"); fi`
}

// putScript reads a file, or an archive of a folder, and puts it in its place when its sum is right.
func putScript(p *parcel, to string) string {
	enter := fmt.Sprintf(`case "$d" in */) exit %d;; esac; `, codeNoFolder)
	place := `mv -f "$t" "$d"`
	if p.folder {
		enter, place = `d=${d%/}; `, `mkdir -p "$d" && tar -xf "$t" -C "$d"`
	} else if p.mode&0o111 != 0 {
		place = `chmod +x "$t"; ` + place
	}
	return tools(p.folder) + "d=" + quote(to) + "; " +
		`if [ -d "$d" ]; then d=${d%/}/` + quote(p.name) + "; else " + enter + "fi; " +
		fmt.Sprintf(`[ -d "${d%%/*}/" ] || exit %d; t=$d.karmactl-$$; (: >"$t") || exit %d; `, codeNoFolder, codeUnwritable) +
		`trap 'rm -f "$t"' EXIT; trap 'exit 130' INT HUP TERM; ` +
		"echo " + markReady + `; sed -n "/^` + markEnd + `/q;p" | base64 -d >"$t" || ` + fmt.Sprintf("exit %d; ", codeDamaged) +
		`s=$(sha256sum <"$t"); [ "${s%% *}" = ` + p.sum + fmt.Sprintf(" ] || exit %d; ", codeDamaged) +
		place + fmt.Sprintf(" || exit %d; ", codeUnwritable) + "echo " + markAt + `"$d"`
}

// refusal is what a script's exit code says, with what the container said last.
func refusal(code int, agent, there, said string) error {
	if said != "" {
		said = ": " + said
	}
	tell := func(format, do string, args ...any) error {
		return &Missing{fmt.Sprintf(format, args...) + said, do}
	}
	switch code {
	case codeNoTool:
		return tell("the container of %s lacks a program that copying needs (sh, base64, sha256sum, sed; tar for folders)", "add it to the image (coreutils, sed, tar; busybox has all), then karmactl deploy "+agent, agent)
	case codeAbsent:
		return tell("%s is not in the container of %s", "karmactl exec "+agent+" -- ls "+path.Dir(there), there, agent)
	case codeUnreadable:
		return tell("%s cannot be read by the container's user", "karmactl exec "+agent+" -- ls -ld "+there, there)
	case codeNoFolder:
		return tell("there is no folder in the container of %s to put %s into", "karmactl exec "+agent+" -- mkdir -p "+path.Dir(there), agent, there)
	case codeUnwritable:
		return tell("%s cannot be written by the container's user, or its disk is full", "karmactl exec "+agent+" -- df "+path.Dir(there), there)
	case codeDamaged:
		return tell("what arrived is not what was sent: nothing was written", "run it again")
	}
	return fmt.Errorf("copy: the shell in the container of %s ended with %d%s", agent, code, said)
}

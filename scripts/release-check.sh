#!/usr/bin/env bash
# release-check.sh: holds dist/ to what a release promises: six archives and their
# checksums, packages, manifests; install.sh from a server on this machine into an
# empty folder; from there to five simulated agents and back; and `go install` of
# the same sources. It needs python3 for the server.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
dist=$root/dist

fail() {
	echo "release-check: $*" >&2
	exit 1
}

# What the user's shell carries must not reach the programs that are tried.
for name in "${!AWS_@}" "${!KARMACTL_@}"; do unset "$name"; done
export KARMACTL_NO_UPDATE_CHECK=1

work=$(mktemp -d)
server=
cleanup() {
	[ -z "$server" ] || kill "$server"
	chmod -R u+w "$work" && rm -rf "$work"
}
trap cleanup EXIT

sums=$dist/checksums.txt
(cd "$dist" && if command -v sha256sum >/dev/null; then sha256sum --check --quiet checksums.txt; else shasum -a 256 --check --quiet checksums.txt; fi)
for platform in linux_amd64.tar.gz linux_arm64.tar.gz darwin_amd64.tar.gz darwin_arm64.tar.gz windows_amd64.zip windows_arm64.zip; do
	grep -q "  karmactl_.*_$platform\$" "$sums" || fail "checksums.txt has no archive for $platform"
done
for package in deb rpm apk; do
	[ "$(grep -c "\.$package\$" "$sums")" -eq 2 ] || fail "checksums.txt should have two $package packages"
done

# What the archives and the packages have beside the program.
for archive in "$dist"/karmactl_*.tar.gz; do
	listed=$(tar -tzf "$archive")
	for file in karmactl LICENSE man/karmactl.1 completions/karmactl.bash completions/karmactl.zsh completions/karmactl.fish config/agents.yaml docs/iam-policy-read.json docs/iam-policy-change.json docs/iam-policy-network.json docs/iam-policy-ci.json; do
		grep -qx "$file" <<<"$listed" || fail "$archive has no $file"
	done
done

# Homebrew and Scoop name the same bytes.
cask=$dist/homebrew/Casks/karmactl.rb
scoop=$dist/scoop/karmactl.json
while read -r sum archive; do
	case $archive in
	*.tar.gz) grep -q "$sum" "$cask" || fail "the Homebrew cask lacks the checksum of $archive" ;;
	*.zip) grep -q "$sum" "$scoop" || fail "the Scoop manifest lacks the checksum of $archive" ;;
	esac
done <"$sums"

# From the archive to five agents, in an empty folder, with nothing else.
mkdir -p "$work/release/latest" "$work/empty"
ln -s "$dist" "$work/release/latest/download"
python3 -u -m http.server --bind 127.0.0.1 --directory "$work/release" 0 >"$work/port" 2>/dev/null &
server=$!
for _ in $(seq 50); do
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/port")
	[ -z "$port" ] || break
	sleep 0.1
done
[ -n "$port" ] || fail "the server for the archives did not start"
cd "$work/empty"
began=$(date +%s)
"$root/install.sh" -u "http://127.0.0.1:$port" -d "$work/bin" >"$work/said" || fail "install.sh failed"
cat "$work/said"
wanted=$(sed -n 's/.*"version":"\([^"]*\)".*/v\1/p' "$dist/metadata.json")
grep -q "karmactl $wanted " "$work/said" || fail "the archive has $(cat "$work/said"), not $wanted"
PATH=$work/bin:$PATH
karmactl init --example >/dev/null
karmactl up --simulate aws --yes >"$work/up" 2>&1 || { tail -n 20 "$work/up"; fail "up from the archive failed"; }
echo "from the archive to five simulated agents: $(($(date +%s) - began)) s"
karmactl down --simulate aws --yes >"$work/down" 2>&1 || { tail -n 20 "$work/down"; fail "down from the archive failed"; }

# `go install …@latest` of these sources, from a module proxy that is a folder.
cd "$root"
module=github.com/karmacadabra/karmactl
proxy=$work/proxy/$module/@v
mkdir -p "$proxy"
echo v0.0.1 >"$proxy/list"
cp go.mod "$proxy/v0.0.1.mod"
echo '{"Version":"v0.0.1","Time":"2026-01-01T00:00:00Z"}' >"$proxy/v0.0.1.info"
git archive --format=zip --prefix="$module@v0.0.1/" -o "$proxy/v0.0.1.zip" HEAD -- . ':(exclude)tools'
(
	cd "$work"
	downloads=$(go env GOMODCACHE)/cache/download
	GOPROXY="file://$work/proxy,file://$downloads,$(go env GOPROXY)" GONOSUMDB=$module GOFLAGS='-trimpath -modcacherw' \
		GOMODCACHE=$work/modules GOBIN=$work/gobin CGO_ENABLED=0 go install "$module/cmd/karmactl@latest"
)
"$work/gobin/karmactl" version | tee "$work/said"
grep -q 'karmactl v0.0.1 ' "$work/said" || fail "go install gives a program that does not know its version"
echo "the release is what it promises"

#!/usr/bin/env bash
# release-files.sh DIR VERSION: writes the shells' completions, as the program makes
# them, and the manual page into DIR, for the archives and packages of a release.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$1 version=$2
mkdir -p "$dir/completions"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$bin/karmactl" ./cmd/karmactl
for shell in bash zsh fish; do
	"$bin/karmactl" completion "$shell" >"$dir/completions/karmactl.$shell"
done
go run -buildvcs=false ./scripts/manpage docs/commands.md "$version" >"$dir/karmactl.1"

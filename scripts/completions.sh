#!/usr/bin/env bash
# completions.sh DIR: writes the shells' completions, as the program makes them,
# into DIR, for the archives and packages of a release.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$1
mkdir -p "$dir"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$bin/karmactl" ./cmd/karmactl
for shell in bash zsh fish; do
	"$bin/karmactl" completion "$shell" >"$dir/karmactl.$shell"
done

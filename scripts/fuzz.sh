#!/usr/bin/env bash
# fuzz.sh: runs every fuzz target for FUZZTIME (10s), one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=$(grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort || true)
if [ -z "$targets" ]; then
	echo "no fuzz target found" >&2
	exit 1
fi
while IFS=: read -r file func; do
	name=${func#func }
	echo "== $name ($(dirname "$file"))"
	go test -run '^$' -fuzz "^$name\$" -fuzzminimizetime=10x -fuzztime "${FUZZTIME:-10s}" "$(dirname "$file")" </dev/null
done <<<"$targets"

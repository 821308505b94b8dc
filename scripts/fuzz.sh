#!/usr/bin/env bash
# fuzz.sh: tries FUZZTIME inputs (20000x) on every fuzz target, one target after the other.
# It is a number and not a time, because before Go 1.27 a target can fail with "context
# deadline exceeded" at the end of its time, without any input at fault (go.dev/issue/75804).
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
	go test -run '^$' -fuzz "^$name\$" -fuzzminimizetime=10x -fuzztime "${FUZZTIME:-20000x}" "$(dirname "$file")" </dev/null
done <<<"$targets"

#!/usr/bin/env bash
# gen-check.sh: runs go generate and fails when that changed a file. It looks at
# the files themselves, so it works in a dirty tree and without git.
set -euo pipefail
cd "$(dirname "$0")/.."

sums() {
	find . -type f -not -path './.git' -not -path './.git/*' -not -path './bin/*' -not -path './dist/*' \
		-not -path './.venv/*' -exec cksum {} + | sort -k 3
}

before=$(mktemp) after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT
sums >"$before"
said=$(go generate ./... 2>&1) || { echo "$said" >&2; exit 1; }
echo "$said"
if grep -q 'no tests to run' <<<"$said"; then
	echo "a go:generate line names a test that does not exist: nothing was generated" >&2
	exit 1
fi
sums >"$after"
if ! changed=$(diff "$before" "$after"); then
	echo "generated files are out of date (rewritten now; commit them):" >&2
	echo "$changed" | awk '/^[<>]/ { print "  " $4 }' | sort -u >&2
	exit 1
fi
echo "generated files are up to date"

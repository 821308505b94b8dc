#!/usr/bin/env bash
# test.sh PACKAGE...: go test, and at the end its result lines once more with a count.
set -euo pipefail
cd "$(dirname "$0")/.."

# One package at a time: the scripts of the commands run against a clock that is
# sixty times as fast, and a crowded machine makes them late.
race=-race
if [ "$(go env CGO_ENABLED)" != 1 ] || ! command -v "$(go env CC)" >/dev/null; then
	race=
	echo "no C compiler: the tests run without the race detector"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
go test $race -p 1 -timeout "${TEST_TIMEOUT:-20m}" "$@" 2>&1 | tee "$log" || status=$?

echo
echo "== results"
grep -E '^(ok|FAIL|---|panic:|\?) ?' "$log" | grep -v 'no test files' || true
awk '/^ok/ { ok++ } /^FAIL\t/ { bad++ } /\[no test files\]/ { none++ }
	END { printf "%d packages ok, %d failed, %d without tests\n", ok, bad, none }' "$log"
if [ "$status" -eq 0 ] && ! grep -q '^ok' "$log"; then
	echo "no package has a test that ran" >&2
	exit 1
fi
exit "$status"

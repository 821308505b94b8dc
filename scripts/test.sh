#!/usr/bin/env bash
# test.sh [FLAG...] PACKAGE...: go test with flags of the form -name=value, and at
# the end its result lines once more with a count.
set -euo pipefail
cd "$(dirname "$0")/.."

flags=()
while [[ ${1-} == -* ]]; do
	flags+=("$1")
	shift
done
packages=$(go list "$@")

# Without the race detector the packages are compiled as `make build` compiles
# them, so that each is compiled once.
if [[ " ${flags[*]} " != *" -race "* ]]; then
	export CGO_ENABLED=0
	flags+=(-trimpath)
fi

# The scripts of the commands run in real time, mostly waiting, against a clock
# that is sixty times as fast: side by side, and with the machine to themselves,
# because a crowded one makes them late.
rest=$(grep -v '/cmd/karmactl$' <<<"$packages" || true)
timed=$(grep '/cmd/karmactl$' <<<"$packages" || true)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
run() {
	[ $# -eq 0 ] || go test -vet=off -timeout "${TEST_TIMEOUT:-20m}" "${flags[@]}" "$@" 2>&1 | tee -a "$log" || status=$?
}
# shellcheck disable=SC2086 # one argument per package
run $rest
# shellcheck disable=SC2086
run ${timed:+-parallel=8} $timed

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

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

# The two packages that take longest begin first.
first='/(cmd/karmactl|internal/stack)$'
packages=$(grep -E "$first" <<<"$packages" || true; grep -vE "$first" <<<"$packages" || true)

# Scripts of the commands that need processes run in real time, mostly waiting, against
# a clock that is sixty times as fast. Their package waits beside the others, so three
# packages at a time keep two cores at work. Under the race detector all scripts are
# such ones; the package computes as much as the others and comes last, with the machine to itself.
rest='' timed=''
# Tests, compilers and linkers live for seconds with small heaps: to collect no garbage
# below a gigabyte saves a quarter of the processor time of internal/stack and of each link.
# Under the race detector a gigabyte of the heap takes several of memory.
if [[ " ${flags[*]} " == *" -race "* ]]; then
	export GOGC=${GOGC:-400}
	rest=$(grep -v '/cmd/karmactl$' <<<"$packages" || true)
	timed=$(grep '/cmd/karmactl$' <<<"$packages" || true)
else
	# Compiled as `make build` compiles them, so that each package is compiled once.
	export CGO_ENABLED=0 GOGC=${GOGC:-off} GOMEMLIMIT=${GOMEMLIMIT:-1GiB}
	flags+=(-trimpath "-p=$(($(getconf _NPROCESSORS_ONLN) + 1))")
	rest=$packages
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
run() {
	[ $# -eq 0 ] || go test -vet=off -timeout "${TEST_TIMEOUT:-20m}" "${flags[@]}" "$@" 2>&1 | tee -a "$log" || status=$?
}
# shellcheck disable=SC2086 # one argument per package
run $rest
# shellcheck disable=SC2086
run $timed

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

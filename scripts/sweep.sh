#!/usr/bin/env bash
# sweep.sh: the tests whose name begins with TestSweep, in their exhaustive form
# (KARMACTL_SWEEP=all); make test and make test-race run the same tests over a
# bounded part. KARMACTL_SWEEP_LIVES is how many random lives of each kind there are.
set -euo pipefail
cd "$(dirname "$0")/.."

dirs=$(grep -rlE --include='*_test.go' '^func TestSweep' . | xargs -r -n1 dirname | sort -u)
if [ -z "$dirs" ]; then
	echo "no sweep found" >&2
	exit 1
fi
# shellcheck disable=SC2086 # one argument per directory
KARMACTL_SWEEP=all TEST_TIMEOUT=${TEST_TIMEOUT:-60m} exec scripts/test.sh '-run=^TestSweep' $dirs

#!/usr/bin/env bash
# demo.sh KARMACTL: the shipped five agents, from nothing to running, through a
# deployment, scaling and their logs, and back, in a simulated AWS. It needs no account, leaves nothing behind, and fails when a
# second run would change anything.
set -euo pipefail

bin=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
config=$(cd "$(dirname "$0")/.." && pwd)/config/agents.yaml
world=$(mktemp -d)
trap 'rm -rf "$world"' EXIT
cd "$world"

# What the user's shell carries must not reach the rehearsal.
for name in "${!AWS_@}" "${!KARMACTL_@}"; do unset "$name"; done

karmactl() {
	printf '\n$ karmactl %s\n' "$*"
	"$bin" --simulate "$world/aws" --file "$config" "$@"
}

fail() {
	printf '\ndemo failed: %s\n' "$*" >&2
	exit 1
}

karmactl validate
karmactl plan
karmactl up --yes

# A second run changes nothing: the last line of JSON Lines is the result.
karmactl up --yes -o json >again.jsonl || { cat again.jsonl; fail "the second up did not succeed"; }
cat <<'SAY'

$ karmactl up --yes -o json | tail -n 1
SAY
tail -n 1 again.jsonl | tee again.json
for verb in create update replace delete; do
	grep -qE "\"$verb\": ?0[,}]" again.json || fail "the second up would $verb something"
done
karmactl plan --detailed-exitcode >again.txt || { cat again.txt; fail "the plan after up is not empty"; }

# Day two: another image, what the agents say, how they are, and how many.
image=$(awk '$1 == "image:" { print $2; exit }' "$config")
karmactl deploy validator --image "$image"
karmactl plan --detailed-exitcode >deployed.txt || { cat deployed.txt; fail "the plan after a deployment is not empty"; }
karmactl scale karma-hello=2
karmactl scale --schedule office-hours
karmactl logs validator karma-hello --tail 12
karmactl status

karmactl down --yes

code=0
karmactl plan --detailed-exitcode >gone.txt || code=$?
[ "$code" -eq 2 ] || { cat gone.txt; fail "after down a plan should have everything to create (exit 2), but exited $code"; }

printf '\nFive agents up, nothing to do the second time, one deployed, scaled, and everything gone again.\n'

#!/usr/bin/env bash
# acceptance.sh: takes karmactl through an account of yours, in a stack of its own,
# with nothing but the three published policies, and writes one report: each step
# with its time, and an answer to each question that docs/real-aws.md leaves open.
# It says what it costs before it begins, and takes everything down whatever happens.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
	cat <<'SAY'
usage: acceptance.sh [--simulate] [--yes] [--bin KARMACTL] [--profile NAME] [--region R] [--second-region R]
                     [--limit USD_AN_HOUR] [--report FILE] [--as-caller]

  --simulate   rehearse in a simulated account: no credentials, about a minute
  --yes        do not ask before it begins
  --limit      refuse when it would cost more an hour (default 1)
  --as-caller  with the caller's own rights, not with a role that has the published policies alone
The role needs the aws command and the right to make roles and policies; without that command it is --as-caller.
SAY
}

simulate='' yes='' bin=$here/../bin/karmactl region=us-east-1 second=us-west-2 limit=1 report=acceptance-report.md role=yes
while [ $# -gt 0 ]; do
	case $1 in
	--simulate) simulate=yes role='' ;;
	--yes) yes=yes ;;
	--as-caller) role='' ;;
	--bin | --profile | --region | --second-region | --limit | --report)
		[ $# -gt 1 ] || { usage >&2; exit 64; }
		case $1 in
		--bin) bin=$2 ;;
		--profile) export AWS_PROFILE=$2 ;;
		--region) region=$2 ;;
		--second-region) second=$2 ;;
		--limit) limit=$2 ;;
		--report) report=$2 ;;
		esac
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 64 ;;
	esac
	shift
done
[ -x "$bin" ] || { echo "acceptance: $bin is not there: make build" >&2; exit 1; }
[ "$region" != "$second" ] || { echo "acceptance: the second region is the first one" >&2; exit 64; }
bin=$(cd "$(dirname "$bin")" && pwd)/$(basename "$bin")
for name in "${!KARMACTL_@}"; do unset "$name"; done
has() { command -v "$1" >/dev/null 2>&1; }
[ -z "$role" ] || has aws || role=''

work=$(mktemp -d)
export KARMACTL_FILE=$work/agents.yaml NO_COLOR=1
# A stack of its own: nobody else's has this name.
stack=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
sed "s/^environment: .*/environment: t$stack/" "$here/acceptance/agents.yaml" >"$work/agents.yaml"
value=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
good=public.ecr.aws/docker/library/python:3.12-slim
bad=public.ecr.aws/docker/library/hello-world:latest # ends at once
if [ -n "$simulate" ]; then
	for name in "${!AWS_@}"; do unset "$name"; done
	export KARMACTL_SIMULATE=$work/aws
	bad=public.ecr.aws/x/agent:crash
	# AWS's plugin cannot reach a simulated task: this one stands for it, and answers as if it had.
	mkdir "$work/tools"
	printf '#!/bin/sh\necho karmactl-exit-code:0\n' >"$work/tools/simulated-session-manager-plugin"
	chmod +x "$work/tools/simulated-session-manager-plugin"
	PATH=$work/tools:$PATH
fi

# in_region REGION COMMAND...: karmactl there. A simulated account is in one region.
in_region() {
	local at=$1
	shift
	KARMACTL_SIMULATE=${KARMACTL_SIMULATE:+$work/$at} "$bin" --region "$at" "$@"
}

failed=0 steps=() answers=() made='' began_at=$(date +%s)
answer() { answers+=("| $1 | $2 |"); }

# step EXIT NAME COMMAND...: runs it, wants that exit code, and notes how long it took.
step() {
	local wanted=$1 name=$2 code=0 began=$SECONDS result=ok
	shift 2
	printf '%-44s ' "$name"
	"$@" </dev/null >>"$work/log" 2>"$work/err" || code=$?
	cat "$work/err" >>"$work/log"
	[ "$code" = "$wanted" ] || { result="exit $code instead of $wanted: $(tail -n 3 "$work/err" | tr '\n|' ' /' | redact)" failed=1; }
	steps+=("| $name | $((SECONDS - began)) s | $result |")
	printf '%4d s  %s\n' $((SECONDS - began)) "$result"
	[ "$result" = ok ]
}

# redact takes account ids, keys and the secret's value out.
redact() {
	sed -E -e "s/$value/SECRET/g" -e 's/[0-9]{12}/ACCOUNT/g' -e 's/[0-9]{4}…[0-9]{4}/ACCOUNT/g' -e 's/(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}/KEY/g' -e 's/[a-z0-9-]+\.[a-z0-9-]+\.elb\.amazonaws\.com/LOAD-BALANCER/g'
}

write_report() {
	{
		echo "# karmactl acceptance"
		echo
		echo "$(date -u +%Y-%m-%d), $("$bin" version), $region and $second$([ -z "$simulate" ] || echo ", SIMULATED: no answer here is AWS's"), $([ -n "$role" ] && echo "with the three published policies alone" || echo "with the caller's own rights")."
		printf '\n| step | took | result |\n|---|---|---|\n'
		[ ${#steps[@]} -eq 0 ] || printf '%s\n' "${steps[@]}"
		printf '\nThe questions of docs/real-aws.md:\n\n| question | answer |\n|---|---|\n'
		[ ${#answers[@]} -eq 0 ] || printf '%s\n' "${answers[@]}"
	} | redact >"$report"
	echo "report: $report"
}

drop_role() {
	local p
	[ -n "${role_arn-}" ] || return 0
	for p in "${policies[@]}"; do
		as_caller iam detach-role-policy --role-name "$role_name" --policy-arn "$p"
		as_caller iam delete-policy --policy-arn "$p"
	done
	as_caller iam delete-role --role-name "$role_name"
}

# cleanup runs at the end whatever happens: down in both regions, three times if it must.
cleanup() {
	local code=$? at try
	trap '' INT TERM
	if [ -n "$made" ]; then
		for at in "$second" "$region"; do
			for try in 1 2 3; do
				step 0 "clean up $at, try $try" in_region "$at" down --yes --images --logs && break
			done || echo "LEFT BEHIND in $at: stack t$stack; run: karmactl --region $at --file $work/agents.yaml down --yes" >&2
		done
		answer "Q13 how long interfaces outlive a NAT gateway and a load balancer" "down: the steps above; waits: $(grep -cE 'waiting.*(subnet|sg/|igw)' "$work/log")"
	fi
	drop_role >>"$work/log" 2>&1 || { echo "LEFT BEHIND: the role karmactl-try-$stack and its policies" >&2; failed=1; }
	write_report
	if [ "$failed" -eq 0 ] && [ $code -eq 0 ]; then rm -rf "$work"; exit 0; fi
	echo "acceptance failed; everything that was said: $work/log" >&2
	exit 1
}

as_caller() { env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN ${own_keys[@]+"${own_keys[@]}"} aws --no-cli-pager "$@"; }

# take_role makes a role with the three policies and nothing else, and becomes it.
take_role() {
	local account file name trust keys
	own_keys=()
	for name in AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do [ -z "${!name-}" ] || own_keys+=("$name=${!name}"); done
	account=$(as_caller sts get-caller-identity --query Arn --output text) || return 1
	trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:'$(cut -d : -f 2 <<<"$account")':iam::'$(cut -d : -f 5 <<<"$account")':root"},"Action":"sts:AssumeRole"}]}'
	role_name=karmactl-try-$stack policies=()
	role_arn=$(as_caller iam create-role --role-name "$role_name" --assume-role-policy-document "$trust" --query Role.Arn --output text) || return 1
	for file in read change network; do
		name=$(as_caller iam create-policy --policy-name "karmactl-try-$stack-$file" --policy-document "file://$here/../docs/iam-policy-$file.json" --query Policy.Arn --output text) || return 1
		policies+=("$name")
		as_caller iam attach-role-policy --role-name "$role_name" --policy-arn "$name" || return 1
	done
	for _ in $(seq 12); do # IAM takes some seconds to know a new role everywhere
		keys=$(as_caller sts assume-role --role-arn "$role_arn" --role-session-name acceptance --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text 2>/dev/null) && break
		sleep 5
	done
	[ -n "${keys-}" ] || return 1
	read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<"$keys"
	export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
	unset AWS_PROFILE
	sleep 10
}

# ask QUESTION COMMAND...: an answer of AWS itself, where the aws command is there.
ask() {
	local question=$1 said
	shift
	if [ -n "$simulate" ]; then
		said="not asked in a rehearsal"
	elif ! has aws; then
		said="not asked: the aws command is not there"
	else
		said=$(aws --no-cli-pager --region "$region" "$@" --output json 2>&1 | tr -d '\n' | tr '|' '/')
	fi
	answer "$question" "\`$said\`"
}

# set_secret hands the value over unseen: no argument of any process has it.
set_secret() { printf %s "$value" | in_region "$region" secrets set data-worker api_key; }

# Before anything is made: what it is and what it costs.
in_region "$region" validate || exit 1
monthly=$(in_region "$region" cost -o json | sed -n 's/.*"high": *"\([0-9.]*\)".*/\1/p' | head -n 1)
hourly=$(awk -v m="${monthly:-0}" 'BEGIN { printf "%.2f", 2 * m / 730 }')
echo "This makes two agents with a NAT gateway and a load balancer in $region and in $second, stack t$stack, and takes all of it down again."
echo "What stays is the state bucket of each region, which is for all stacks there, and what AWS keeps of its own (revisions, metrics)."
echo "It costs at most \$$hourly an hour while it is there, some 40 minutes; the limit is \$$limit an hour."
awk -v h="$hourly" -v l="$limit" 'BEGIN { exit !(h > 0 && h <= l) }' || { echo "acceptance: refused: more than the limit, or no price" >&2; exit 5; }
if [ -z "$yes" ]; then
	[ -t 0 ] || { echo "acceptance: nobody to ask: --yes" >&2; exit 64; }
	read -r -p "Only yes is yes: " typed
	[ "$typed" = yes ] || { echo "nothing was made"; exit 1; }
fi
trap cleanup EXIT
trap 'exit 130' INT TERM

if [ -n "$role" ]; then
	step 0 "a role with the three policies alone" take_role || exit 1
	answer "Q1 does IAM accept the three policies" "yes"
else
	answer "Q1 does IAM accept the three policies" "not asked"
fi
step 2 "plan of an empty account" in_region "$region" plan --detailed-exitcode || exit 1
made=yes
step 0 "up in a fresh account" in_region "$region" up --yes -v || exit 1
answer "Q3 refusals of the state bucket's first minutes" "OperationAborted: $(grep -c OperationAborted "$work/log"), NoSuchKey: $(grep -c NoSuchKey "$work/log")"
answer "Q12 listeners while the load balancer is provisioning, Q9 a base of on-demand with weight 0, Q24 load balancers in a new account" "accepted: up succeeded"
step 0 "a secret of an agent whose name looks like a suffix" set_secret
step 0 "up with the secret" in_region "$region" up --yes && answer "Q16 does data-worker read its secret" "yes, it is healthy"
in_region "$region" plan --detailed-exitcode >"$work/plan" 2>&1
answer "Q4 settings that AWS reads back otherwise" "the plan after up has $(grep -cE '^ *~' "$work/plan") changes, and says: $(grep -iE 'reads|noted' "$work/plan" | tr '\n|' ' /')"
step 0 "a plan after up is empty" in_region "$region" plan --detailed-exitcode
step 0 "status" in_region "$region" status
step 0 "logs" in_region "$region" logs --since 1h
queries=''
for query in errors requests response-time slow; do
	if in_region "$region" logs --query "$query" --since 1h >>"$work/log" 2>&1; then queries+=" $query: accepted"; else queries+=" $query: REFUSED"; failed=1; fi
done
answer "Q14 the Logs Insights queries" "$queries"
if [ -n "$simulate" ] || has session-manager-plugin; then
	step 0 "exec" in_region "$region" exec web -- true
else
	answer "exec" "not asked: the session-manager-plugin is not there"
fi
name=karmactl-try-t$stack
ask "Q5 the namespace that Service Connect reads back" ecs describe-services --cluster "$name" --services web --query 'services[0].deployments[0].serviceConnectConfiguration.namespace'
ask "Q6 attachmentsStatus without asking for attachments" ecs describe-clusters --clusters "$name" --query 'clusters[0].attachmentsStatus'
ask "Q7 image scanning of the registry" ecr get-registry-scanning-configuration --query scanningConfiguration.scanType
if [ -z "$simulate" ] && has curl; then
	url=$(in_region "$region" outputs URL.web)
	answer "Q15 a request of 20 s through the load balancer" "HTTP $(curl -s -o /dev/null -m 60 -w '%{http_code}' "${url}slow")"
	AWS_USE_FIPS_ENDPOINT=true in_region "$region" status >>"$work/log" 2>&1
	answer "Q17 status over FIPS endpoints" "exit $?"
	task=$(has aws && aws --region "$region" ecs list-tasks --cluster "$name" --service-name web --query 'taskArns[0]' --output text)
	ask "Q10 the order of a task's containers" ecs describe-tasks --cluster "$name" --tasks "$task" --query 'tasks[0].containers[].name'
else
	answer "Q10, Q15, Q17" "not asked in a rehearsal"
fi
# The second one has a NAT instance: its agents get their images through it, or up fails.
in_second() { KARMACTL_FILE=$work/second.yaml in_region "$second" "$@"; }
sed 's/nat: single/nat: instance/' "$work/agents.yaml" >"$work/second.yaml"
step 0 "a second region, with a NAT instance" in_second up --yes --only web &&
	answer "Q32 nftables on the image, Q33 an instance with the same interface, Q34 when it passes on" "the agent got its image through it: the step above has the time" &&
	step 0 "the first region has nothing to do" in_region "$region" plan --detailed-exitcode &&
	step 0 "down in the second region" in_second down --yes --images --logs &&
	step 0 "the first region still has nothing to do" in_region "$region" plan --detailed-exitcode &&
	answer "Q18 two regions" "neither changes the other"
step 0 "a good deployment" in_region "$region" deploy web --image "$good"
step 3 "a bad deployment is rolled back" in_region "$region" deploy web --image "$bad" --fail-fast=false
step 0 "rollback to the first revision" in_region "$region" rollback web --to 1
step 0 "hibernate" in_region "$region" hibernate --yes
step 0 "wake at once" in_region "$region" wake --yes && answer "Q11 a load balancer and a Service Connect name that were deleted a moment ago" "made again: the step above has the time"
step 0 "doctor" in_region "$region" doctor
step 0 "down" in_region "$region" down --yes --images --logs
answer "Q2 do the three policies suffice" "$([ -n "$role" ] && echo "permissions that were missing: $(grep -c 'permission .* is missing' "$work/log")" || echo "not asked: the caller's own rights")"
answer "how long it all took" "$(($(date +%s) - began_at)) s"

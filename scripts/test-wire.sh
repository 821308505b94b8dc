#!/usr/bin/env bash
# test-wire.sh: the scenarios of internal/wire and internal/state over HTTP, with
# the SDK's own serializers, against two emulators that others wrote. They are
# installed into .venv, listen on free ports of 127.0.0.1 only, keep nothing, and
# are stopped whatever happens. WIRE_RUN and WIRE_PACKAGES choose tests,
# WIRE_ARGS are for them, and WIRE_LOGS is a directory that gets the emulators'
# logs when a test fails.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
command -v "$python" >/dev/null || { echo "make test-wire needs python3 with the venv module" >&2; exit 1; }

# The virtual environment is made again when what is wanted changes.
wanted=scripts/wire-requirements.txt
if ! cmp -s "$wanted" .venv/wire-requirements.txt; then
	rm -rf .venv
	"$python" -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
	cp "$wanted" .venv/wire-requirements.txt
fi

# What the user's shell carries must not reach the emulators or the tests; the
# bundle of certificates that their network needs is the exception.
for name in "${!AWS_@}" "${!KARMACTL_@}" "${!MOTO_@}" "${!MINISTACK_@}"; do
	[ "$name" = AWS_CA_BUNDLE ] || unset "$name"
done
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

scratch=$(mktemp -d)
pids=()
stop() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$scratch"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

read -r moto_port ministack_port < <(.venv/bin/python - <<'PY'
import socket
held = [socket.socket() for _ in range(2)]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PY
)

MOTO_ECS_SERVICE_RUNNING=1 MOTO_ACM_VALIDATION_WAIT=1 \
	.venv/bin/moto_server -H 127.0.0.1 -p "$moto_port" >"$scratch/moto.log" 2>&1 &
pids+=($!)
# DOCKER_HOST: tasks are pretended, never run as containers of this machine.
BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 GATEWAY_PORT=$ministack_port IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
	PERSIST_STATE=0 S3_PERSIST=0 STATE_DIR="$scratch/state" S3_DATA_DIR="$scratch/s3" DOCKER_HOST="unix://$scratch/none.sock" \
	.venv/bin/ministack >"$scratch/ministack.log" 2>&1 &
pids+=($!)

ready() { # NAME URL: waits half a minute for an answer
	for _ in $(seq 150); do
		if .venv/bin/python -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=2)' "$2" 2>/dev/null; then
			return
		fi
		sleep 0.2
	done
	echo "$1 does not answer at $2; its last words:" >&2
	tail -n 20 "$scratch/$1.log" >&2
	exit 1
}
ready moto "http://127.0.0.1:$moto_port/moto-api/"
ready ministack "http://127.0.0.1:$ministack_port/_ministack/health"

# One package after the other: both begin by emptying the emulators.
status=0
WIRE_MOTO=http://127.0.0.1:$moto_port WIRE_MINISTACK=http://127.0.0.1:$ministack_port \
	"${GO:-go}" test -tags wire -p 1 -count=1 -timeout 6m -run "${WIRE_RUN:-Wire}" ${WIRE_PACKAGES:-./internal/wire ./internal/state} ${WIRE_ARGS:-} || status=$?
if [ "$status" -ne 0 ] && [ -n "${WIRE_LOGS:-}" ]; then
	cp "$scratch"/*.log "$WIRE_LOGS/"
fi
exit "$status"

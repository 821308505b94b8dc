#!/usr/bin/env bash
# release-snapshot.sh: builds everything that a release consists of into dist/,
# publishes nothing, and then installs from it and runs it. What needs a tool that
# is not here is left out by GoReleaser's own flag, and said.
set -euo pipefail
cd "$(dirname "$0")/.."

skip=sign
echo "left out: signatures (only the release workflow has an identity to sign with)"
without() {
	skip+=",$1"
	echo "left out: $2"
}
command -v syft >/dev/null || without sbom "SBOMs (syft is not installed)"
docker buildx version >/dev/null 2>&1 || without docker "the container image (docker buildx is not installed)"

"${GO:-go}" tool -modfile=tools/goreleaser/go.mod goreleaser release --snapshot --clean --skip="$skip"
scripts/release-check.sh

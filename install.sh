#!/bin/sh
# install.sh: downloads karmactl for this machine, verifies its checksum, and puts
# it into a folder. It needs curl or wget, tar, and a tool for SHA-256; it asks
# nothing, needs no root, and leaves the old program where it is when anything fails.
#
#   curl -fsSL https://raw.githubusercontent.com/karmacadabra/karmactl/main/install.sh | sh
#   curl -fsSL … | sh -s -- -v v1.2.3 -d /usr/local/bin
set -eu

usage() {
	cat <<'SAY'
usage: install.sh [-v VERSION] [-d DIR] [-s] [-u URL]

  -v VERSION  this release (default: the latest one)
  -d DIR      where karmactl goes (default: ~/.local/bin)
  -s          verify the signature of the checksums as well; needs cosign
  -u URL      a mirror of the releases (default: GitHub's)
SAY
}

fail() {
	echo "install.sh: $*" >&2
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# platform prints OS_ARCH, as the archives are named.
platform() {
	os=$(uname -s)
	arch=$(uname -m)
	case $os in
	Linux) os=linux ;;
	Darwin) os=darwin ;;
	*) fail "there is no archive for $os here: on Windows use Scoop, elsewhere 'go install github.com/karmacadabra/karmactl/cmd/karmactl@latest'" ;;
	esac
	case $arch in
	x86_64 | amd64) arch=amd64 ;;
	aarch64 | arm64) arch=arm64 ;;
	*) fail "there is no archive for a machine of type $arch: 'go install github.com/karmacadabra/karmactl/cmd/karmactl@latest' builds one" ;;
	esac
	echo "${os}_$arch"
}

# download URL FILE
download() {
	if has curl; then
		curl -fsSL --retry 3 -o "$2" "$1" || fail "cannot download $1"
	elif has wget; then
		wget -q -O "$2" "$1" || fail "cannot download $1"
	else
		fail "neither curl nor wget is installed: install one of them"
	fi
}

# sha256 FILE prints its checksum.
sha256() {
	if has sha256sum; then
		sha256sum "$1" | cut -d ' ' -f 1
	elif has shasum; then
		shasum -a 256 "$1" | cut -d ' ' -f 1
	elif has openssl; then
		openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
	else
		fail "nothing here can verify a checksum: install sha256sum, shasum or openssl"
	fi
}

# signed DIR: the checksums are the ones that the release workflow signed.
signed() {
	has cosign || fail "-s needs cosign: https://docs.sigstore.dev/cosign/system_config/installation"
	download "$from/checksums.txt.sigstore.json" "$1/bundle.json"
	cosign verify-blob --bundle "$1/bundle.json" \
		--certificate-oidc-issuer https://token.actions.githubusercontent.com \
		--certificate-identity-regexp '^https://github\.com/karmacadabra/karmactl/\.github/workflows/release\.yml@refs/tags/v' \
		"$1/checksums.txt" >/dev/null 2>"$1/cosign.txt" || fail "the signature of the checksums is not karmactl's: $(cat "$1/cosign.txt")"
}

# Everything is in a function that is called in the last line: a download that was
# cut off does nothing.
main() {
	version=latest dir=${HOME:-}/.local/bin signature=no url=https://github.com/karmacadabra/karmactl/releases
	while getopts v:d:su:h option; do
		case $option in
		v) version=$OPTARG ;;
		d) dir=$OPTARG ;;
		s) signature=yes ;;
		u) url=${OPTARG%/} ;;
		h) usage && exit 0 ;;
		*) usage >&2 && exit 64 ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -eq 0 ] || { usage >&2 && exit 64; }

	target=$(platform)
	has tar || fail "tar is not installed: install it"
	case $version in
	latest) from=$url/latest/download ;;
	v*) from=$url/download/$version ;;
	*) from=$url/download/v$version ;;
	esac

	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM

	download "$from/checksums.txt" "$work/checksums.txt"
	[ $signature = no ] || signed "$work"
	archive=$(awk -v end="_$target.tar.gz" 'index($2, "karmactl_") == 1 && substr($2, length($2) - length(end) + 1) == end { print $2 }' "$work/checksums.txt")
	wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/checksums.txt")
	case $archive in
	"" | *[!A-Za-z0-9._+~-]*) fail "$from has no archive for $target" ;;
	esac

	download "$from/$archive" "$work/archive.tar.gz"
	found=$(sha256 "$work/archive.tar.gz")
	[ "$found" = "$wanted" ] || fail "$archive is not what was released: its checksum is $found, and checksums.txt says $wanted. Nothing was installed"

	tar -xzf "$work/archive.tar.gz" -C "$work" karmactl || fail "$archive has no karmactl in it"
	mkdir -p "$dir" || fail "cannot make $dir: choose another folder with -d"
	# First beside it, then in its place: a program that runs is not written over.
	cp "$work/karmactl" "$dir/.karmactl.new" || fail "cannot write into $dir: choose another folder with -d"
	chmod 755 "$dir/.karmactl.new"
	mv -f "$dir/.karmactl.new" "$dir/karmactl"

	echo "$dir/karmactl: $("$dir/karmactl" version)"
	case :${PATH:-}: in
	*:"$dir":*) ;;
	*) echo "$dir is not in your PATH: export PATH=\"$dir:\$PATH\"" ;;
	esac
}

main "$@"

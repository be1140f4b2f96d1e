#!/bin/sh
# Builds the image from the Dockerfile and runs it, without a Docker engine and without a registry: buildah builds, the
# base image is made by debootstrap, and the container's agent describes, adjusts and measures for a service on loopback.
# All it makes lies in one temporary folder, which it removes. It exits 0 and says "skipped: WHY" where it cannot run.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

say() { echo "== $*"; }
skip() { echo "skipped: $*"; exit 0; }

[ "$(uname -s)" = Linux ] || skip "the image is for Linux"
[ "$(id -u)" = 0 ] || skip "buildah --isolation chroot and debootstrap need root"
for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null && continue
    command -v apt-get >/dev/null || skip "$tool is not installed, and there is no apt-get"
    say "installing $tool"
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$tool"; } \
        >/dev/null 2>&1 || skip "$tool cannot be installed"
done

work=$(mktemp -d)
service=
finish() {
    [ -z "$service" ] || kill "$service" 2>/dev/null || :
    "$root/tests/image/b" 2>/dev/null || :
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

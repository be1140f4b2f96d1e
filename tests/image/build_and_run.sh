#!/bin/sh
# Builds the image from the Dockerfile and runs it, without a Docker engine and without a registry: buildah builds, the
# base image is made by debootstrap, and the container's agent describes, adjusts and measures for a service on loopback.
# All it makes lies in one temporary folder, which it removes. It exits 0 and says "skipped: WHY" where it cannot run.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=

say() { echo "== $*"; }
skip() { echo "skipped: $*"; exit 0; }
fail() { echo "FAILED: $*" >&2; exit 1; }
# What a step prints is of interest only where it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }; }
store() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

inspect() { store inspect --type image --format "$1" localhost/servo-batch; }

finish() {
    status=$?
    trap - EXIT
    [ -z "$work" ] || { store rm --all >/dev/null 2>&1 || :; rm -rf --one-file-system "$work"; }
    exit "$status"
}

[ "$(uname -s)" = Linux ] || skip "the image is for Linux"
[ "$(id -u)" = 0 ] || skip "buildah --isolation chroot and debootstrap need root"
for tool in buildah debootstrap; do
    ! command -v "$tool" >/dev/null || continue
    command -v apt-get >/dev/null || skip "$tool is not installed, and there is no apt-get"
    say "installing $tool"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends "$tool"; } \
        >/dev/null 2>&1 || skip "$tool cannot be installed"
done
trap finish EXIT
trap 'exit 1' INT TERM HUP
work=$(mktemp -d)

release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
say "making a base image: Debian $release with python3"
# It is thrown away in a minute, so nothing need be safe on the disk.
export DPKG_FORCE=unsafe-io TMPDIR="$work"
debootstrap --variant=minbase --include=python3,ca-certificates "$release" "$work/base" >"$work/log" 2>&1 || {
    tail -n 5 "$work/log"
    skip "debootstrap cannot make a base image of $release here"
}
rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/* "$work"/base/usr/share/doc/*
base=$(store from scratch)
quietly store add "$base" "$work/base" /
quietly store config --env PATH=/usr/local/bin:/usr/bin:/bin "$base"
quietly store commit "$base" localhost/base
quietly store rm "$base"
rm -rf --one-file-system "$work/base"

say "building the image from the Dockerfile, without a network"
quietly unshare --net buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs build \
    --isolation chroot --pull-never --build-arg PYTHON_IMAGE=localhost/base --tag localhost/servo-batch "$root"
entrypoint=$(inspect '{{index .OCIv1.Config.Entrypoint 0}}')
say "ENTRYPOINT $entrypoint, WORKDIR $(inspect '{{.OCIv1.Config.WorkingDir}}'), STOPSIGNAL $(inspect '{{.OCIv1.Config.StopSignal}}')"

echo "a-token-for-$$" >"$work/token"
cat >"$work/config.json" <<'END'
{"batch": {
    "command": ["sh", "-c", "echo throughput: $1", "job", "{web.cpu}"],
    "metrics": {"throughput": {"output_regex": "throughput: (.*)", "unit": "per second"}},
    "default_state": {"application": {"components": {"web": {"settings": {
        "cpu": {"type": "range", "min": 1, "max": 8, "value": 2}}}}}}}}
END
say "running a container"
container=$(store from --pull-never localhost/servo-batch)
python3 "$root/tests/image/serve_container.py" "$work/token" \
    buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs run --isolation chroot \
    --volume "$work/token:/opt/optune/auth_token:ro" --volume "$work/config.json:/servo/config.json:ro" \
    "$container" -- "$entrypoint" --auth-token /opt/optune/auth_token --account my_account my_app ||
    fail "the container's agent did not do what it should"
say "the agent in the container described, adjusted, measured, and ended with its goodbye"

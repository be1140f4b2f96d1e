#!/bin/sh
# Install the YAML readers that are no Python packages: npm's into FOLDER, Ruby's and what is missing from Debian.
#
#   tests/tools/yaml_readers_install.sh FOLDER && export SERVO_BATCH_YAML_READERS=FOLDER
set -eu
folder=${1:?"which folder?"}

missing=
command -v npm >/dev/null || missing="nodejs npm"
command -v ruby >/dev/null || missing="$missing ruby"
if [ -n "$missing" ]; then
    apt-get -q update
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
fi
mkdir -p "$folder"
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel error \
    yaml@2.9.1 js-yaml@5.5.0 js-yaml-4@npm:js-yaml@4.3.2 js-yaml-3@npm:js-yaml@3.14.1

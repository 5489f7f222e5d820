#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Does the tour of httpd/program/README.md: runs its blocks ```sh tour, in order, in an empty folder, and looks at
# what they said. `run.sh FOLDER_OF_PERRON`
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readme=$here/../../httpd/program/README.md
PATH=$(cd "$1" && pwd):$PATH
folder=$(mktemp -d)
# The server is a child of the shell that takes the tour, and ends with it at the latest.
trap 'rm -rf "$folder"' EXIT
cd "$folder"

{
  echo 'set -euo pipefail; trap "kill %1 2>/dev/null || true" EXIT'
  # shellcheck disable=SC2016
  sed -n '/^```sh tour$/,/^```$/{/^```/!p}' "$readme"
} >tour.sh
bash tour.sh >said 2>log || {
  cat said log >&2
  exit 1
}

expect() {
  grep -qF -- "$1" said || {
    echo "tour: nothing said: $1" >&2
    cat said log >&2
    exit 1
  }
}
expect 'perron.toml: ok'
expect '<h1>One</h1>'
expect '<h1>Two</h1>'
expect 'https://one.test:8443/x'
expect 'for staff only'
echo "tour: done as it is written"

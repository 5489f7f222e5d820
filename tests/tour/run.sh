#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Does the tour of httpd/program/README.md: runs its blocks ```sh tour, in order, in an empty folder, and looks at
# what they said. `run.sh FOLDER_OF_PERRON`
# It is done at a loopback address and ports of its own, as those of the text may be in use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readme=$here/../../httpd/program/README.md
PATH=$(cd "$1" && pwd):$PATH
folder=$(mktemp -d)
# The server is a child of the shell that takes the tour, and ends with it at the latest.
trap 'rm -rf "$folder"' EXIT
cd "$folder"

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port
  while port=$((10000 + RANDOM % 20000)); [[ $port == "${1-}" ]] || ! is_free "$port"; do :; done
  echo "$port"
}
address=127.$((1 + RANDOM % 250)).$((RANDOM % 250)).$((1 + RANDOM % 250))
plain=$(free_port)
secure=$(free_port "$plain")

{
  echo 'set -euo pipefail; trap "kill %1 2>/dev/null || true" EXIT'
  # shellcheck disable=SC2016
  sed -n '/^```sh tour$/,/^```$/{/^```/!p}' "$readme" |
    sed "s/127\\.0\\.0\\.1/$address/g; s/\\b8080\\b/$plain/g; s/\\b8443\\b/$secure/g"
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
expect "https://one.test:$secure/x"
expect 'for staff only'
echo "tour: done as it is written"

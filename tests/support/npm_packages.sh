#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what FOLDER/package-lock.json names, unless PACKAGE is there already: npm_packages.sh FOLDER PACKAGE
# Tries again, as a registry may be slow or away for a moment. Says nothing unless it fails.
set -euo pipefail

folder=${1:?usage: npm_packages.sh FOLDER PACKAGE}
package=${2:?usage: npm_packages.sh FOLDER PACKAGE}
stamp=$folder/node_modules/.package-lock.json
[[ -d $folder/node_modules/$package && -e $stamp && ! $folder/package-lock.json -nt $stamp ]] && exit 0

said=$(mktemp)
trap 'rm -f "$said"' EXIT
for attempt in 1 2 3 4; do
  if (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error --fetch-retries=4 --fetch-timeout=60000) >"$said" 2>&1; then
    exit 0
  fi
  echo "npm ci in $folder failed, attempt $attempt of 4:" >&2
  tail -n 15 "$said" >&2
  sleep $((attempt * 5))
done
exit 1

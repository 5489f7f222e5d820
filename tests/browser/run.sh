#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Drives the chat in Chromium: run.sh CHAT_BINARY [--screenshot FILE.png]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/../support/npm_packages.sh" "$here" playwright-core
node "$here/chat.mjs" "$@" || {
  status=$?
  echo "browser suite: FAILED (status $status); the step and its reason stand above" >&2
  exit "$status"
}

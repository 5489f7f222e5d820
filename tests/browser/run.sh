#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Drives the chat in Chromium: run.sh CHAT_BINARY [--screenshot FILE.png]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ ! -d "$here/node_modules/playwright-core" ]]; then
  npm --prefix "$here" ci --no-audit --no-fund
fi
exec node "$here/chat.mjs" "$@"

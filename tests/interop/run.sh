#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# WebSocket clients of others against kitchen_sink: run.sh KITCHEN_SINK_BINARY [CLIENT...]
# Clients: python (Debian's python3-websockets), node (ws of npm), chromium (playwright-core). Without names, all that are
# there; the others are said to be left out.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=${1:?usage: run.sh KITCHEN_SINK_BINARY [CLIENT...]}
shift
wanted=${*:-python node chromium}

output=$(mktemp)
"$binary" --port 0 >"$output" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$output"' EXIT
for _ in $(seq 100); do
  url=$(sed -n 's|^kitchen_sink: http://\(127.0.0.1:[0-9]*\)/$|ws://\1|p' "$output")
  [[ -n "$url" ]] && break
  sleep 0.1
done
[[ -n "$url" ]] || { cat "$output"; echo "the server did not start"; exit 1; }

install_packages() {
  [[ -d "$here/node_modules/ws" ]] || npm --prefix "$here" ci --no-audit --no-fund >/dev/null
}

failed=0
for client in $wanted; do
  case $client in
  python)
    command=(/usr/bin/python3 "$here/python_websockets.py")
    /usr/bin/python3 -c 'import websockets' 2>/dev/null || command=() ;;
  node)
    command=(node "$here/node_ws.mjs")
    command -v node >/dev/null && install_packages || command=() ;;
  chromium)
    command=(node "$here/chromium.mjs")
    command -v "${CHROMIUM:-chromium}" >/dev/null && install_packages || command=() ;;
  *) echo "no such client: $client"; exit 2 ;;
  esac
  if ((${#command[@]} == 0)); then
    echo "$client: left out, it is not there"
  elif timeout 120 "${command[@]}" "$url"; then
    echo "$client: good"
  else
    echo "$client: FAILED, with $? (124: it was not done after 120 s)"
    failed=1
  fi
done
if grep -q crashed "$output"; then
  cat "$output"
  failed=1
fi
exit $failed

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# WebSocket clients of others against kitchen_sink, in the clear and by TLS: run.sh KITCHEN_SINK_BINARY [CLIENT...]
# Clients: python (Debian's python3-websockets), node (ws of npm), chromium (playwright-core). Without names, all that are
# there; the others are said to be left out.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=${1:?usage: run.sh KITCHEN_SINK_BINARY [CLIENT...]}
shift
wanted=${*:-python node chromium}
# What a fresh and busy machine may need: nothing is measured here.
start_limit=120
client_limit=400

# shellcheck source=/dev/null
source "$here/certificates.sh"
folder=$(mktemp -d)
make_certificates "$folder"
output=$folder/output
: >"$output"
"$binary" --port 0 --tls-port 0 --cert "$folder/server.pem" --key "$folder/server.key" >"$output" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

secure=
until [[ -n $secure ]]; do
  url=$(sed -n 's|^kitchen_sink: http://\(127.0.0.1:[0-9]*\)/$|ws://\1|p' "$output")
  secure=$(sed -n 's|^kitchen_sink: https://\(127.0.0.1:[0-9]*\)/$|wss://\1|p' "$output")
  if [[ -z $secure ]] && { ((SECONDS > start_limit)) || ! kill -0 "$server" 2>/dev/null; }; then
    echo "interop suite: FAILED: the server did not start within $start_limit s, or ended; it said:"
    cat "$output"
    exit 1
  fi
  [[ -n $secure ]] || sleep 0.1
done

install_packages() { "$here/../support/npm_packages.sh" "$here" ws; }

failed=
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
    continue
  fi
  for to in "$url" "$secure"; do
    status=0
    SSL_CERT_FILE=$folder/ca.pem NODE_EXTRA_CA_CERTS=$folder/ca.pem timeout "$client_limit" "${command[@]}" "$to" || status=$?
    case $status in
    0) echo "$client, ${to%%:*}: good" ;;
    124) echo "$client, ${to%%:*}: FAILED, not over after $client_limit s" ;;
    *) echo "$client, ${to%%:*}: FAILED with status $status" ;;
    esac
    ((status == 0)) || failed+=" $client"
  done
done
if grep -q crashed "$output"; then
  failed+=" (a process of the server crashed)"
fi
if [[ -n $failed ]]; then
  echo "interop suite: FAILED:$failed; the server said:"
  tail -n 40 "$output"
  exit 1
fi

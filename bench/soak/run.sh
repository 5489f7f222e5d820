#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Holds as many connections as this machine allows, up to N, against kitchen_sink: `./dev soak`.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./dev soak [N] [part]... [-- option of perron-soak...]
  N       connections that are wanted (default 1000000)
  parts   one    19,000 long polls on one server process, to compare with (default)
          poll   N in a long poll, woken by one publish (default)
          ws     N WebSockets, told something by one publish (default)
          chaos  100,000 held (or N, if that is less) while handlers crash, processes are killed and clients vanish
Reports go to build/soak/<part>/. SOAK_HOLD: seconds to hold (default 600). SOAK_PING: seconds until a silent WebSocket
is pinged (default 0: never, so that rest is rest; a million of them every 30 s are 33,000 pings a second).
END
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${PERRON_BUILD:-$root/build/release}/bin
out=$root/build/soak
hold=${SOAK_HOLD:-600}
wanted=1000000
parts=()
options=()
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) usage && exit ;;
    --) shift && options=("$@") && break ;;
    one | poll | ws | chaos) parts+=("$1") ;;
    *[!0-9]*) usage >&2 && exit 2 ;;
    *) wanted=$1 ;;
  esac
  shift
done
[[ ${#parts[@]} -gt 0 ]] || parts=(one poll ws)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

server=
stop_server() {
  [[ -n $server ]] || return 0
  kill "$server" 2>/dev/null || true
  wait "$server" || true
  server=
}
trap stop_server EXIT

# start_server <log> <processes>: sets server and port once it listens.
start_server() {
  local log=$1 processes=$2 arguments=(--port 0 --workers 2 --idle-time 86400 --ping-every "${SOAK_PING:-0}")
  [[ $processes -eq 1 ]] || arguments+=(--processes "$processes" --workers 1 --mark-processes)
  : >"$log"
  "$bin/kitchen_sink" "${arguments[@]}" >"$log" 2>&1 &
  server=$!
  port=
  for _ in $(seq 600); do
    port=$(sed -n 's,.*http://127\.0\.0\.1:\([0-9]*\)/.*,\1,p;T;q' "$log")
    [[ -z $port ]] || return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat "$log" >&2
  say "kitchen_sink did not start"
  return 1
}

# limit <mode> <name> <wanted>
limit() { "$bin/perron-soak" "$1" -n "$3" --limits | sed -n "s/^$2 //p"; }

# soak <part> <mode> <connections> <processes> [option]...
soak() {
  local part=$1 mode=$2 connections=$3 processes=$4 status=0
  shift 4
  mkdir -p "$out/$part"
  say "$part: $connections connections, $processes server processes, held for $hold s"
  start_server "$out/$part/kitchen_sink.log" "$processes"
  "$bin/perron-soak" "$mode" --port "$port" --server-pid "$server" -n "$connections" --ramp 10000 --hold "$hold" \
    --out "$out/$part" "$@" ${options[@]+"${options[@]}"} | tee "$out/$part/result.txt" || status=$?
  stop_server
  return "$status"
}

bytes_in() { sed -n 's/.*: \([0-9]*\) bytes a connection in the server.*/\1/p' "$out/$1/result.txt" 2>/dev/null || true; }

# The bytes of a connection in one process and in many are to be within 5 % of each other.
compare() {
  local one many
  one=$(bytes_in one)
  many=$(bytes_in poll)
  [[ -n $one && -n $many ]] || return 0
  awk -v one="$one" -v many="$many" 'BEGIN {
    ratio = one / many
    printf "%s  bytes of a connection in one process within 5 %% of those in many: %d and %d, ratio %.3f\n",
      ((ratio < 1.05 && ratio > 1 / 1.05) ? "ok  " : "MISS"), one, many, ratio }'
}

status=0
for part in "${parts[@]}"; do
  case $part in
    one)
      count=$((wanted < 19000 ? wanted : 19000))
      hold=$((hold < 30 ? hold : 30)) soak one poll "$count" 1 || status=1
      ;;
    poll | ws)
      count=$(limit "$part" connections "$wanted")
      bound=$(limit "$part" bound "$wanted")
      [[ -z $bound ]] || say "$part: no more than $count fit: $bound"
      soak "$part" "$part" "$count" "$(limit "$part" server_processes "$count")" --patience 120 || status=1
      ;;
    chaos)
      count=$((wanted < 100000 ? wanted : 100000))
      # Half as many again: the others have to have room for those of a process that was killed.
      processes=$(($(limit idle server_processes "$count") * 3 / 2 + 1))
      hold=$((hold < 60 ? hold : 60)) soak chaos idle "$count" "$processes" \
        --chaos 120 --crash 0.01 --kill-every 30 --vanish 0.01 --probes 200 || status=1
      ;;
  esac
done
compare
exit "$status"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# HTTPS clients of others against kitchen_sink: tls.sh KITCHEN_SINK_BINARY [CLIENT...]
# Clients: s_client curl wget python go node reload testssl. Without names all that are there, but for testssl, which takes
# some minutes (Debian's testssl.sh; no finding may be above LOW, but for those that a test certificate has).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=${1:?usage: tls.sh KITCHEN_SINK_BINARY [CLIENT...]}
shift
wanted=${*:-s_client curl wget python go node reload}
start_limit=120
# shellcheck source=/dev/null
source "$here/certificates.sh"

folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }; rm -rf "$folder"' EXIT
make_certificates "$folder"
: >"$folder/output"
"$binary" --port 0 --tls-port 0 --cert "$folder/server.pem" --key "$folder/server.pem" >"$folder/output" 2>&1 &
server=$!
base=
until [[ -n $base ]]; do
  base=$(sed -n 's|^kitchen_sink: \(https://127.0.0.1:[0-9]*\)/$|\1|p' "$folder/output")
  if [[ -z $base ]] && { ((SECONDS > start_limit)) || ! kill -0 "$server" 2>/dev/null; }; then
    echo "tls suite: FAILED: the server did not start; it said:"
    cat "$folder/output"
    exit 1
  fi
  [[ -n $base ]] || sleep 0.1
done
port=${base##*:}

run_s_client() {
  local version first
  for version in -tls1_2 -tls1_3; do
    # the second connection brings the ticket of the first; the server says what it thinks of it
    first=$(printf 'GET /tls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
      openssl s_client -connect "127.0.0.1:$port" -servername localhost "$version" -CAfile "$folder/ca.pem" -verify_return_error \
        -ign_eof -quiet -sess_out "$folder/session$version" 2>/dev/null)
    grep -q ' full localhost' <<<"$first"
    printf 'GET /tls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
      openssl s_client -connect "127.0.0.1:$port" -servername localhost "$version" -CAfile "$folder/ca.pem" -ign_eof -quiet \
        -sess_in "$folder/session$version" 2>/dev/null | grep -q ' resumed localhost'
  done
}

run_curl() {
  local out
  out=$(curl -sS --cacert "$folder/ca.pem" "https://localhost:$port/hello" --resolve "localhost:$port:127.0.0.1")
  [[ $out == 'Hello, world!' ]]
  # three requests, one connection
  out=$(curl -sS --cacert "$folder/ca.pem" -w '%{num_connects} ' "$base/hello" "$base/hello" "$base/hello")
  [[ $out == 'Hello, world!1 Hello, world!0 Hello, world!0 ' ]]
  head -c 700000 /dev/urandom >"$folder/large"
  curl -sS --cacert "$folder/ca.pem" --data-binary "@$folder/large" -H 'Content-Type: application/octet-stream' "$base/echo" | cmp - "$folder/large"
  curl -sS --cacert "$folder/ca.pem" -H 'Transfer-Encoding: chunked' --data-binary "@$folder/large" "$base/echo" | cmp - "$folder/large"
  # plain HTTP on the port of TLS
  [[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/hello") == 400 ]]
  # a certificate that nobody vouches for is the client's to refuse
  ! curl -sS "$base/hello" 2>/dev/null
}

run_wget() {
  wget -q -O "$folder/got" --ca-certificate="$folder/ca.pem" "$base/hello"
  [[ $(<"$folder/got") == 'Hello, world!' ]]
  wget -q -O "$folder/got" --ca-certificate="$folder/ca.pem" --post-data=posted "$base/echo"
  [[ $(<"$folder/got") == posted ]]
}

run_python() { /usr/bin/python3 "$here/tls_python.py" "$base" "$folder/ca.pem"; }
run_go() { GOCACHE="$folder/go" GO111MODULE=off go run "$here/tls_go.go" "$base" "$folder/ca.pem"; }
run_node() { NODE_EXTRA_CA_CERTS="$folder/ca.pem" node "$here/tls_node.mjs" "$base"; }

# The certificate is replaced and read again 300 times while others ask, each time by a new connection.
run_reload() {
  local asking i
  /usr/bin/python3 "$here/tls_python.py" "$base" "$folder/ca.pem" "$folder/enough" &
  asking=$!
  for ((i = 0; i < 300; ++i)); do
    ((i % 10)) || make_certificates "$folder"
    curl -sS --fail --cacert "$folder/ca.pem" -X POST "$base/tls/reload" >/dev/null || { touch "$folder/enough"; return 1; }
  done
  touch "$folder/enough"
  wait "$asking"
}

run_testssl() {
  local tool bad
  tool=$(command -v testssl || command -v testssl.sh)
  "$tool" --quiet --color 0 --ip one --warnings off --jsonfile "$folder/testssl.json" "127.0.0.1:$port" >"$folder/testssl" 2>&1 || true
  sed -n '/Testing protocols/,/Running client/p' "$folder/testssl"
  # what comes of a certificate of a day by a private issuer says nothing about the server
  bad=$(/usr/bin/python3 - "$folder/testssl.json" <<'EOF'
import json, sys
of_test_certificate = ("cert", "OCSP", "DNS_CAA", "overall_grade", "grade", "final_score", "scan", "intermediate", "security_headers", "HSTS")
for f in json.load(open(sys.argv[1])):
    if f["severity"] in ("MEDIUM", "HIGH", "CRITICAL") and not f["id"].startswith(of_test_certificate):
        print(f["severity"], f["id"], f["finding"])
EOF
)
  echo "findings above LOW: ${bad:-none}"
  [[ -z $bad ]]
}

failed=
for client in $wanted; do
  tool=$client
  case $client in
  s_client) tool=openssl ;; python) tool=/usr/bin/python3 ;; reload) tool=curl ;; testssl) tool=testssl ;;
  curl | wget | go | node) ;;
  *) echo "no such client: $client"; exit 2 ;;
  esac
  if ! command -v "$tool" >/dev/null; then
    echo "$client: left out, it is not there"
  elif ( set -e; "run_$client" ); then
    echo "$client: good"
  else
    echo "$client: FAILED"
    failed+=" $client"
  fi
done
if grep -q crashed "$folder/output"; then
  failed+=" (a process of the server crashed)"
fi
if [[ -n $failed ]]; then
  echo "tls suite: FAILED:$failed; the server said:"
  tail -n 40 "$folder/output"
  exit 1
fi

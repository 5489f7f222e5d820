#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Compares Perron's supervisors with OTP's. Without arguments: all scenarios. `run.sh FILE...`, `run.sh --seeds 1-10000`.
# PERRON_BUILD names the build directory, build/release if it is not set.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${PERRON_BUILD:-$here/../../build/release}/bin/tests/supervision_program

if ! command -v escript >/dev/null; then
  printf 'run.sh: Erlang is missing: apt-get install --no-install-recommends erlang-base\n' >&2
  exit 1
fi
if [[ ! -x $program ]]; then
  printf 'run.sh: build the target supervision_program first: no %s\n' "$program" >&2
  exit 1
fi
if [[ $# -eq 0 ]]; then
  set -- "$here"/scenarios/*.txt
fi
exec "$program" "$@"

#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
exec python3 "$(dirname "$0")/run.py" "$@"

# SPDX-License-Identifier: BSD-3-Clause
"""Runs several commands, given as JSON, as children of one process until it is told to end; then none is left."""

import json
import signal
import subprocess
import sys


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    children = []
    try:
        for command in json.loads(sys.argv[1]):
            children.append(subprocess.Popen(command))
        for child in children:
            child.wait()
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


if __name__ == "__main__":
    main()

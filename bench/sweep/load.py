# SPDX-License-Identifier: BSD-3-Clause
"""Makes the load: so many connections, each asking again as soon as it is answered."""

import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import time


@dataclasses.dataclass
class Outcome:
    """Of the seconds from `begin` to `end`, by time.monotonic(). Latencies in seconds, of warming up too; errors by kind,
    only those that occurred, of the whole run."""

    opened: int
    begin: float
    end: float
    answers: int
    errors: dict
    p50: float
    p99: float


class Failed(Exception):
    """The load could not be made: why."""


class Soak:
    """perron-soak in its mode `requests`, in as many processes as it takes."""

    name = "perron-soak"
    opening = 2000  # connections on their way at a time; servers' backlogs hold 4,096

    def __init__(self, programs):
        self._program = programs / "perron-soak"
        if not os.access(self._program, os.X_OK):
            raise Failed(f"{self._program} is not built; ./dev build builds it")

    def run(self, pid, port, path, in_flight, options):
        with tempfile.TemporaryDirectory(prefix="sweep_") as folder:
            command = [str(self._program), "requests", "--port", str(port), "--server-pid", str(pid), "--path", path,
                       "--connections", str(in_flight), "--greeting", "", "--ramp", "0", "--opening", str(self.opening),
                       "--patience", str(options.patience), "--hold", str(options.warmup + options.seconds),
                       "--quiet", "--out", folder]
            began = time.monotonic()
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            record = pathlib.Path(folder, "soak.json")
            if not record.exists():
                raise Failed((done.stderr or done.stdout).strip()[-300:] or f"perron-soak ended with {done.returncode}")
            return outcome(json.loads(record.read_text(encoding="utf-8")), began, options.warmup)


def outcome(record, began, warmup):
    """What soak.json says of the time in which all asked, without its first seconds."""
    held = [s for s in record["samples"] if s["phase"] == "hold"]
    if len(held) < 2:
        raise Failed("; ".join(record.get("notes", [])) or "the clients were never ready")
    measured = [s for s in held if s["at_s"] >= held[0]["at_s"] + warmup]
    if len(measured) < 2:
        measured = held[-2:]
    first, last = measured[0], measured[-1]
    latency = next((h for h in record["histograms"] if h["name"] == "latency"), {})
    return Outcome(opened=last["clients"]["open"], begin=began + first["at_s"], end=began + last["at_s"],
                   answers=last["clients"]["answers"] - first["clients"]["answers"],
                   errors={kind: count for kind, count in record["totals"]["errors"].items() if count},
                   p50=latency.get("p50_ns", 0) / 1e9, p99=latency.get("p99_ns", 0) / 1e9)

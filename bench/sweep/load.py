# SPDX-License-Identifier: BSD-3-Clause
"""Makes the load: so many connections, each asking again as soon as it is answered."""

import dataclasses
import json
import os
import pathlib
import signal
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

    def run(self, pid, port, path, in_flight, warmup, options):
        """A connection is taken to be open once /hello was answered over it: the kernel opens more than a server takes."""
        with tempfile.TemporaryDirectory(prefix="sweep_") as folder:
            command = [str(self._program), "requests", "--port", str(port), "--server-pid", str(pid), "--path", path,
                       "--connections", str(in_flight), "--greeting", "/hello", "--ramp", "0", "--opening", str(self.opening),
                       "--patience", str(options.patience), "--hold", str(warmup + options.seconds),
                       "--quiet", "--out", folder]
            began = time.monotonic()
            said = _finished(command, warmup + options.seconds + 3 * options.patience)
            record = pathlib.Path(folder, "soak.json")
            if not record.exists():
                raise Failed(said.strip()[-300:] or "perron-soak wrote no record")
            return outcome(json.loads(record.read_text(encoding="utf-8")), began, warmup)


def _finished(command, patience_s):
    """What the command says. Its ramp lasts for as long as anybody gets in, for a server that throws others out for ever:
    after patience_s it is told to come to its end."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as client:
        try:
            return client.communicate(timeout=patience_s)[0]
        except subprocess.TimeoutExpired:
            client.send_signal(signal.SIGINT)
            try:
                return client.communicate(timeout=patience_s)[0]
            except subprocess.TimeoutExpired:
                client.kill()
                return client.communicate()[0]
        except BaseException:
            client.terminate()
            raise


def outcome(record, began, warmup):
    """What soak.json says of the time in which all asked, without its first seconds."""
    held = [s for s in record["samples"] if s["phase"] == "hold"]
    errors = {kind: count for kind, count in record["totals"]["errors"].items() if count}
    if len(held) < 2:
        return Outcome(opened=max(s["clients"]["open"] for s in record["samples"]), begin=began, end=began, answers=0,
                       errors=errors, p50=0, p99=0)
    measured = [s for s in held if s["at_s"] >= held[0]["at_s"] + warmup]
    if len(measured) < 2:
        measured = held[-2:]
    first, last = measured[0], measured[-1]
    latency = next((h for h in record["histograms"] if h["name"] == "latency"), {})
    return Outcome(opened=last["clients"]["open"], begin=began + first["at_s"], end=began + last["at_s"],
                   answers=last["clients"]["answers"] - first["clients"]["answers"],
                   errors=errors, p50=latency.get("p50_ns", 0) / 1e9, p99=latency.get("p99_ns", 0) / 1e9)

# SPDX-License-Identifier: BSD-3-Clause
"""Makes the load: so many connections, each asking again as soon as it is answered."""

import dataclasses
import os
import statistics
import subprocess
import threading

A_PROCESS = 16000  # connections of one client process; it has 20,000 descriptors
OPENING = 500  # on their way at a time in each; the first answer takes as long as all others


@dataclasses.dataclass
class Outcome:
    """Of the measured seconds. Latencies in seconds; errors by kind, only those that occurred."""

    opened: int
    seconds: float
    answers: int
    errors: dict
    p50: float
    p99: float
    note: str = ""


class Failed(Exception):
    """The load could not be made: why."""


class LoadBench:
    """load_bench, in several processes where one has not the descriptors. Then p50 is the median of theirs and p99 the
    greatest, and answers are those of the seconds that each measured."""

    name = "load_bench"

    def __init__(self, programs):
        self._program = programs / "bench" / "load_bench"
        if not os.access(self._program, os.X_OK):
            raise Failed(f"{self._program} is not built; ./dev build builds it")

    def run(self, port, path, in_flight, options, on_begin, on_end):
        """on_begin and on_end are called at the two ends of the measured seconds."""
        count = -(-in_flight // A_PROCESS)
        shares = [in_flight // count + (i < in_flight % count) for i in range(count)]
        words = _Words(count, on_begin, on_end)
        parts = [_Part(self._start(port, path, share, options), share, words) for share in shares]
        for part in parts:
            part.join()
        failed = [p.problem for p in parts if not p.found]
        if failed:
            raise Failed(failed[0])
        errors = {}
        for part in parts:
            for kind, value in part.found.items():
                if kind.startswith("errors.") and value:
                    errors[kind.removeprefix("errors.")] = errors.get(kind.removeprefix("errors."), 0) + int(value)
        return Outcome(opened=sum(p.opened for p in parts), seconds=options.seconds,
                       answers=sum(int(p.found["requests"]) for p in parts), errors=errors,
                       p50=statistics.median(p.found["p50"] for p in parts) / 1e6,
                       p99=max(p.found["p99"] for p in parts) / 1e6,
                       note="; ".join(sorted({p.problem for p in parts if p.problem})))

    def _start(self, port, path, connections, options):
        command = [str(self._program), "--port", str(port), "--path", path, "--connections", str(connections), "--seconds",
                   str(options.seconds), "--warmup", str(options.warmup), "--patience", str(options.patience),
                   "--opening", str(OPENING)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True)


class _Words:
    """Calls back when the last of the parts has begun, and when the first has ended."""

    def __init__(self, count, on_begin, on_end):
        self._lock, self._missing, self._ended = threading.Lock(), count, False
        self._on_begin, self._on_end = on_begin, on_end

    def begin(self):
        with self._lock:
            self._missing -= 1
            if self._missing == 0:
                self._on_begin()

    def end(self):
        with self._lock:
            if not self._ended:
                self._ended = True
                self._on_end()


class _Part(threading.Thread):
    """One client process and what it says."""

    def __init__(self, client, connections, words):
        super().__init__()
        self._client, self._connections, self._words = client, connections, words
        self.found, self.opened, self.problem = {}, 0, ""
        self.start()

    def run(self):
        for line in self._client.stdout:
            words = line.split()
            if words[0] == "ready":
                self.opened = self._connections
            elif words[0] == "begin":
                self._words.begin()
            elif words[0] == "end":
                self._words.end()
            elif words[0] == "result" and len(words) == 4:
                self.found[words[1]] = float(words[2])
        self.problem = self._client.stderr.read().strip().removeprefix("load_bench: ")
        if self.problem.startswith("only "):
            self.opened = int(self.problem.split()[1])
        self._client.wait()

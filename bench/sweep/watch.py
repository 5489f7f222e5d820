# SPDX-License-Identifier: BSD-3-Clause
"""Watches a server's processes while it is under load: memory, CPU, descriptors, threads; and ends one that eats too
much."""

import bisect
import os
import random
import signal
import threading
import time

import process_tree

PERIOD_S = 1.0
SAMPLED = 100  # of a larger tree so many members are looked at, and the rest taken to be like them


class Watch:
    """Runs beside the load from its construction to stop(). What it found is the greatest of each figure, and the CPU time
    that was used by when."""

    def __init__(self, pid, most_bytes):
        self._pid, self._most_bytes = pid, most_bytes
        self._over = threading.Event()
        self.memory = self.descriptors = self.threads = self.processes = 0
        self.ended_for_memory = False
        self._used = []  # (time.monotonic(), CPU seconds so far)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self._over.set()
        self._thread.join()

    def cpu_seconds(self, begin, end):
        """Between the two times; those between two looks are taken to lie on a line."""
        return self._used_by(end) - self._used_by(begin)

    def _used_by(self, when):
        after = bisect.bisect_left(self._used, (when,))
        if after in (0, len(self._used)):
            return self._used[min(after, len(self._used) - 1)][1]
        (t0, used0), (t1, used1) = self._used[after - 1], self._used[after]
        return used0 + (used1 - used0) * (when - t0) / (t1 - t0)

    def _run(self):
        while True:
            self._look()
            if self.memory > self._most_bytes:
                self.ended_for_memory = True
                for pid in process_tree.members(self._pid):
                    _kill(pid)
                return
            if self._over.wait(PERIOD_S):
                return

    def _look(self):
        pids = process_tree.members(self._pid)
        self._used.append((time.monotonic(), sum(map(process_tree.cpu_seconds_of, pids))))
        seen = pids if len(pids) <= SAMPLED else random.Random(1).sample(pids, SAMPLED)
        share = len(pids) / len(seen)
        self.processes = max(self.processes, len(pids))
        self.memory = max(self.memory, sum(map(process_tree.pss, seen)) * share)
        self.threads = max(self.threads, round(sum(map(_threads, seen)) * share))
        self.descriptors = max([self.descriptors, *map(_descriptors, seen)])


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def _threads(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _descriptors(pid):
    """Open ones of this process."""
    try:
        size = os.stat(f"/proc/{pid}/fd").st_size  # Linux 6.2 and later; 0 before
        return size or len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0

# SPDX-License-Identifier: BSD-3-Clause
"""What a process and all its descendants use, read from /proc, and how to end them."""

import os
import signal
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def members(root):
    """Process ids of root and its living descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(int(name))
            if fields and fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(name))
    found, unread = [], [root]
    while unread:
        pid = unread.pop()
        found.append(pid)
        unread += children.get(pid, [])
    return found


def cpu_seconds(root):
    """User and system time of all members so far."""
    return sum(cpu_seconds_of(pid) for pid in members(root))


def user_bytes(root):
    """Proportional set size: pages that members share count once."""
    return sum(pss(pid) for pid in members(root))


def stop(process, patience_s=5):
    """Asks the root to end; what of its tree is left after patience_s is killed, by id."""
    pids = members(process.pid)
    process.send_signal(signal.SIGTERM)
    if not _wait_until_gone(process, pids, patience_s):
        for pid in filter(_alive, pids):
            os.kill(pid, signal.SIGKILL)
        _wait_until_gone(process, pids, patience_s)


def cpu_seconds_of(pid):
    """Of one process."""
    fields = _stat(pid)
    if not fields:
        return 0
    if fields[17] == "1":
        # One thread: in nanoseconds. A thousand processes that took 9 ms each have no tick of 10 ms.
        try:
            with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
                return int(file.read().split()[0]) / 1e9
        except OSError:
            pass
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _wait_until_gone(process, pids, patience_s):
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        process.poll()
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _alive(pid):
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _stat(pid):
    """The fields of /proc/<pid>/stat behind the program's name, so that [0] is the state; None once gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin1") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def pss(pid):
    """Proportional set size of one process; 0 once it is gone."""
    return _of_rollup(pid, "Pss:")


def private_bytes(root):
    """What the members have written to and share with nobody; unlike their set size, nobody else changes it."""
    return sum(_of_rollup(pid, "Private_Dirty:") for pid in members(root))


def _of_rollup(pid, key):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith(key):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0

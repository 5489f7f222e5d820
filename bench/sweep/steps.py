# SPDX-License-Identifier: BSD-3-Clause
"""One server under one load: what is found, and whether it stops there."""

import dataclasses

import load
import servers
import watch

FEW_ERRORS = 0.01  # of the requests; more, and the server is taken to have stopped
OUTPUT_KEPT = 2000  # characters
DESCRIPTORS_LEFT = 100  # so near its limit a process is out of them


@dataclasses.dataclass
class Step:
    """What a server showed with so many requests in flight; `stopped` says why it goes no further, if it does not."""

    peer: str
    in_flight: int
    outcome: load.Outcome = None
    cpu_us: float = None
    memory: float = 0
    processes: int = 0
    threads: int = 0
    descriptors: int = 0  # of the process that has most
    places: int = None
    stopped: str = ""
    said: str = ""  # the end of the server's output, where it stopped

    def figures(self):
        """(name, value, unit); nothing where no request was answered."""
        if not self.outcome or not self.outcome.answers:
            return []
        found = self.outcome
        return [("rps", found.answers / (found.end - found.begin), "req/s"), ("errors", sum(found.errors.values()), "count"),
                ("p50_ms", found.p50 * 1000, "ms"), ("p99_ms", found.p99 * 1000, "ms"), ("cpu_us", self.cpu_us, "us"),
                ("memory_mb", self.memory / 1e6, "MB"), ("processes", self.processes, "count"),
                ("threads", self.threads, "count")]

    def summary(self):
        said = ", ".join(f"{name} {value:,.0f}" for name, value, _ in self.figures())
        errors = f" {self.outcome.errors}" if self.outcome and self.outcome.errors else ""
        return f"{said}{errors}{'; stops: ' + self.stopped if self.stopped else ''}"


def measure(peer, in_flight, maker, options):
    step = Step(peer.name, in_flight)
    peer.in_flight = in_flight
    try:
        with peer.running() as (pid, port):
            step.places = peer.places
            _load(step, pid, port, peer, maker, options)
            if step.stopped:
                step.said = _output(pid)
    except servers.Unavailable as reason:
        step.stopped = f"at {in_flight:,}: {reason}"
    return step


def _load(step, pid, port, peer, maker, options):
    watched = watch.Watch(pid, options.most_memory * 1e9)
    try:
        step.outcome = maker.run(pid, port, peer.sleep_path, step.in_flight, options.warmup + peer.more_warmup_s,
                                 options)
    except load.Failed as reason:
        step.stopped = f"at {step.in_flight:,}: {reason}"
    finally:
        watched.stop()
    step.memory, step.processes = watched.memory, watched.processes
    step.threads, step.descriptors = watched.threads, watched.descriptors
    if step.outcome and step.outcome.answers:
        step.cpu_us = watched.cpu_seconds(step.outcome.begin, step.outcome.end) / step.outcome.answers * 1e6
    step.stopped = _why(step, watched, options) or step.stopped


def _output(pid):
    try:
        with open(f"/proc/{pid}/cwd/output", encoding="utf-8", errors="replace") as file:
            return file.read()[-OUTPUT_KEPT:]
    except OSError:
        return ""


def _why(step, watched, options):
    """Why the server does not go further than this; empty where it does."""
    found = step.outcome
    if watched.ended_for_memory:
        return f"at {step.in_flight:,}: ended by the sweep, since it took more than {options.most_memory:g} GB"
    if not found:
        return ""
    errors = sum(found.errors.values())
    all_open = found.opened >= step.in_flight
    if all_open and not found.answers:
        return f"at {step.in_flight:,}: nobody was answered in time"
    if all_open and errors <= FEW_ERRORS * (found.answers + errors):
        return ""
    seen = f"{errors:,} errors ({', '.join(f'{k} {v:,}' for k, v in found.errors.items())})" if errors else ""
    if not all_open:
        seen = f"{found.opened:,} of {step.in_flight:,} connections open" + (f", {seen}" if seen else "")
    return f"at {step.in_flight:,}: {_cause(step, watched)}{seen}"


def _cause(step, watched):
    limit = servers.descriptor_limit()
    if watched.descriptors >= limit - DESCRIPTORS_LEFT:
        return f"the {limit:,} descriptors of one OS process; "
    if step.places and step.in_flight > step.places:
        return f"{step.places:,} requests at a time, by its settings; "
    return ""

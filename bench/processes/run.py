# SPDX-License-Identifier: BSD-3-Clause
"""Runs the process workloads in Perron, Go, Erlang and stock CAF, side by side; see bench/README.md."""

import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))

import figures  # noqa: E402
import workloads  # noqa: E402

RELEASE = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release"))
BUILD = ROOT / "build" / "bench" / "processes"

# Several programs work in batches, or rounds, of a thousand.
COUNT_STEP = 1000

# Operations of one run. Where a peer is slower by a power of ten, it gets fewer: the figure is per operation.
COUNTS = {
    "spawn": {"": 1_000_000, "caf": 300_000},
    "spawn_monitor": {"": 500_000, "caf": 200_000},
    "roundtrip_local": {"": 1_000_000, "caf": 500_000},
    "roundtrip_free": {"": 1_000_000, "caf": 500_000},
    # the kernel takes a moment to see that two threads want a processor each
    "roundtrip_cross": {"": 2_000_000, "erlang": 300_000, "caf": 300_000},
    "crossing_floor": {"": 300_000},
    "roundtrip_cross_locked": {"": 100_000},
    "roundtrip_cross_detached": {"": 100_000},
    "senders": {"": 1_000_000},
    "ring": {"": 1_000_000},
    "selective": {"": 5_000, "caf": 1_000},
    "selective_ref": {"": 50_000},
    "parked_bytes": {"": 1_000_000},
    "hibernated_bytes": {"": 1_000_000},
    "wake": {"": 1_000_000, "caf": 100_000},
}

EVERYWHERE = ["spawn", "spawn_monitor", "roundtrip_local", "roundtrip_free", "roundtrip_cross", "senders", "ring",
              "selective", "parked_bytes", "wake"]
WORKLOADS = {
    "perron": EVERYWHERE + ["crossing_floor", "hibernated_bytes"],
    "go": EVERYWHERE + ["roundtrip_cross_locked"],
    "erlang": EVERYWHERE + ["selective_ref", "hibernated_bytes"],
    "caf": EVERYWHERE + ["roundtrip_cross_detached"],
}

# What Perron sets itself: (figure, at most). Printed, never an exit code: a noisy machine is not a defect.
GOALS = [
    ("spawn.perron_over_go", 1.0),
    ("spawn_monitor.perron_over_erlang", 0.5),
    ("roundtrip_local.perron_over_best", 0.8),
    ("roundtrip_free.perron_over_best", 1.0),
    ("roundtrip_cross.perron_over_go", 1.0),
    ("roundtrip_cross.perron_over_go_locked", 1.0),
    ("roundtrip_cross.perron_over_erlang", 1.0),
    ("parked_bytes.perron", 5000),
    ("hibernated_bytes.perron", 900),
    ("wake.perron", 1500),
    ("parked_idle_cpu.perron", 0.01),
]


def main():
    options = parse_options()
    commands = workloads.available(makers(options), options.peers, BUILD)
    figures.print_machine(options.rounds)
    samples = workloads.measured_rounds(options.rounds, commands, planned_runs(options))
    report(samples, list(commands))


def planned_runs(options):
    """[(workload, {peer: count})] of one round."""
    plan = []
    for workload, counts in COUNTS.items():
        if options.only and workload not in options.only:
            continue
        of_peers = {}
        for peer, taken in WORKLOADS.items():
            if workload in taken:
                steps = max(1, round(counts.get(peer, counts[""]) * options.scale / COUNT_STEP))
                of_peers[peer] = steps * COUNT_STEP
        plan.append((workload, of_peers))
    return plan


def parse_options():
    parser = argparse.ArgumentParser(prog="./dev bench processes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--only", action="append", choices=sorted(COUNTS), metavar="WORKLOAD",
                        help="this workload; may be given several times: " + ", ".join(COUNTS))
    parser.add_argument("--peer", action="append", choices=list(WORKLOADS), dest="peers",
                        help="this program only; may be given several times")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F",
                        help="multiplies every count; 0.01 shows quickly that all of it runs")
    parser.add_argument("--perron", default=RELEASE / "bin/bench/perron_processes_bench",
                        type=pathlib.Path, metavar="PATH")
    return parser.parse_args()


def makers(options):
    """{peer: what gives (command line before the workload, None) or (None, what is missing)}"""
    return {"perron": lambda: workloads.program_command(options.perron), "go": go_command,
            "erlang": lambda: workloads.erlang_command(HERE / "peers" / "bench.erl", BUILD), "caf": caf_command}


def go_command():
    source, program = HERE / "peers" / "bench.go", BUILD / "go_bench"
    problem = workloads.built(source, program, ["go", "build", "-o", str(program), str(source)], BUILD)
    return (None, problem) if problem else ([str(program)], None)


def caf_command():
    source, program = HERE / "peers" / "caf_bench.cpp", BUILD / "caf_bench"
    problem = workloads.built(source, program, ["g++", "-O2", "-std=c++17", "-pthread", "-o", str(program),
                                                str(source), "-lcaf_core"], BUILD)
    return (None, problem) if problem else ([str(program)], None)


def report(samples, peers):
    measured = samples.rows()
    in_order = [w for w in COUNTS if w in measured]
    elapsed = [r for r in in_order if samples.unit(r) != "bytes"]
    memory = [r for r in in_order if samples.unit(r) == "bytes"]
    cpu = [f"{r}_cpu" for r in in_order if f"{r}_cpu" in measured]
    beside = [r for r in measured if r not in elapsed + memory + cpu]
    # The column order of WORKLOADS, whichever peer a round began with.
    columns = [p for p in WORKLOADS if p in peers]
    figures.print_table(samples, elapsed, columns, "time per operation", ratio_of="perron")
    figures.print_table(samples, cpu, columns, "user + system CPU per operation", ratio_of="perron")
    figures.print_table(samples, memory, columns, "resident bytes per process", ratio_of="perron")
    figures.print_table(samples, beside, columns, "said beside that")
    print()
    rows = elapsed + cpu + memory + beside
    printed = workloads.print_figures(samples, rows, columns, ratios(samples, rows, columns))
    figures.print_goals(GOALS, printed)


def ratios(samples, rows, columns):
    for row in rows:
        for column in columns:
            ratio = samples.ratio(row, "perron", column) if column != "perron" else None
            if ratio is not None:
                yield f"{row}.perron_over_{column}", ratio
        best = [samples.median(row, c) for c in ("go", "erlang")]
        ours = samples.median(row, "perron")
        if ours is not None and None not in best:
            yield f"{row}.perron_over_best", ours / min(best)
    locked = samples.median("roundtrip_cross_locked", "go") if "roundtrip_cross_locked" in rows else None
    ours = samples.median("roundtrip_cross", "perron") if "roundtrip_cross" in rows else None
    if locked and ours:
        yield "roundtrip_cross.perron_over_go_locked", ours / locked


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Runs the supervision workloads in Perron and Erlang, side by side; see bench/README.md."""

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
BUILD = ROOT / "build" / "bench" / "supervision"
PEERS = ["perron", "erlang"]

# Restarts, children or, of siblings, milliseconds with and without crashes.
COUNTS = {
    "restart": {"": 50_000},
    "restart_exception": {"": 20_000},
    "restart_return": {"": 50_000},
    "restart_server": {"": 20_000},
    "restart_paced": {"": 600},
    "restart_return_paced": {"": 600},
    "restart_server_paced": {"": 600},
    "restart_many": {"": 10_000},
    "children": {"": 1_000_000},
    "siblings_closed": {"": 3000},
    "siblings_paced": {"": 3000},
}

# What Perron sets itself: (figure, at most). Printed, never an exit code: a noisy machine is not a defect.
GOALS = [
    ("restart_p50.perron_over_erlang", 0.5),
    ("restart_time.perron_over_erlang", 0.5),
    ("restart_exception_p50.perron_over_erlang", 0.5),
    ("restart_server_p50.perron_over_erlang", 0.5),
    ("restart_return_p50.perron_over_erlang", 0.5),
    ("restart_paced_p50.perron_over_erlang", 0.5),
    ("restart_server_paced_p50.perron_over_erlang", 0.5),
    ("restart_many.perron_over_erlang", 0.5),
    ("children_start.perron_over_erlang", 1.0),
    ("children_stop.perron_over_erlang", 1.0),
    ("siblings_closed_p99.perron_crashing_over_quiet", 1.2),
    ("siblings_paced_p99.perron_crashing_over_quiet", 1.2),
]


def main():
    options = parse_options()
    commands = workloads.available(makers(options), options.peers, BUILD)
    figures.print_machine(options.rounds)
    report(workloads.measured_rounds(options.rounds, commands, planned_runs(options)))


def parse_options():
    parser = argparse.ArgumentParser(prog="./dev bench supervision", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--only", action="append", choices=sorted(COUNTS), metavar="WORKLOAD",
                        help="this workload; may be given several times: " + ", ".join(COUNTS))
    parser.add_argument("--peer", action="append", choices=PEERS, dest="peers",
                        help="this program only; may be given several times")
    parser.add_argument("--children", type=int, default=COUNTS["children"][""], metavar="N",
                        help="how many children the workload of that name starts (default %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F",
                        help="multiplies every count; 0.02 shows quickly that all of it runs")
    parser.add_argument("--perron", default=RELEASE / "bin/bench/perron_supervision_bench",
                        type=pathlib.Path, metavar="PATH")
    return parser.parse_args()


def makers(options):
    return {"perron": lambda: workloads.program_command(options.perron),
            "erlang": lambda: workloads.erlang_command(HERE / "peers" / "supervision_bench.erl", BUILD)}


def planned_runs(options):
    """[(workload, {peer: count})] of one round."""
    counts = {**COUNTS, "children": {"": options.children}}
    return [(workload, {peer: max(100, round(of.get(peer, of[""]) * options.scale)) for peer in PEERS})
            for workload, of in counts.items() if not options.only or workload in options.only]


def report(samples):
    rows = samples.rows()
    memory = [r for r in rows if samples.unit(r) == "bytes"]
    rates = [r for r in rows if samples.unit(r) == "per_s"]
    pauses = [r for r in rows if r.endswith("_pause")]
    cpu = [r for r in rows if r.endswith("_cpu")]
    times = [r for r in rows if r not in memory + rates + pauses + cpu]
    figures.print_table(samples, times, PEERS, "time", ratio_of="perron")
    figures.print_table(samples, cpu, PEERS, "user + system CPU", ratio_of="perron")
    figures.print_table(samples, pauses, PEERS, "longest pause of a process that ticks", ratio_of="perron")
    figures.print_table(samples, memory, PEERS, "resident bytes per child", ratio_of="perron")
    figures.print_table(samples, rates, PEERS, "rates", ratio_of="perron")
    print()
    printed = workloads.print_figures(samples, rows, PEERS, list(ratios(samples, rows)))
    figures.print_goals(GOALS, printed)


def ratios(samples, rows):
    for row in rows:
        ratio = samples.ratio(row, "perron", "erlang")
        if ratio is not None:
            yield f"{row}.perron_over_erlang", ratio
    for workload in ("siblings_closed", "siblings_paced"):
        for quantile in ("p50", "p99"):
            for peer in PEERS:
                crashing = samples.median(f"{workload}_crashing_{quantile}", peer)
                quiet = samples.median(f"{workload}_quiet_{quantile}", peer)
                if crashing and quiet:
                    yield f"{workload}_{quantile}.{peer}_crashing_over_quiet", crashing / quiet


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""What it costs to take a request head apart: Perron, libhttp-parser, Boost.Beast; see bench/README.md."""

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

PEERS = ["perron", "http_parser", "beast", "beast_message"]
COUNTS = {"minimal": 2_000_000, "generator": 1_000_000, "browser": 500_000}

# (figure, at most): Perron is the fastest of them.
GOALS = [(f"{request}.perron_over_best", 1.0) for request in COUNTS]


def main():
    options = parse_options()
    makers = {peer: lambda peer=peer: command_of(options.program, peer) for peer in PEERS}
    commands = workloads.available(makers, options.peers, ROOT / "build" / "bench" / "parser")
    figures.print_machine(options.rounds)
    plan = [(request, {peer: max(1000, round(count * options.scale)) for peer in commands})
            for request, count in COUNTS.items() if not options.only or request in options.only]
    report(workloads.measured_rounds(options.rounds, commands, plan), list(commands))


def command_of(program, peer):
    command, problem = workloads.program_command(program)
    return (command + [peer], None) if command else (None, problem)


def parse_options():
    parser = argparse.ArgumentParser(prog="./dev bench parser", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--only", action="append", choices=list(COUNTS), metavar="REQUEST",
                        help="this request; may be given several times: " + ", ".join(COUNTS))
    parser.add_argument("--peer", action="append", choices=PEERS, dest="peers",
                        help="this parser only; may be given several times")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F", help="multiplies every count")
    parser.add_argument("--program", default=RELEASE / "bin/bench/parser_bench", type=pathlib.Path, metavar="PATH")
    return parser.parse_args()


def report(samples, peers):
    times = [r for r in COUNTS if r in samples.rows()]
    rates = [f"{r}_rate" for r in times]
    columns = [p for p in PEERS if p in peers]
    figures.print_table(samples, times, columns, "CPU time per request head", ratio_of="perron")
    figures.print_table(samples, rates, columns, "bytes of heads per CPU second")
    print()
    printed = workloads.print_figures(samples, times + rates, columns, ratios(samples, times, columns))
    figures.print_goals(GOALS, printed)


def ratios(samples, rows, columns):
    for row in rows:
        others = [c for c in columns if c != "perron" and samples.median(row, c) is not None]
        for column in others:
            ratio = samples.ratio(row, "perron", column)
            if ratio is not None:
                yield f"{row}.perron_over_{column}", ratio
        ours = samples.median(row, "perron")
        if ours is not None and others:
            yield f"{row}.perron_over_best", ours / min(samples.median(row, c) for c in others)


if __name__ == "__main__":
    main()

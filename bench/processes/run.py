# SPDX-License-Identifier: BSD-3-Clause
"""Runs the process workloads in Perron, Go, Erlang and stock CAF, side by side; see bench/README.md."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))

import figures  # noqa: E402

RELEASE = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release"))
BUILD = ROOT / "build" / "bench" / "processes"
RUN_TIMEOUT_S = 300

# Several programs work in batches, or rounds, of a thousand.
COUNT_STEP = 1000

# Operations of one run. Where a peer is slower by a power of ten, it gets fewer: the figure is per operation.
COUNTS = {
    "spawn": {"": 1_000_000, "caf": 300_000},
    "spawn_monitor": {"": 500_000, "caf": 200_000},
    "roundtrip_local": {"": 1_000_000, "caf": 500_000},
    "roundtrip_free": {"": 1_000_000, "caf": 500_000},
    "roundtrip_cross": {"": 300_000},
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
    "perron": EVERYWHERE + ["hibernated_bytes"],
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
    commands = available_peers(options)
    if not commands:
        sys.exit("nothing to measure")
    figures.print_machine(options.rounds)
    samples = figures.Samples()
    for round_number in range(options.rounds):
        measure_round(round_number, options, commands, samples)
    report(samples, list(commands))


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


def available_peers(options):
    """{peer: command line before the workload}, for each peer that is installed and builds."""
    makers = {"perron": lambda: perron_command(options.perron), "go": go_command,
              "erlang": erlang_command, "caf": caf_command}
    BUILD.mkdir(parents=True, exist_ok=True)
    commands = {}
    for peer, make in makers.items():
        if options.peers and peer not in options.peers:
            continue
        command, problem = make()
        if command:
            commands[peer] = command
        else:
            print(f"skipped: {peer}: {problem}")
    return commands


def perron_command(program):
    if not os.access(program, os.X_OK):
        return None, f"{program} is not built"
    return [str(program)], None


def go_command():
    source, program = HERE / "peers" / "bench.go", BUILD / "go_bench"
    problem = built(source, program, ["go", "build", "-o", str(program), str(source)])
    return (None, problem) if problem else ([str(program)], None)


def erlang_command():
    source = HERE / "peers" / "bench.erl"
    problem = built(source, BUILD / "bench.beam", ["erlc", "-o", str(BUILD), str(source)])
    if problem:
        return None, problem
    return ["erl", "+P", "4000000", "+S", "2:2", "-noinput", "-pa", str(BUILD), "-run", "bench", "main"], None


def caf_command():
    source, program = HERE / "peers" / "caf_bench.cpp", BUILD / "caf_bench"
    problem = built(source, program, ["g++", "-O2", "-std=c++17", "-pthread", "-o", str(program), str(source),
                                      "-lcaf_core"])
    return (None, problem) if problem else ([str(program)], None)


def built(source, product, command):
    """None once the product is up to date, else why it is not."""
    if product.exists() and product.stat().st_mtime > source.stat().st_mtime:
        return None
    if not shutil.which(command[0]):
        return f"{command[0]} is not installed"
    environment = {"GOCACHE": str(BUILD / "go_cache"), **os.environ, "GO111MODULE": "off"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return f"{command[0]} failed: {done.stderr.strip()[-400:]}" if done.returncode else None


def measure_round(round_number, options, commands, samples):
    # Each round begins with another peer, so that none always runs on the same neighbour's heels.
    turn = round_number % len(commands)
    peers = list(commands)[turn:] + list(commands)[:turn]
    for workload in COUNTS:
        if options.only and workload not in options.only:
            continue
        for peer in peers:
            if workload in WORKLOADS[peer]:
                measure(peer, commands[peer], workload, options.scale, samples)
    print(f"round {round_number + 1} of {options.rounds} done", file=sys.stderr)


def measure(peer, command, workload, scale, samples):
    count = COUNTS[workload].get(peer, COUNTS[workload][""])
    steps = max(1, round(count * scale / COUNT_STEP))
    arguments = command + [workload, str(steps * COUNT_STEP)]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        print(f"skipped: {peer} {workload}: not done after {RUN_TIMEOUT_S} s")
        return
    if done.returncode:
        print(f"skipped: {peer} {workload}: exit status {done.returncode}: {done.stderr.strip()[-400:]}")
        return
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[0] == "result":
            samples.add(words[1], peer, float(words[2]), words[3])


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
    printed = print_figures(samples, elapsed + cpu + memory + beside, columns)
    figures.print_goals(GOALS, printed)


def print_figures(samples, rows, columns):
    printed = {}
    for row in rows:
        for column in columns:
            value = samples.median(row, column)
            if value is not None:
                printed[f"{row}.{column}"] = value
                figures.figure(f"{row}.{column}", value, samples.unit(row))
    for name, value in ratios(samples, rows, columns):
        printed[name] = value
        figures.ratio_figure(name, value)
    return printed


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

# SPDX-License-Identifier: BSD-3-Clause
"""How servers behave as ever more requests are in flight at once, each waiting 100 ms in its handler; see README.md."""

import argparse
import os
import pathlib
import resource
import signal
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "http"), str(HERE.parent)]

import figures  # noqa: E402
import load  # noqa: E402
import page  # noqa: E402
import peers  # noqa: E402
import servers  # noqa: E402
import steps  # noqa: E402
import workloads  # noqa: E402

STEPS = [100, 1000, 4000, 10000, 20000, 80000]
GOALS_AT_LEAST = [("sweep.rps.80000_over_1000.perron", 0.95)]
GOALS = [("sweep.errors.80000.perron", 0)]


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ready = prepared(options)
    if not ready:
        sys.exit("nothing to measure")
    figures.print_machine(options.rounds)
    maker = load.Soak(options.bin)
    samples, stops, found = figures.Samples(), {}, []
    try:
        for round_number in range(options.rounds):
            measure_round(options, workloads.turned(ready, round_number), maker, samples, stops, found)
    except (KeyboardInterrupt, SystemExit):
        print("ended early; this is what there is")
    names = [peer.name for peer in ready]
    report(options, samples, stops, names)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        page.write(options.out, options, samples, stops, ready, found, maker.name)
        print(f"\nreport: {options.out / 'sweep.html'} and {options.out / 'sweep.json'}")


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench sweep", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    parser.add_argument("--server", action="append", dest="servers", metavar="NAME",
                        help="this server only; may be given several times")
    parser.add_argument("--in-flight", type=int, nargs="+", default=STEPS, metavar="N")
    parser.add_argument("--seconds", type=float, default=8, metavar="S", help="measured, per step")
    parser.add_argument("--warmup", type=float, default=3, metavar="S", help="before them")
    parser.add_argument("--patience", type=float, default=20, metavar="S",
                        help="for a connection to open, and for an answer")
    parser.add_argument("--most-memory", type=float, default=6, metavar="GB", help="a server that takes more is ended")
    parser.add_argument("--bin", type=pathlib.Path, default=programs, metavar="DIR", help="where the programs are")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH",
                        help="the server that stands for Perron")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "bench" / "sweep", metavar="DIR",
                        help="where the report goes")
    return parser.parse_args()


def prepared(options):
    """The servers that are installed and built, in the order of the tables."""
    build = ROOT / "build" / "bench" / "sweep"
    build.mkdir(parents=True, exist_ok=True)
    known = peers.all_peers(options.perron.resolve(), build)
    unknown = set(options.servers or []) - {peer.name for peer in known}
    if unknown:
        sys.exit(f"no such server: {' '.join(unknown)}; there are: {' '.join(peer.name for peer in known)}")
    return servers.prepared(known, options.servers)


def measure_round(options, ready, maker, samples, stops, found):
    """Steps are the outer loop, so that all servers have a step at about the same time."""
    for in_flight in options.in_flight:
        for peer in ready:
            if peer.name in stops:
                continue
            step = steps.measure(peer, in_flight, maker, options)
            found.append(step)
            for name, value, unit in step.figures():
                samples.add(f"{name}.{in_flight}", peer.name, value, unit)
            if step.stopped:
                stops[peer.name] = step
            print(f"{peer.name}, {in_flight}: {step.summary()}", file=sys.stderr, flush=True)


def report(options, samples, stops, names):
    subjects = [("rps", "answers per second", "perron"), ("errors", "errors seen by clients", None),
                ("cpu_us", "server CPU per request", "perron"), ("p50_ms", "median latency", None),
                ("p99_ms", "99th percentile of latency", None), ("memory_mb", "user memory of all its processes", None),
                ("processes", "OS processes", None), ("threads", "threads", None)]
    for metric, subject, ratio_of in subjects:
        rows = [f"{metric}.{n}" for n in options.in_flight]
        figures.print_table(samples, rows, names, f"{subject}, by requests in flight", ratio_of)
    print("\nwhere each stops")
    for name in names:
        print(f"  {name}: {stops[name].stopped if name in stops else 'it did not, as far as it was asked'}")
    print()
    ratios = []
    for name in names:
        many, few = samples.median("rps.80000", name), samples.median("rps.1000", name)
        if many is not None and few:
            ratios.append((f"sweep.rps.80000_over_1000.{name}", many / few))
    all_rows = [f"{metric}.{n}" for metric, _, _ in subjects for n in options.in_flight]
    printed = workloads.print_figures(samples, all_rows, names, ratios, "sweep.")
    figures.print_goals(GOALS, printed)
    for name, least in GOALS_AT_LEAST:
        if name in printed:
            print(f"goal {name} {printed[name]:.3f} at least {least:g}: {'met' if printed[name] >= least else 'missed'}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""What a connection's life costs: connect, one request, close; beside nginx and Yaws. See bench/README.md."""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "http")]

import figures  # noqa: E402
import process_tree  # noqa: E402
import regression  # noqa: E402
import servers  # noqa: E402
import workloads  # noqa: E402

NAMES = ["perron", "nginx", "nginx_closing", "yaws"]
CLOSING = ["client", "server"]
EXPERIMENTS = ["cost", "memory"]
LEFT_OUT = 0.1  # of the memory run: until every table and cache has the size that it needs

# What Perron sets itself: (figure, at most). Printed, never an exit code: a noisy machine is not a defect.
GOALS = [(f"churn.cpu_us.{closing}.{count}.perron_over_nginx", 1.0) for closing in CLOSING for count in (32, 1000)]
GOALS.append(("churn.memory.slope.perron", 0.1))


class NginxClosing(servers.Nginx):
    """With keep-alive off."""

    name = "nginx_closing"

    def command(self, port, directory):
        command = super().command(port, directory)
        config = directory / "nginx.conf"
        text = config.read_text(encoding="ascii")
        config.write_text(text.replace("keepalive_timeout 3600s;", "keepalive_timeout 0;"), encoding="ascii")
        return command


def main():
    options = parse_options()
    ready = prepared(options)
    if not ready:
        sys.exit("nothing to measure")
    figures.print_machine(options.rounds)
    if options.under:
        print(f"servers and client run under: {shlex.join(options.under)}")
    printed = {}
    if "cost" in (options.only or EXPERIMENTS):
        printed.update(report_cost(options, measured_cost(options, ready)))
    if "memory" in (options.only or EXPERIMENTS):
        for server in ready:
            if server.name == "perron" or options.servers:
                printed.update(measure_memory(options, server))
    figures.print_goals(GOALS, printed)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench churn", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--only", action="append", choices=EXPERIMENTS, help="may be given several times")
    parser.add_argument("--server", action="append", choices=NAMES, dest="servers",
                        help="this server only; may be given several times")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[32, 1000], metavar="N")
    parser.add_argument("--client-threads", type=int, default=2, metavar="N")
    parser.add_argument("--seconds", type=float, default=2, metavar="S", help="measured, per load")
    parser.add_argument("--warmup", type=float, default=0.5, metavar="S", help="before them")
    parser.add_argument("--connections", type=int, default=5_000_000, metavar="N", help="of the memory run")
    parser.add_argument("--under", type=shlex.split, default=[], metavar="COMMAND",
                        help="what servers and client are started by, as 'nice -n -10'")
    parser.add_argument("--bin", type=pathlib.Path, default=programs / "bench", metavar="DIR",
                        help="where churn_bench is")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH",
                        help="the server that stands for Perron")
    return parser.parse_args()


def prepared(options):
    if not (options.bin / "churn_bench").exists():
        sys.exit(f"{options.bin / 'churn_bench'} is not built; ./dev build builds it")
    all_servers = [servers.Perron(options.perron), servers.Nginx(), NginxClosing(), servers.Yaws()]
    ready = servers.prepared(all_servers, options.servers)
    for server in ready:
        server.command = under(options.under, server.command)
    return ready


def under(prefix, command):
    return lambda port, directory: prefix + command(port, directory)


def measured_cost(options, ready):
    samples = figures.Samples()
    for round_number in range(options.rounds):
        for closing in CLOSING:
            for count in options.in_flight:
                for server in workloads.turned(ready, round_number):
                    if (closing, server.name) != ("client", "nginx_closing"):
                        measure_cost(options, server, closing, count, samples)
        print(f"round {round_number + 1} of {options.rounds} done", file=sys.stderr)
    return samples


def measure_cost(options, server, closing, count, samples):
    try:
        with server.running() as (pid, port):
            result = churn(options, pid, port, None, "--closes", closing, "--in-flight", count, "--seconds",
                           options.seconds, "--warmup", options.warmup)
    except (servers.Unavailable, ChurnFailed) as reason:
        print(f"skipped: {server.name}, {count} in flight, closed by {closing}: {reason}")
        return
    for metric, unit in [("cpu_us", "us"), ("per_second", "1/s"), ("p50_us", "us"), ("p99_us", "us")]:
        samples.add(f"{metric}.{closing}.{count}", server.name, result[metric], unit)
    samples.add(f"errors.{closing}.{count}", server.name, errors_of(result), "count")


def measure_memory(options, server):
    """Memory of the server while N connections come and go."""
    points = []
    try:
        with server.running() as (pid, port):
            def on_progress(closed):
                points.append((closed, process_tree.private_bytes(pid)))
            result = churn(options, pid, port, on_progress, "--connections", options.connections, "--in-flight",
                           options.in_flight[-1])
    except (servers.Unavailable, ChurnFailed) as reason:
        print(f"skipped: {server.name}, memory: {reason}")
        return {}
    points = [p for p in points if p[0] >= LEFT_OUT * options.connections]
    if len(points) < 10:
        print(f"skipped: {server.name}, memory: {len(points)} samples are too few")
        return {}
    found, half_width = regression.slope(points)
    sizes = [size for _, size in points]
    print(f"\nprivate memory of {server.name} while {result['closed']:,.0f} connections came and went, {len(points)} samples, "
          f"the first {LEFT_OUT:.0%} of the run left out:\n"
          f"  {sizes[0]:,} bytes at first, {sizes[-1]:,} at the end, between {min(sizes):,} and {max(sizes):,}\n"
          f"  slope {found:+.4f} bytes for each connection, 95 % interval {found - half_width:+.4f} to "
          f"{found + half_width:+.4f}\n")
    printed = {f"churn.memory.slope.{server.name}": found}
    figures.figure(f"churn.memory.connections.{server.name}", result["closed"], "connections")
    figures.figure(f"churn.memory.errors.{server.name}", errors_of(result), "count")
    print(f"figure churn.memory.slope.{server.name} {found:.5f} bytes")
    print(f"figure churn.memory.slope_half_width.{server.name} {half_width:.5f} bytes")
    figures.figure(f"churn.memory.per_second.{server.name}", result["per_second"], "1/s")
    figures.figure(f"churn.memory.cpu_us.{server.name}", result["cpu_us"], "us")
    return printed


class ChurnFailed(Exception):
    """Why there is no result."""


def churn(options, pid, port, on_progress, *arguments):
    command = [*options.under, str(options.bin / "churn_bench"), "--port", str(port), "--threads",
               str(options.client_threads), *map(str, arguments)]
    for member in process_tree.members(pid):
        command += ["--cpu-of", str(member)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as client:
        result = {}
        for line in client.stdout:
            words = line.split()
            if words[0] == "result":
                result[words[1]] = float(words[2])
            elif words[0] == "progress" and on_progress:
                on_progress(int(words[1]))
        problem = client.stderr.read()
    if client.returncode:
        raise ChurnFailed(problem.strip() or f"churn_bench ended with status {client.returncode}")
    return result


def errors_of(result):
    return sum(value for name, value in result.items() if name.startswith("errors."))


def report_cost(options, samples):
    measured = samples.rows()

    def rows(metric):
        wanted = [f"{metric}.{closing}.{count}" for closing in CLOSING for count in options.in_flight]
        return [row for row in wanted if row in measured]

    by = "by who closes and how many are in flight"
    for subject, metric, ratio_of in [("server CPU for a connection", "cpu_us", "perron"),
                                      ("connections a second", "per_second", "perron"),
                                      ("from connect to the end, median", "p50_us", None),
                                      ("the same, 99 of 100", "p99_us", None),
                                      ("connections that failed", "errors", None)]:
        figures.print_table(samples, rows(metric), NAMES, f"{subject}, {by}", ratio_of)
    print()
    ratios = workloads.ratios_of(samples, rows("cpu_us") + rows("per_second"), NAMES[1:], "churn.")
    all_rows = [row for metric in ("cpu_us", "per_second", "p50_us", "p99_us", "errors") for row in rows(metric)]
    return workloads.print_figures(samples, all_rows, NAMES, ratios, "churn.")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Runs Perron's HTTP server beside nginx, Go, Node, Yaws, Apache and an epoll loop; see bench/README.md."""

import argparse
import os
import pathlib
import resource
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import figures  # noqa: E402
import process_tree  # noqa: E402
import servers  # noqa: E402
import workloads  # noqa: E402

NAMES = ["perron", "epoll", "nginx", "go", "node", "yaws", "apache"]
EXPERIMENTS = ["load", "rate", "idle", "slow"]
SPARE_FDS = 200

SPINNERS, SPIN_MS = 4, 3000
SLOW_RATE, SLOW_SECONDS, SLOW_CONNECTIONS = 50, 3, 50

RATE_CONNECTIONS = 64
RATE_KEPT = 0.95  # of the rate asked for; who answers less is not compared at that rate

# What Perron sets itself: (figure, at most). Printed, never an exit code: a noisy machine is not a defect.
GOALS = [
    ("http.cpu_us.64.perron_over_nginx", 1.0),
    ("http.cpu_us.1000.perron_over_nginx", 1.0),
    ("http.cpu_us.64.perron_over_epoll", 1.15),
    ("http.cpu_us.1000.perron_over_epoll", 1.15),
    ("http.rate_cpu_us.perron_over_nginx", 1.0),
    ("http.rate_cpu_us.perron_over_epoll", 1.15),
    ("http.idle_bytes.perron_over_nginx", 1.0),
    ("http.slow_p99_ms.perron", 60),
]


def main():
    options = parse_options()
    raise_fd_limit(options)
    ready = prepared(options)
    if not ready:
        sys.exit("nothing to measure")
    figures.print_machine(options.rounds)
    samples = figures.Samples()
    for round_number in range(options.rounds):
        measure_round(options, workloads.turned(ready, round_number), samples)
        print(f"round {round_number + 1} of {options.rounds} done", file=sys.stderr)
    report(options, samples)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench http", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--only", action="append", choices=EXPERIMENTS, help="may be given several times")
    parser.add_argument("--server", action="append", choices=NAMES, dest="servers",
                        help="this server only; may be given several times")
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 1000, 10000], metavar="N")
    parser.add_argument("--seconds", type=float, default=5, metavar="S", help="measured, per load")
    parser.add_argument("--warmup", type=float, default=1, metavar="S", help="before them")
    parser.add_argument("--idle-connections", type=int, default=10000, metavar="N")
    parser.add_argument("--rate", type=int, default=60000, metavar="R",
                        help="requests a second that everybody gets in the experiment of that name")
    parser.add_argument("--client-threads", type=int, default=2, metavar="N")
    parser.add_argument("--bin", type=pathlib.Path, default=programs / "bench", metavar="DIR",
                        help="where load_bench and epoll_bench are")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH",
                        help="the server that stands for Perron")
    return parser.parse_args()


def raise_fd_limit(options):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = hard - SPARE_FDS if hard != resource.RLIM_INFINITY else sys.maxsize
    for count in [c for c in options.connections if c > most]:
        print(f"skipped: {count} connections: a process may have {hard} file descriptors")
        options.connections.remove(count)
    options.idle_connections = min(options.idle_connections, most)


def prepared(options):
    """The servers that are installed and built, in the order of NAMES."""
    build = ROOT / "build" / "bench" / "http"
    build.mkdir(parents=True, exist_ok=True)
    if not (options.bin / "load_bench").exists():
        sys.exit(f"{options.bin / 'load_bench'} is not built; ./dev build builds it")
    all_servers = [servers.Perron(options.perron), servers.Epoll(options.bin / "epoll_bench"),
                   servers.Nginx(), servers.Go(build), servers.Node(), servers.Yaws(), servers.Apache()]
    return servers.prepared(all_servers, options.servers)


def measure_round(options, ready, samples):
    experiments = options.only or EXPERIMENTS
    if "load" in experiments:
        for count in options.connections:
            for server in ready:
                attempt(server, f"{count} connections", measure_load, options, count, samples)
    if "rate" in experiments:
        for server in ready:
            attempt(server, f"{options.rate} requests a second", measure_rate, options, samples)
    if "idle" in experiments:
        for server in ready:
            attempt(server, "idle connections", measure_idle, options, samples)
    if "slow" in experiments:
        for server in ready:
            if server.spins:
                attempt(server, "slow neighbours", measure_slow, options, samples)


def attempt(server, subject, measure, *arguments):
    try:
        with server.running() as (pid, port):
            measure(server.name, pid, port, *arguments)
    except (servers.Unavailable, LoadFailed) as reason:
        print(f"skipped: {server.name}, {subject}: {reason}")


class LoadFailed(Exception):
    """The load generator gave up: why."""


def cpu_per_request(pid, port, options, count, *arguments):
    """(server CPU per request in microseconds, what the load generator found)"""
    cpu = {}

    def on_word(word):
        if word in ("begin", "end"):
            cpu[word] = process_tree.cpu_seconds(pid)

    result = load(options, port, on_word, "--connections", count, "--seconds", options.seconds,
                  "--warmup", options.warmup, "--threads", options.client_threads, *arguments)
    if not result["requests"]:
        raise LoadFailed("no request was answered")
    return (cpu["end"] - cpu["begin"]) / result["requests"] * 1e6, result


def measure_load(name, pid, port, options, count, samples):
    cpu_us, result = cpu_per_request(pid, port, options, count)
    samples.add(f"cpu_us.{count}", name, cpu_us, "us")
    samples.add(f"rps.{count}", name, result["rps"], "req/s")
    for quantile in ("p50", "p99", "p99_9"):
        samples.add(f"{quantile}_us.{count}", name, result[quantile], "us")
    samples.add(f"errors.{count}", name, errors_of(result), "count")
    for kind, value in result.items():
        if kind.startswith("errors.") and value:
            samples.add(f"{kind}.{count}", name, value, "count")


def measure_rate(name, pid, port, options, samples):
    cpu_us, result = cpu_per_request(pid, port, options, RATE_CONNECTIONS, "--rate", options.rate)
    if result["rps"] < RATE_KEPT * options.rate:
        raise LoadFailed(f"answered {result['rps']:.0f} a second")
    samples.add("rate_cpu_us", name, cpu_us, "us")
    samples.add("rate_p99_us", name, result["p99"], "us")


def measure_idle(name, pid, port, options, samples):
    # First some load, so that what a server allocates once and keeps is not charged to the connections.
    load(options, port, None, "--connections", 64, "--seconds", 1, "--warmup", 0)
    time.sleep(0.5)
    before = process_tree.user_bytes(pid)
    command = [str(options.bin / "load_bench"), "--port", str(port), "--hold", "--connections",
               str(options.idle_connections), "--patience", "60"]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    opened = holder.stdout.readline().startswith("ready")
    if opened:
        time.sleep(2)
        after = process_tree.user_bytes(pid)
    output, problem = holder.communicate("")
    lost = errors_of(results_in(output.splitlines()))
    if not opened:
        raise LoadFailed(problem.strip())
    if lost:
        raise LoadFailed(f"{lost:.0f} of {options.idle_connections} connections did not stay open")
    samples.add("idle_bytes", name, (after - before) / options.idle_connections, "bytes")
    samples.add("idle_total", name, after / 1e6, "MB")


def measure_slow(name, pid, port, options, samples):
    del pid
    samples.add("quiet_p99_ms", name, open_loop(options, port)["p99"] / 1000, "ms")
    spinners = [ask_to_spin(port) for _ in range(SPINNERS)]
    time.sleep(0.2)
    result = open_loop(options, port)
    for spinner in spinners:
        require_ok(spinner)
    samples.add("slow_p50_ms", name, result["p50"] / 1000, "ms")
    samples.add("slow_p99_ms", name, result["p99"] / 1000, "ms")
    samples.add("slow_max_ms", name, result["max"] / 1000, "ms")
    samples.add("slow_errors", name, errors_of(result), "count")


def open_loop(options, port):
    return load(options, port, None, "--connections", SLOW_CONNECTIONS, "--rate", SLOW_RATE, "--seconds",
                SLOW_SECONDS, "--warmup", 0, "--patience", 15)


def ask_to_spin(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET /spin?ms={SPIN_MS} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode("ascii"))
    return connection


def require_ok(spinner):
    with spinner:
        try:
            status = spinner.recv(4096).split(b"\r\n")[0]
        except OSError as error:
            raise LoadFailed(f"/spin was not answered: {error}") from error
    if b" 200 " not in status:
        raise LoadFailed(f"/spin answered {status!r}")


def load(options, port, on_word, *arguments):
    """Runs the load generator; on_word is called with the first word of each line, as it comes."""
    command = [str(options.bin / "load_bench"), "--port", str(port), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as client:
        lines = []
        for line in client.stdout:
            lines.append(line)
            if on_word:
                on_word(line.split()[0])
        problem = client.stderr.read()
    if client.returncode:
        raise LoadFailed(problem.strip() or f"load_bench ended with status {client.returncode}")
    return results_in(lines)


def results_in(lines):
    words = [line.split() for line in lines]
    return {w[1]: float(w[2]) for w in words if len(w) == 4 and w[0] == "result"}


def errors_of(result):
    return sum(value for name, value in result.items() if name.startswith("errors."))


def report(options, samples):
    measured = samples.rows()
    per_load = [f"{metric}.{count}" for metric in ("cpu_us", "rps", "p50_us", "p99_us", "p99_9_us", "errors")
                for count in options.connections]
    error_kinds = [r for r in measured if r.startswith("errors.") and r not in per_load]
    tables = [
        ("server CPU per request, by connections", [r for r in per_load if r.startswith("cpu")], "perron"),
        ("requests per second, by connections", [r for r in per_load if r.startswith("rps")], "perron"),
        (f"server CPU per request and latency at {options.rate} requests a second over {RATE_CONNECTIONS} connections",
         ["rate_cpu_us", "rate_p99_us"], "perron"),
        ("latency of a closed loop, by connections", [r for r in per_load if r.startswith("p")], None),
        ("errors seen by the client, by connections, and of which kind",
         [r for r in per_load if r.startswith("errors")] + error_kinds, None),
        (f"user memory with {options.idle_connections} idle connections: of one, and of the whole server",
         ["idle_bytes", "idle_total"], "perron"),
        (f"/hello at {SLOW_RATE}/s, quiet: alone; slow: beside {SPINNERS} requests that spin {SPIN_MS} ms",
         ["quiet_p99_ms", "slow_p50_ms", "slow_p99_ms", "slow_max_ms", "slow_errors"], None),
    ]
    for subject, rows, ratio_of in tables:
        figures.print_table(samples, [r for r in rows if r in measured], NAMES, subject, ratio_of)
    print()
    rows = [r for _, of_table, _ in tables for r in of_table if r in measured]
    compared = [r for r in rows if r.startswith(("cpu_us", "rps", "rate_cpu", "idle"))]
    ratios = workloads.ratios_of(samples, compared, ["nginx", "epoll"], "http.")
    printed = workloads.print_figures(samples, rows, NAMES, ratios, "http.")
    figures.print_goals(GOALS, printed)


if __name__ == "__main__":
    main()

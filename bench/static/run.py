# SPDX-License-Identifier: BSD-3-Clause
"""Runs Perron's static files beside nginx: 1 KB, 100 KB and 10 MB, warm and cold, plain and TLS; see bench/README.md."""

import argparse
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "http"), str(HERE.parent)]

import figures  # noqa: E402
import process_tree  # noqa: E402
import servers  # noqa: E402
import workloads  # noqa: E402

NAMES = ["perron", "nginx"]
SIZES = {"1k": 1000, "100k": 100_000, "10m": 10_000_000}
CONNECTIONS = {"1k": 64, "100k": 64, "10m": 16}
COLD_FILES = {"1k": 1000, "100k": 1000, "10m": 40}
COLD_FILES_AT_ONCE = {"1k": 50, "100k": 50, "10m": 4}

GOALS = [(f"static.{way}.{size}.{state}_cpu_us.perron_over_nginx", 1.0)
         for way in ("plain", "tls") for size in SIZES for state in ("warm", "cold")]


class Failed(Exception):
    """Why something was not measured."""


class Perron(servers.Perron):
    def __init__(self, program, www, tls):
        super().__init__(program)
        self._www, self._tls = www, tls
        self.tls_port = 0

    def prepare(self):
        super().prepare()
        usage = subprocess.run([str(self._program), "--help"], capture_output=True, text=True, check=False)
        self.has_tls = "--tls-port" in usage.stdout + usage.stderr

    def command(self, port, directory):
        command = super().command(port, directory) + ["--root", str(self._www)]
        if self.has_tls:
            self.tls_port = servers.free_port()
            command += ["--tls-port", str(self.tls_port), "--cert", str(self._tls / "cert.pem"),
                        "--key", str(self._tls / "key.pem")]
        return command


class Nginx(servers.Nginx):
    has_tls = True

    def __init__(self, www, tls):
        self._www, self._tls = www, tls
        self.tls_port = 0

    def command(self, port, directory):
        self.tls_port = servers.free_port()
        for name in ("cert.pem", "key.pem"):
            shutil.copy(self._tls / name, directory / name)
        text = (HERE / "nginx.conf").read_text(encoding="ascii")
        for key, value in {"PORT": port, "TLS_PORT": self.tls_port, "WWW": self._www, "DIR": directory}.items():
            text = text.replace(f"@{key}@", str(value))
        config = directory / "nginx.conf"
        config.write_text(text, encoding="ascii")
        return [self._program, "-c", str(config), "-p", str(directory), "-e", str(directory / "error.log")]


def main():
    options = parse_options()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed; ./dev setup bench installs it")
    with tempfile.TemporaryDirectory(prefix="bench_static_", dir=options.dir) as directory:
        os.chmod(directory, 0o755)
        www, tls = make_files(pathlib.Path(directory)), make_certificate(pathlib.Path(directory))
        ready = prepared([Perron(options.perron, www, tls), Nginx(www, tls)])
        figures.print_machine(options.rounds)
        samples = figures.Samples()
        for number in range(options.rounds):
            in_turn = workloads.turned(ready, number)
            for way in options.ways:
                for size in options.sizes:
                    measure(in_turn, way, size, options, www, samples)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
        report(samples)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench static", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=float, default=4, metavar="S", help="per warm load")
    parser.add_argument("--size", action="append", choices=list(SIZES), dest="sizes", help="this one only")
    parser.add_argument("--way", action="append", choices=["plain", "tls"], dest="ways", help="this one only")
    parser.add_argument("--no-cold", action="store_true", help="warm only")
    parser.add_argument("--dir", default="/var/tmp", metavar="DIR", help="where files are made: a real disk")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH",
                        help="the server that stands for Perron")
    options = parser.parse_args()
    options.sizes = options.sizes or list(SIZES)
    options.ways = options.ways or ["plain", "tls"]
    return options


def make_files(directory):
    www = directory / "www"
    www.mkdir()
    for name, size in SIZES.items():
        (www / f"{name}.txt").write_bytes(content(size))
        (www / f"cold_{name}").mkdir()
        for i in range(COLD_FILES[name]):
            (www / f"cold_{name}" / f"{i}.txt").write_bytes(content(size))
    os.sync()
    return www


def content(size):
    return (b"Perron serves this line from a file, again and again.\n" * (size // 54 + 1))[:size]


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"],
                   cwd=directory, check=True, capture_output=True)
    return directory


def prepared(all_servers):
    ready = servers.prepared(all_servers)
    if not ready:
        sys.exit("nothing to measure")
    for server in ready:
        if not server.has_tls:
            print(f"skipped: {server.name}: TLS: this build has no --tls-port")
    return ready


def measure(all_servers, way, size, options, www, samples):
    those = [server for server in all_servers if way == "plain" or server.has_tls]
    for server in those:
        try:
            with server.running() as (pid, port):
                measure_warm(server, pid, port, way, size, options, samples)
        except (servers.Unavailable, Failed) as reason:
            print(f"skipped: {server.name}: {way}, {size}: {reason}")
    if options.no_cold:
        return
    try:
        measure_cold(those, way, size, www, samples)
    except (servers.Unavailable, Failed, OSError) as reason:
        print(f"skipped: {way}, {size}, cold: {reason}")


def cpu_us(pid):
    """User and system time of a process and its descendants, by their CPU clocks: to the nanosecond."""
    total = 0
    for member in process_tree.members(pid):
        try:
            total += time.clock_gettime_ns((~member << 3) | 2)
        except OSError:
            pass
    return total / 1000


def measure_warm(server, pid, port, way, size, options, samples):
    url = f"http://127.0.0.1:{port}" if way == "plain" else f"https://127.0.0.1:{server.tls_port}"
    url += f"/static/{size}.txt"
    wrk(url, size, 1)
    before = cpu_us(pid)
    requests = wrk(url, size, options.seconds)
    used = cpu_us(pid) - before
    samples.add(f"{way}.{size}.warm_cpu_us", server.name, used / requests, "us")
    samples.add(f"{way}.{size}.warm_rps", server.name, requests / options.seconds, "req/s")
    samples.add(f"{way}.{size}.memory", server.name, process_tree.user_bytes(pid) / 1e6, "MB")


def wrk(url, size, seconds):
    """How many requests were answered."""
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS[size]}",
                           f"-d{seconds:g}s", "--timeout", "60s", url], capture_output=True,
                          text=True, check=False)
    found = re.search(r"(\d+) requests in", done.stdout)
    if not found or int(found[1]) == 0 or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise Failed((done.stdout + done.stderr).strip()[-300:])
    return int(found[1])


def measure_cold(those, way, size, www, samples):
    """All of them run, and are asked in turn, for some files each time: what a disk costs changes within seconds."""
    files = sorted((www / f"cold_{size}").iterdir())
    with contextlib.ExitStack() as stack:
        asked = [Asked(stack, server, way) for server in those]
        at_once = COLD_FILES_AT_ONCE[size]
        for number, first in enumerate(range(0, len(files), at_once)):
            for each in workloads.turned(asked, number):
                each.ask_for(files[first:first + at_once], size)
        for each in asked:
            samples.add(f"{way}.{size}.cold_cpu_us", each.server.name, each.used_us / len(files), "us")
            samples.add(f"{way}.{size}.cold_ms", each.server.name, each.seconds * 1000 / len(files), "ms")


class Asked:
    """A server that runs, with a connection to it."""

    def __init__(self, stack, server, way):
        self.server = server
        self._pid, port = stack.enter_context(server.running())
        if way == "plain":
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        else:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self._connection = http.client.HTTPSConnection("127.0.0.1", server.tls_port, timeout=30, context=context)
        stack.callback(self._connection.close)
        self._connection.connect()
        get(self._connection, "/hello")
        self.used_us = self.seconds = 0

    def ask_for(self, files, size):
        for file in files:
            with open(file, "rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        before, began = cpu_us(self._pid), time.monotonic()
        for file in files:
            if len(get(self._connection, f"/static/{file.parent.name}/{file.name}")) != SIZES[size]:
                raise Failed(f"{self.server.name}: {file.name} is not whole")
        self.used_us += cpu_us(self._pid) - before
        self.seconds += time.monotonic() - began


def get(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Failed(f"{path} is answered with {answer.status}")
    return body


def report(samples):
    measured = samples.rows()
    tables = [
        ("server CPU per request", [r for r in measured if r.endswith("cpu_us")], "perron"),
        ("requests per second, of a load that uses both cores", [r for r in measured if r.endswith("rps")], "perron"),
        ("time of a request for a file that is not in the page cache",
         [r for r in measured if r.endswith("cold_ms")], None),
        ("user memory of the whole server behind the load", [r for r in measured if r.endswith("memory")], "perron"),
    ]
    for subject, rows, ratio_of in tables:
        figures.print_table(samples, rows, NAMES, subject, ratio_of)
    print()
    rows = [row for _, of_table, _ in tables for row in of_table]
    ratios = workloads.ratios_of(samples, rows, ["nginx"], "static.")
    printed = workloads.print_figures(samples, rows, NAMES, ratios, "static.")
    figures.print_goals(GOALS, printed)


if __name__ == "__main__":
    main()

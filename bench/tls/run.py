# SPDX-License-Identifier: BSD-3-Clause
"""Runs kitchen_sink beside nginx over TLS: what handshakes, idle connections and requests cost the server."""

import argparse
import contextlib
import os
import pathlib
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "http")]

import figures  # noqa: E402
import process_tree  # noqa: E402
import workloads  # noqa: E402

SERVERS = ["perron", "nginx"]
EXPERIMENTS = ["handshakes", "idle", "requests"]
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
SPARE_FDS = 500
REQUEST_CONNECTIONS = 64

# What Perron sets itself: (figure, at most). CPU per handshake is what bounds handshakes a second: 1 / 0.95.
GOALS = [(f"tls.{kind}_cpu_us.{version}.perron_over_nginx", 1.053)
         for kind in ("full", "resumed") for version in VERSIONS]
GOALS += [("tls.idle_bytes.perron_over_nginx", 1.0), ("tls.request_cpu_us.perron_over_nginx", 1.0)]


def main():
    options = parse_options()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    options.idle_connections = min(options.idle_connections, hard - SPARE_FDS)
    samples = figures.Samples()
    figures.print_machine(options.rounds)
    for turn in range(options.rounds):
        for name in SERVERS if turn % 2 == 0 else SERVERS[::-1]:
            if name == "nginx" and not shutil.which("nginx"):
                print("skipped: nginx is not installed")
                continue
            measure(options, name, samples)
        print(f"round {turn + 1} of {options.rounds} done", file=sys.stderr)
    report(samples)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench tls", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--only", action="append", choices=EXPERIMENTS, help="may be given several times")
    parser.add_argument("--handshakes", type=int, default=2000, metavar="N", help="of each kind")
    parser.add_argument("--requests", type=int, default=30000, metavar="N")
    parser.add_argument("--idle-connections", type=int, default=10000, metavar="N")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH")
    return parser.parse_args()


def measure(options, name, samples):
    wanted = options.only or EXPERIMENTS
    if "handshakes" in wanted:
        for version in VERSIONS:
            with running(options, name) as (pid, port):
                for kind in ("full", "resumed"):
                    cost = cpu_of_handshakes(pid, port, version, kind == "resumed", options.handshakes)
                    samples.add(f"{kind}_cpu_us.{version}", name, cost * 1e6, "us")
    if "idle" in wanted:
        with running(options, name) as (pid, port):
            samples.add("idle_bytes", name, bytes_of_idle(pid, port, options.idle_connections), "bytes")
    if "requests" in wanted:
        with running(options, name) as (pid, port):
            samples.add("request_cpu_us", name, cpu_of_requests(pid, port, options.requests) * 1e6, "us")


@contextlib.contextmanager
def running(options, name):
    """A fresh server: (root process id, port)."""
    with tempfile.TemporaryDirectory(prefix=f"bench_tls_{name}_") as directory:
        os.chmod(directory, 0o755)
        folder = pathlib.Path(directory)
        make_certificate(folder)
        port = free_port()
        if name == "perron":
            command = [str(options.perron), "--port", "0", "--workers", "2", "--tls-port", str(port),
                       "--cert", str(folder / "server.pem"), "--key", str(folder / "server.pem")]
        else:
            text = (HERE / "nginx.conf").read_text().replace("@PORT@", str(port)).replace("@DIR@", directory)
            (folder / "nginx.conf").write_text(text)
            command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", directory, "-e", str(folder / "error.log")]
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_until_answering(process, port, folder / "output")
            yield process.pid, port
        finally:
            process_tree.stop(process)


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "1", "-subj", "/CN=localhost", "-keyout", str(folder / "server.key"),
                    "-out", str(folder / "server.pem")], check=True, capture_output=True)
    with open(folder / "server.pem", "a", encoding="ascii") as both:
        both.write((folder / "server.key").read_text())
    os.chmod(folder / "server.pem", 0o644)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_answering(process, port, output):
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with connect(context(), port) as client:
                ask(client)
                return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"the server does not answer:\n{output.read_text()}")


def context(version="1.3"):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.maximum_version = VERSIONS[version]
    return made


def connect(with_context, port, session=None):
    bare = socket.create_connection(("127.0.0.1", port))
    bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return with_context.wrap_socket(bare, server_hostname="localhost", session=session)


def ask(client):
    client.sendall(HELLO)
    answer = b""
    while not answer.endswith(b"Hello, world!"):
        part = client.recv(4096)
        if not part:
            raise ConnectionError("the server has closed")
        answer += part


def cpu_seconds(root):
    """As process_tree.cpu_seconds, by the nanosecond."""
    spent = 0
    for pid in process_tree.members(root):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                spent += int(file.read().split()[0])
    return spent / 1e9


def cpu_of_handshakes(pid, port, version, resumed, count):
    """A handshake and the end of its connection; no request."""
    with_context = context(version)
    session = None
    if resumed:
        with connect(with_context, port) as first:
            ask(first)
            session = first.session
    before = cpu_seconds(pid)
    for _ in range(count):
        with connect(with_context, port, session) as client:
            if client.session_reused != resumed:
                sys.exit(f"a handshake was {'not ' if resumed else ''}resumed")
    return (cpu_seconds(pid) - before) / count


def bytes_of_idle(pid, port, count):
    """Each has had one answer; user memory, beyond that of a server that has had a few."""
    with_context = context()
    for _ in range(100):
        with connect(with_context, port) as client:
            ask(client)
    before = process_tree.user_bytes(pid)
    clients = []
    for _ in range(count):
        client = connect(with_context, port)
        ask(client)
        clients.append(client)
    each = (process_tree.user_bytes(pid) - before) / count
    for client in clients:
        client.close()
    return each


def cpu_of_requests(pid, port, count):
    with_context = context()
    clients = [connect(with_context, port) for _ in range(REQUEST_CONNECTIONS)]
    for client in clients:
        ask(client)
    before = cpu_seconds(pid)
    for _ in range(count // len(clients)):
        for client in clients:
            client.sendall(HELLO)
        for client in clients:
            client.recv(4096)
    each = (cpu_seconds(pid) - before) / (count // len(clients) * len(clients))
    for client in clients:
        client.close()
    return each


def report(samples):
    figures.print_table(samples, samples.rows(), SERVERS, "TLS", "perron")
    print()
    ratios = workloads.ratios_of(samples, samples.rows(), ["nginx"], "tls.")
    figures.print_goals(GOALS, workloads.print_figures(samples, samples.rows(), SERVERS, ratios, "tls."))


if __name__ == "__main__":
    main()

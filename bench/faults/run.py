# SPDX-License-Identifier: BSD-3-Clause
"""Crashing handlers and dying clients against kitchen_sink: what others notice, and what is left over."""

import argparse
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import figures  # noqa: E402

CRASH_EVERY = 100
PATIENCE_S = 60
QUIET_S = 2
BEGINNINGS = [  # where a client may be when it dies
    b"",
    b"GET /hel",
    b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf",
    b"GET /poll HTTP/1.1\r\nHost: test\r\n\r\n",
    b"GET /sleep?ms=100000 HTTP/1.1\r\nHost: test\r\n\r\nGET /hello HTTP/1.1\r\nHost: ",
]


def main():
    options = parse_options()
    if options.client:
        be_a_client_until_killed(*options.client)
    with Server(options.perron, options.workers) as server:
        ask(server, options.requests // 10, options.connections)  # what is made once is made now
        before = server.settled()
        crash_requests(server, options)
        kill_clients(server, options.kills)
        leave_half_open(server, options.half_open)
        reset(server, options.resets)
        report_leftovers(before, server.settled())
        code = server.stop()
    figures.figure("faults.exit_code_after_sigterm", code, "code")
    sys.exit(code)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench faults", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, metavar="N", help="of which 1 %% crash")
    parser.add_argument("--connections", type=int, default=32, metavar="N")
    parser.add_argument("--kills", type=int, default=20, metavar="N", help="client processes killed with -9")
    parser.add_argument("--half-open", type=int, default=5_000, metavar="N")
    parser.add_argument("--resets", type=int, default=20_000, metavar="N")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH")
    parser.add_argument("--client", type=int, nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


class Server:
    """kitchen_sink, from its start to its end, and one connection to ask it for its figures."""

    def __init__(self, path, workers):
        self._log = open(os.devnull, "wb")
        self._process = subprocess.Popen([path, "--port", "0", "--workers", str(workers)],
                                         stdout=subprocess.PIPE, stderr=self._log)
        line = self._process.stdout.readline().decode()
        if "http://127.0.0.1:" not in line:
            sys.exit(f"{path} said {line!r}")
        self.port = int(line.rstrip("/\n").rpartition(":")[2])
        self._asking = Client(self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._log.close()

    def stats(self):
        status, body = self._asking.ask(request("/stats"))
        if status != 200:
            sys.exit("no figures from the server")
        return json.loads(body)

    def wait_until(self, condition, what):
        give_up = time.monotonic() + PATIENCE_S
        while True:
            stats = self.stats()
            if condition(stats):
                return stats
            if time.monotonic() > give_up:
                sys.exit(f"did not happen: {what}; {stats}")
            time.sleep(0.01)

    def settled(self):
        """Figures and memory once nothing is left but the connection and the request that ask, and the crash
        reporter, which has a thread of its own, is done as well."""
        stats = self.wait_until(lambda s: s["http"]["connections"] == 1 and s["http"]["running"] == 1,
                                "all connections closed and all requests ended")
        unchanged_since, resident = time.monotonic(), self._resident()
        while time.monotonic() - unchanged_since < QUIET_S:
            time.sleep(0.05)
            if self._resident() != resident:
                unchanged_since, resident = time.monotonic(), self._resident()
        stats["resident"] = resident
        return stats

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def _resident(self):
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) * 1024


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = b""

    def ask(self, data):
        self.socket.sendall(data)
        return self.read()

    def read(self):
        """(status, body); status is 0 if the connection ended before all of an answer was there."""
        while b"\r\n\r\n" not in self._came:
            if not self._receive():
                return 0, b""
        head, _, rest = self._came.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        while len(rest) < length:
            if not self._receive():
                return 0, b""
            rest = self._came.partition(b"\r\n\r\n")[2]
        self._came = rest[length:]
        return int(head[9:12]), rest[:length]

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self._came += data
        return bool(data)


def request(path):
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()


def ask(server, requests, connections):
    """Asks over all connections at once, again and again. Gives (200s, 500s to /crash, anything else)."""
    clients = [Client(server.port) for _ in range(connections)]
    answered = crashed = lost = 0
    hello, crash = request("/hello"), request("/crash")
    for first in range(0, requests, connections):
        turn = range(first, min(first + connections, requests))
        for i in turn:
            clients[i % connections].socket.sendall(crash if i % CRASH_EVERY == 0 else hello)
        for i in turn:
            status, body = clients[i % connections].read()
            if i % CRASH_EVERY == 0 and status == 500:
                crashed += 1
                clients[i % connections].close()
                clients[i % connections] = Client(server.port)
            elif i % CRASH_EVERY != 0 and status == 200 and body == b"Hello, world!":
                answered += 1
            else:
                lost += 1
    for client in clients:
        client.close()
    return answered, crashed, lost


def crash_requests(server, options):
    before = server.settled()
    begin = time.monotonic()
    answered, crashed, lost = ask(server, options.requests, options.connections)
    seconds = time.monotonic() - begin
    after = server.settled()
    print(f"{options.requests} requests over {options.connections} connections, every {CRASH_EVERY}th crashes, "
          f"in {seconds:.1f} s")
    figures.figure("faults.requests", options.requests, "requests")
    figures.figure("faults.answered_200", answered, "requests")
    figures.figure("faults.crashed_500", crashed, "requests")
    figures.figure("faults.lost", lost, "requests")
    figures.figure("faults.crashed_by_server", after["http"]["crashed"] - before["http"]["crashed"], "requests")
    figures.figure("faults.crash_reports_dropped",
                   after["crash_reports_dropped"] - before["crash_reports_dropped"], "reports")
    figures.figure("faults.rss_before", before["resident"] / 1024, "KiB")
    figures.figure("faults.rss_after", after["resident"] / 1024, "KiB")
    print_growth("faults.crashes", before, after)


def be_a_client_until_killed(port, connections):
    clients = [Client(port) for _ in range(connections)]
    for i, client in enumerate(clients):
        client.socket.sendall(BEGINNINGS[i % len(BEGINNINGS)])
    print("ready", flush=True)
    signal.pause()


def kill_clients(server, kills):
    connections = 100
    before = server.settled()
    for _ in range(kills):
        client = subprocess.Popen([sys.executable, __file__, "--client", str(server.port), str(connections)],
                                  stdout=subprocess.PIPE)
        client.stdout.readline()
        running = 3 * connections // len(BEGINNINGS)
        server.wait_until(lambda s: s["http"]["running"] == running + 1, "its requests running")
        client.kill()
        client.wait()
        client.stdout.close()
    after = server.settled()
    print(f"{kills} client processes killed with -9, each in the middle of {connections} requests")
    figures.figure("faults.killed_clients", kills, "processes")
    figures.figure("faults.killed_client_requests_ended",
                   after["http"]["client_gone"] - before["http"]["client_gone"], "requests")
    print_growth("faults.kills", before, after)


def leave_half_open(server, times):
    before = server.settled()
    for i in range(times):
        client = Client(server.port)
        client.socket.sendall(BEGINNINGS[i % len(BEGINNINGS)])
        client.socket.shutdown(socket.SHUT_WR)
        while client._receive():
            pass
        client.close()
    after = server.settled()
    print(f"{times} peers that shut their sending half in the middle of a request and wait")
    figures.figure("faults.half_open", times, "connections")
    print_growth("faults.half_open", before, after)


def reset(server, times):
    before = server.settled()
    for i in range(times):
        client = Client(server.port)
        client.socket.sendall(BEGINNINGS[i % len(BEGINNINGS)])
        client.reset()
    after = server.settled()
    print(f"{times} connections ended by a reset in the middle of a request")
    figures.figure("faults.resets", times, "connections")
    print_growth("faults.resets", before, after)


def print_growth(name, before, after):
    for row, unit in [("processes", "processes"), ("sockets", "sockets"), ("stacks_in_use", "stacks"),
                      ("process_memory", "bytes")]:
        figures.figure(f"{name}.{row}_growth", after[row] - before[row], unit)
    figures.figure(f"{name}.rss_growth", (after["resident"] - before["resident"]) / 1024, "KiB")


def report_leftovers(before, after):
    print("from the first to the last of these")
    print_growth("faults.all", before, after)


if __name__ == "__main__":
    main()

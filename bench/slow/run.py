# SPDX-License-Identifier: BSD-3-Clause
"""Slow clients against kitchen_sink: slowhttptest in its four modes, and readers of a very large answer; what a normal
client notices meanwhile, and how much memory they cost. See bench/README.md."""

import argparse
import os
import pathlib
import resource
import select
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "http"), str(HERE.parent)]

import figures  # noqa: E402
import process_tree  # noqa: E402
import servers  # noqa: E402

# What slowhttptest is told beside the number of clients and the time.
MODES = {
    "headers": ["-H", "-i", "5", "-x", "24", "-u", "/hello"],
    "body": ["-B", "-i", "5", "-s", "8192", "-x", "10", "-t", "POST", "-u", "/echo"],
    "read": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3", "-u", "/big?bytes=1000000"],
    "range": ["-R", "-a", "1", "-b", "2000", "-t", "HEAD", "-u", "/static/big.bin"],
}
EXPERIMENTS = list(MODES) + ["readers"]
RATE, NORMAL_CONNECTIONS = 50, 50
READERS, READER_BYTES_PER_S, ANSWER_BYTES = 100, 1000, 1_000_000_000
GOALS = [(f"slow.{mode}.p99_ms", 50) for mode in MODES]


def main():
    options = parse_options()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = servers.Perron(options.perron)
    server.prepare()
    figures.print_machine(1)
    printed = {}

    def say(name, value, unit):
        printed[name] = value
        figures.figure(name, value, unit)

    for experiment in options.only or EXPERIMENTS:
        with server.running() as (pid, port):
            normal(options, port, 1)  # what is made once is made now
            before = process_tree.user_bytes(pid)
            if experiment == "readers":
                grown, read = read_slowly(pid, port, options.seconds)
                say("slow.readers.growth", (grown - before) / 1e6, "MB")
                say("slow.readers.growth_each", (grown - before) / READERS / 1000, "kB")
                say("slow.readers.read", read / 1e6, "MB")
                continue
            result, peak = beside_slow_clients(options, experiment, pid, port)
            say(f"slow.{experiment}.p50_ms", result["p50"] / 1000, "ms")
            say(f"slow.{experiment}.p99_ms", result["p99"] / 1000, "ms")
            say(f"slow.{experiment}.max_ms", result["max"] / 1000, "ms")
            say(f"slow.{experiment}.errors",
                sum(v for k, v in result.items() if k.startswith("errors.")), "count")
            say(f"slow.{experiment}.most_connections", peak["connections"], "connections")
            say(f"slow.{experiment}.growth", (peak["bytes"] - before) / 1e6, "MB")
    figures.print_goals(GOALS, printed)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench slow", description=__doc__)
    parser.add_argument("--only", action="append", choices=EXPERIMENTS, help="may be given several times")
    parser.add_argument("--clients", type=int, default=10000, metavar="N")
    parser.add_argument("--seconds", type=int, default=30, metavar="S", help="each")
    parser.add_argument("--bin", type=pathlib.Path, default=programs / "bench", metavar="DIR")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH")
    return parser.parse_args()


def beside_slow_clients(options, mode, pid, port):
    program = shutil.which("slowhttptest")
    if not program:
        sys.exit("slowhttptest is not installed")
    told = list(MODES[mode])
    told[-1] = f"http://127.0.0.1:{port}{told[-1]}"
    slow = subprocess.Popen([program, "-c", str(options.clients), "-r", "2000", "-l", str(options.seconds),
                             "-p", "3600", *told], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    peak = {"bytes": 0, "connections": 0}
    over = threading.Event()

    def watch():
        while not over.wait(0.5):
            peak["bytes"] = max(peak["bytes"], process_tree.user_bytes(pid))
            peak["connections"] = max(peak["connections"], sockets_of(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        time.sleep(min(6.0, options.seconds / 3))  # they come by 2,000 a second
        result = normal(options, port, options.seconds * 0.5)
    finally:
        over.set()
        watcher.join()
        slow.terminate()
        slow.wait()
    return result, peak


def sockets_of(pid):
    folder = f"/proc/{pid}/fd"
    return sum(1 for name in os.listdir(folder) if is_socket(f"{folder}/{name}"))


def is_socket(path):
    try:
        return os.readlink(path).startswith("socket:")
    except OSError:
        return False


def normal(options, port, seconds):
    """The latencies of a client that asks RATE times a second, whatever the answers do."""
    done = subprocess.run([str(options.bin / "load_bench"), "--port", str(port), "--connections",
                           str(NORMAL_CONNECTIONS), "--rate", str(RATE), "--seconds", str(seconds), "--warmup", "0",
                           "--patience", "15"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"load_bench: {done.stderr.strip()}")
    words = [line.split() for line in done.stdout.splitlines()]
    return {w[1]: float(w[2]) for w in words if len(w) == 4 and w[0] == "result"}


def read_slowly(pid, port, seconds):
    """READERS clients that ask for ANSWER_BYTES each and read a little of it once a second. Gives the greatest user
    memory of the server meanwhile, and how much they read."""
    clients = []
    for _ in range(READERS):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(f"GET /big?bytes={ANSWER_BYTES} HTTP/1.1\r\nHost: x\r\n\r\n".encode("ascii"))
        clients.append(client)
    read = peak = 0
    for _ in range(seconds):
        until = time.monotonic() + 1
        for client in clients:
            if select.select([client], [], [], 0)[0]:
                piece = client.recv(READER_BYTES_PER_S)
                if not piece:
                    sys.exit("a reader was cut off")
                read += len(piece)
        peak = max(peak, process_tree.user_bytes(pid))
        time.sleep(max(0.0, until - time.monotonic()))
    for client in clients:
        client.close()
    return peak, read


if __name__ == "__main__":
    main()

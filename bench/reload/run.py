# SPDX-License-Identifier: BSD-3-Clause
"""Reloads of `perron` under wrk: what is lost (nothing may be), how long one takes, what is left in memory."""

import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import figures  # noqa: E402

ROOTS = ["one", "two"]


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="perron-reload-") as name:
        folder = pathlib.Path(name)
        for root in ROOTS:
            (folder / root).mkdir()
            (folder / root / "index.html").write_text(f"<p>{root}</p>\n")
        sys.exit(measure(folder, options))


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench reload", description=__doc__)
    parser.add_argument("--reloads", type=int, default=1_000, metavar="N")
    parser.add_argument("--connections", type=int, default=32, metavar="N")
    parser.add_argument("--bad-every", type=int, default=10, metavar="N", help="each Nth configuration is wrong")
    parser.add_argument("--new-server-every", type=int, default=50, metavar="N",
                        help="each Nth changes what needs another server on the same sockets")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "perron", metavar="PATH")
    return parser.parse_args()


def configuration(n, options):
    backlog = 1000 + n // options.new_server_every
    key = "rot" if n % options.bad_every == options.bad_every - 1 else "root"
    return (f'[server]\ncontrol = "control.sock"\nworkers = 2\ndrain_time = "5s"\n'
            f'[[listener]]\nname = "web"\nlisten = "127.0.0.1:0"\nbacklog = {backlog}\n'
            f'[[site]]\nnames = ["127.0.0.1"]\n{key} = "{ROOTS[n % 2]}"\n'
            f'[[site.location]]\npath = "/n"\nreturn = 200\nbody = "{n}"\n')


def measure(folder, options):
    file = folder / "perron.toml"
    file.write_text(configuration(0, options))
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen([options.perron, "run", file], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        control = str(folder / "control.sock")
        warm_up(file, control, options)
        before = resident_kb(server.pid)
        load = subprocess.Popen(["wrk", "-t1", f"-c{options.connections}", "-d1h", f"http://127.0.0.1:{port}/"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        took, wrong = reload_often(file, control, port, options)
        load.send_signal(signal.SIGINT)
        said = load.communicate()[0]
        after = settled_kb(server.pid)
        server.send_signal(signal.SIGTERM)
        code = server.wait()
    finally:
        if server.poll() is None:
            server.kill()
    return report(said, took, wrong, before, after, code)


def ask(control, method, target):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(control)
        s.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        came = b""
        while part := s.recv(65536):
            came += part
    return int(came[9:12]), came.partition(b"\r\n\r\n")[2]


def get(port, target):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        came = b""
        while part := s.recv(65536):
            came += part
    return came.partition(b"\r\n\r\n")[2].decode()


def warm_up(file, control, options):
    for _ in range(20):
        ask(control, "POST", "/reload")


def reload_often(file, control, port, options):
    """The time of each good reload in ms, and what was not as it should be."""
    took, wrong, in_force = [], 0, 0
    for n in range(1, options.reloads + 1):
        is_bad = n % options.bad_every == options.bad_every - 1
        file.write_text(configuration(n, options))
        begin = time.monotonic()
        status, _ = ask(control, "POST", "/reload")
        if not is_bad:
            took.append((time.monotonic() - begin) * 1000)
            in_force = n
        if status != (422 if is_bad else 200) or get(port, "/n") != str(in_force):
            wrong += 1
    return sorted(took), wrong


def resident_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def settled_kb(pid):
    """When two readings agree, or after ten seconds."""
    last = 0
    for _ in range(100):
        now = resident_kb(pid)
        if now == last:
            break
        last = now
        time.sleep(0.1)
    return last


def report(said, took, wrong, before, after, code):
    print(said)
    errors = sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", said))
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = errors + (int(other[1]) if other else 0)
    requests = int(re.search(r"(\d+) requests in", said)[1])
    figures.figure("reload.requests", requests, "requests")
    figures.figure("reload.lost", lost, "requests")
    figures.figure("reload.wrong", wrong, "reloads")
    figures.figure("reload.median_ms", round(took[len(took) // 2], 2), "ms")
    figures.figure("reload.p99_ms", round(took[len(took) * 99 // 100], 2), "ms")
    figures.figure("reload.memory_growth", after - before, "KB")
    figures.figure("reload.exit_code_after_sigterm", code, "code")
    return 1 if lost or wrong or code else 0


if __name__ == "__main__":
    main()

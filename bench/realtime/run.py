# SPDX-License-Identifier: BSD-3-Clause
"""WebSockets in numbers: one message to very many, many messages to some of whom not all read, and what an idle one
costs; Perron beside Node and Yaws. See bench/README.md."""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "http"), str(HERE.parent)]

import figures  # noqa: E402
import process_tree  # noqa: E402
import rooms  # noqa: E402
import servers  # noqa: E402
import workloads  # noqa: E402

NAMES = ["perron", "node", "yaws"]
EXPERIMENTS = ["fanout", "stream", "idle", "room", "channel"]
GOALS = [("realtime.idle_bytes.perron", 1200)]


def main():
    options = parse_options()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ready = prepared(options)
    if not ready:
        sys.exit("nothing to measure")
    figures.print_machine(options.rounds)
    samples = figures.Samples()
    for number in range(options.rounds):
        for experiment in options.only or EXPERIMENTS:
            for server in workloads.turned(ready, number):
                attempt(server, experiment, options, samples)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
    report(options, samples)


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench realtime", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--only", action="append", choices=EXPERIMENTS, help="may be given several times")
    parser.add_argument("--server", action="append", choices=NAMES, dest="servers",
                        help="this server only; may be given several times")
    parser.add_argument("--sockets", type=int, default=10000, metavar="N", help="of fanout, idle, room and channel")
    parser.add_argument("--messages", type=int, default=20, metavar="N", help="of fanout")
    parser.add_argument("--stream-sockets", type=int, default=1000, metavar="N",
                        help="of stream; a tenth of them never reads")
    parser.add_argument("--stream-messages", type=int, default=10000, metavar="N")
    parser.add_argument("--bin", type=pathlib.Path, default=programs / "bench", metavar="DIR")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH")
    return parser.parse_args()


def prepared(options):
    if not (options.bin / "fanout_bench").exists():
        sys.exit(f"{options.bin / 'fanout_bench'} is not built; ./dev build builds it")
    return servers.prepared([rooms.Perron(options.perron), rooms.Node(), rooms.Yaws()], options.servers)


class LoadFailed(Exception):
    """What the load generator said when it gave up."""


def attempt(server, experiment, options, samples):
    try:
        with server.running() as (pid, port):
            MEASURES[experiment](server.name, pid, port, options, samples)
    except (servers.Unavailable, LoadFailed) as reason:
        print(f"skipped: {server.name}, {experiment}: {reason}")


def measure_fanout(name, pid, port, options, samples):
    cpu_us, result, _ = load(options, pid, port, "--connections", options.sockets, "--messages", options.messages)
    samples.add("fanout_last_us", name, result["last_p50_us"], "us")
    samples.add("fanout_last_max_us", name, result["last_max_us"], "us")
    samples.add("fanout_cpu_us", name, cpu_us, "us")


def measure_stream(name, pid, port, options, samples):
    count = options.stream_sockets
    cpu_us, result, grown = load(options, pid, port, "--connections", count, "--silent", count // 10, "--messages",
                                 options.stream_messages, "--window", 32, "--bytes", 256)
    samples.add("stream_per_s", name, result["delivered_per_s"], "messages/s")
    samples.add("stream_cpu_us", name, cpu_us, "us")
    samples.add("stream_growth", name, grown / 1e6, "MB")


def measure_idle(name, pid, port, options, samples):
    if name == "perron":  # the others have a room only
        samples.add("idle_bytes", name, bytes_of_one(pid, port, options, "/ws"), "bytes")


def measure_room(name, pid, port, options, samples):
    samples.add("room_bytes", name, bytes_of_one(pid, port, options, "/ws-chat"), "bytes")


def measure_channel(name, pid, port, options, samples):
    if name == "perron":  # the others have no channels
        samples.add("channel_bytes", name, bytes_of_one(pid, port, options, "/live/ws", "--topic", "lobby"), "bytes")


def bytes_of_one(pid, port, options, path, *more):
    load(options, pid, port, "--connections", 100, "--messages", 5)  # what is made once is made now
    time.sleep(0.5)
    before = process_tree.user_bytes(pid)
    holder = subprocess.Popen(command(options, port, "--path", path, "--connections", options.sockets,
                                      "--hold", *more),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    opened = holder.stdout.readline().startswith("ready")
    if opened:
        time.sleep(2)
        after = process_tree.user_bytes(pid)
    _, problem = holder.communicate("")
    if not opened:
        raise LoadFailed(problem.strip())
    return (after - before) / options.sockets


MEASURES = {"fanout": measure_fanout, "stream": measure_stream, "idle": measure_idle, "room": measure_room,
            "channel": measure_channel}


def command(options, port, *arguments):
    return [str(options.bin / "fanout_bench"), "--port", str(port), *map(str, arguments)]


def load(options, pid, port, *arguments):
    """(server CPU per delivery in microseconds, results, growth of user memory at its end)"""
    cpu = {}
    with subprocess.Popen(command(options, port, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as client:
        result, memory = {}, {}
        for line in client.stdout:
            words = line.split()
            if words[0] in ("begin", "end"):
                cpu[words[0]] = process_tree.cpu_seconds(pid)
                memory[words[0]] = process_tree.user_bytes(pid)
            elif words[0] == "result":
                result[words[1]] = float(words[2])
        problem = client.stderr.read()
    if client.returncode:
        raise LoadFailed(problem.strip() or f"fanout_bench ended with status {client.returncode}")
    return ((cpu["end"] - cpu["begin"]) / result["deliveries"] * 1e6, result, memory["end"] - memory["begin"])


def report(options, samples):
    measured = samples.rows()
    tables = [
        (f"one message to {options.sockets} WebSockets: until the last has it, and server CPU per delivery",
         ["fanout_last_us", "fanout_last_max_us", "fanout_cpu_us"]),
        (f"{options.stream_messages} messages to {options.stream_sockets} WebSockets, of which a tenth never reads",
         ["stream_per_s", "stream_cpu_us", "stream_growth"]),
        (f"user memory of one of {options.sockets} idle WebSockets: in no room, in one, and subscribed to a topic",
         ["idle_bytes", "room_bytes", "channel_bytes"]),
    ]
    for subject, rows in tables:
        figures.print_table(samples, [r for r in rows if r in measured], NAMES, subject, "perron")
    print()
    ratios = workloads.ratios_of(samples, measured, NAMES[1:], "realtime.")
    printed = workloads.print_figures(samples, measured, NAMES, ratios, "realtime.")
    figures.print_goals(GOALS, printed)


if __name__ == "__main__":
    main()

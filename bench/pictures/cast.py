# SPDX-License-Identifier: BSD-3-Clause
"""The servers of the pictures: those of the sweep, small enough that one can count their places."""

import json
import pathlib
import sys

import peers
import servers

HERE = pathlib.Path(__file__).resolve().parent


class Prefork(peers.ApachePrefork):
    """Apache with so many processes, each with one connection at a time."""

    def __init__(self, places):
        self.most_places, self.in_flight = places, 1000


class OneWaiter(peers.Node):
    """One process of Node: one event loop."""

    def command(self, port, directory):
        return servers.Node.command(self, port, directory) + ["1"]


class OneQueue(peers.Puma):
    """One process of Puma with so many threads behind one queue."""

    name = "one_queue"
    workers = 0

    def __init__(self, places):
        self.threads = places


class Tills(peers.Puma):
    """So many processes of Puma, each with one thread and a queue of its own; nginx deals requests to them in turn."""

    name = "tills"
    threads = 1

    def __init__(self, places):
        self._tills = places

    def prepare(self):
        super().prepare()
        self._nginx = servers.need_installed("nginx")

    def command(self, port, directory):
        sockets = [f"{directory}/till{i}" for i in range(self._tills)]
        # Each till may be tried again at once: max_fails counts only what is refused.
        lines = "\n".join(f"    server unix:{socket} max_fails=0;" for socket in sockets)
        config = servers.filled_in("tills_nginx.conf", directory, folder=HERE / "peers", port=port, tills=lines)
        commands = [self.puma(f"unix://{socket}?umask=0000&backlog=4096", 0) for socket in sockets]
        commands.append([self._nginx, "-c", str(config), "-p", str(directory), "-e", str(directory / "error.log")])
        return [sys.executable, str(HERE / "together.py"), json.dumps(commands)]


def server(told, perron, build):
    """Of a [[server]] of a scenario."""
    made = {"apache_prefork": lambda: Prefork(told["places"]), "tills": lambda: Tills(told["places"]),
            "one_queue": lambda: OneQueue(told["places"]), "node": OneWaiter, "perron": lambda: peers.Perron(perron),
            "yaws": peers.Yaws, "go": lambda: peers.Go(build)}
    return made[told["name"]]()

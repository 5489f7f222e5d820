# SPDX-License-Identifier: BSD-3-Clause
"""The servers that have a room at /ws-chat: what one socket says, all get."""

import os
import pathlib

import servers

PEERS = pathlib.Path(__file__).resolve().parent / "peers"


class Perron(servers.Perron):
    """As in the other measurements."""


class Node(servers.Node):
    def prepare(self):
        super().prepare()
        self._modules = "/usr/share/nodejs"
        if not os.path.isdir(f"{self._modules}/ws"):
            raise servers.Unavailable("node-ws is not installed")

    def command(self, port, directory):
        return ["env", f"NODE_PATH={self._modules}", self._program, str(PEERS / "chat.js"), str(port)]


class Yaws(servers.Yaws):
    appmod = "yaws_chat"
    source = PEERS / "yaws_chat.erl"

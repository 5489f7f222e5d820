#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""python3-websockets against kitchen_sink: python_websockets.py ws://HOST:PORT"""

import asyncio
import os
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

base = sys.argv[1]
LARGE = 1 << 20


def check(holds, what):
    if not holds:
        raise AssertionError(what)


async def echoes(ws):
    for message in ("Hello", "", "Grüße, 🚉", "x" * 126, "y" * 65536, "z" * LARGE,
                    b"", b"\xff\x00", os.urandom(LARGE)):
        await ws.send(message)
        check(await ws.recv() == message, f"echo of {type(message).__name__} of {len(message)}")
    await ws.send(["frag", "men", "ted"])
    check(await ws.recv() == "fragmented", "echo of three fragments")
    await ws.send([b"\xff" * 1000] * 3)
    check(await ws.recv() == b"\xff" * 3000, "echo of three binary fragments")
    await asyncio.wait_for(await ws.ping(b"payload"), 10)


async def plain():
    async with websockets.connect(base + "/ws", compression=None, max_size=None, subprotocols=["echo"]) as ws:
        check(ws.subprotocol == "echo", "subprotocol")
        check(ws.extensions == [], "no extension was offered")
        await echoes(ws)


async def deflate(**parameters):
    factory = ClientPerMessageDeflateFactory(**parameters)
    async with websockets.connect(base + "/ws", extensions=[factory], compression=None, max_size=None) as ws:
        check(len(ws.extensions) == 1, f"permessage-deflate agreed on with {parameters}")
        await echoes(ws)
        for _ in range(20):
            await ws.send("again and again " * 100)
            check(await ws.recv() == "again and again " * 100, "echo of what repeats")


async def closes():
    for code, reason in ((1000, ""), (1001, "away"), (3000, "r" * 123), (4999, "mine")):
        ws = await websockets.connect(base + "/ws")
        await ws.close(code, reason)
        check(ws.close_code == code, f"close {code} came back as {ws.close_code}")
    ws = await websockets.connect(base + "/ws-chat", compression=None)
    await ws.send(b"x" * 100_000)
    try:
        await ws.recv()
        check(False, "a message that is too big was let in")
    except websockets.ConnectionClosedError as e:
        check(e.code == 1009, f"too big a message: {e.code}")


async def room():
    everyone = []
    for compression in ("deflate", None, "deflate"):
        # one that is connected may not be in the room yet; one that hears itself is
        everyone.append(await websockets.connect(base + "/ws-chat", compression=compression))
        await everyone[-1].send("here")
        for ws in everyone:
            check(await ws.recv() == "here", "a room of all who are in it")
    for turn, sender in enumerate(everyone):
        text = f"to all of you, {turn} " * 50
        await sender.send(text)
        for ws in everyone:
            check(await ws.recv() == text, "a broadcast")
    for ws in everyone:
        await ws.close()


async def main():
    await plain()
    await deflate()
    await deflate(server_max_window_bits=9, client_max_window_bits=9)
    await deflate(server_no_context_takeover=True, client_no_context_takeover=True)
    await closes()
    await room()


asyncio.run(main())

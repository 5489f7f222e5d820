# SPDX-License-Identifier: BSD-3-Clause
"""The load of a picture: quick requests at fixed times, each over a connection of its own, and a few guests that come at
once. Latency counts from when a request was due."""

import asyncio
import dataclasses

PATIENCE_S = 60


@dataclasses.dataclass
class Seen:
    """A quick request: when it was due and how long it took, in seconds; `problem` where there was no good answer."""

    due: float
    latency: float
    problem: str = ""


def watch(port, load):
    """Makes the load, and gives what became of every quick request, in the order in which they were due."""
    return asyncio.run(_watch(port, load))


async def _watch(port, load):
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.2
    jobs = []
    for guests in load["guests"]:
        jobs += [asyncio.ensure_future(_visit(port, guests["path"], begin + guests["at"])) for _ in range(guests["count"])]
    quick = [asyncio.ensure_future(_visit(port, "/hello", begin + i / load["rate"]))
             for i in range(int(load["seconds"] * load["rate"]))]
    seen = await asyncio.gather(*quick)
    for guest in await asyncio.gather(*jobs):
        if guest.problem:
            raise OSError(f"a guest was not answered: {guest.problem}")
    for each in seen:
        each.due -= begin
    return seen


async def _visit(port, path, due):
    loop = asyncio.get_running_loop()
    await asyncio.sleep(due - loop.time())
    try:
        status = await asyncio.wait_for(_get(port, path), PATIENCE_S)
        problem = "" if b" 200 " in status else status.decode("latin1")
    except asyncio.TimeoutError:
        problem = "no answer"
    except OSError as error:
        problem = str(error)
    return Seen(due, loop.time() - due, problem)


async def _get(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode("ascii"))
        answer = await reader.read()
        return answer.split(b"\r\n")[0]
    finally:
        writer.close()

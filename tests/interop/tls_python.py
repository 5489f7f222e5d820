# SPDX-License-Identifier: BSD-3-Clause
"""Python's http.client against kitchen_sink: tls_python.py BASE CA [FILE]; with FILE: asks until that is there."""

import http.client
import pathlib
import ssl
import sys
import threading
import urllib.parse

base, ca = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
enough = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
context = ssl.create_default_context(cafile=ca)


def connect():
    return http.client.HTTPSConnection(base.hostname, base.port, context=context, timeout=60)


def ask(connection, method, path, body=None):
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, (answer.status, text)
    return text


def all_kinds():
    connection = connect()
    for _ in range(10):
        assert ask(connection, "GET", "/hello") == b"Hello, world!"
    large = bytes(range(256)) * 3000
    assert ask(connection, "POST", "/echo", large) == large
    assert ask(connection, "POST", "/echo", iter([b"in", b"pieces"])) == b"inpieces"
    connection.close()
    assert b"full" in ask(connect(), "GET", "/tls")


asked = [0, 0]
failures = []


def ask_on(index, keeps):
    """By one connection, or by a new one each time."""
    connection = connect()
    try:
        while not enough.exists():
            assert ask(connection, "GET", "/hello") == b"Hello, world!"
            asked[index] += 1
            if not keeps:
                connection.close()
                connection = connect()
    except Exception as failure:  # counted, whatever it is
        failures.append(failure)


if enough is None:
    all_kinds()
else:
    threads = [threading.Thread(target=ask_on, args=(i, i == 0)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"asked meanwhile: {asked[0]} by one connection, {asked[1]} by one each; lost: {len(failures)} {failures}")
    assert not failures

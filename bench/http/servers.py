# SPDX-License-Identifier: BSD-3-Clause
"""The measured servers: whether each is here, how it is built, started on a port of loopback, and stopped."""

import contextlib
import http.client
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile
import time

import process_tree

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
START_TIMEOUT_S = 20
HELLO = b"Hello, world!"


class Unavailable(Exception):
    """Why a server cannot be measured here."""


def prepared(candidates, wanted=None):
    """Those of them that are wanted (None: all) and can run here; says why others cannot."""
    ready = []
    for server in candidates:
        if wanted and server.name not in wanted:
            continue
        try:
            server.prepare()
            ready.append(server)
        except Unavailable as reason:
            print(f"skipped: {server.name}: {reason}")
    return ready


class Server:
    """Made once; running() starts a fresh instance in a directory of its own each time."""

    name = ""
    spins = False  # whether it answers /spin?ms=N

    def prepare(self):
        """Raises Unavailable; called once, before the first start."""

    def command(self, port, directory):
        raise NotImplementedError

    @contextlib.contextmanager
    def running(self):
        """Yields (root process id, port) once /hello is answered; nothing is left when the block ends."""
        with tempfile.TemporaryDirectory(prefix=f"bench_{self.name}_") as directory:
            os.chmod(directory, 0o755)  # nginx and Apache give up root
            www = pathlib.Path(directory, "www")
            www.mkdir()
            (www / "hello").write_bytes(HELLO)
            port = free_port()
            log_path = pathlib.Path(directory, "output")
            with open(log_path, "wb") as log:
                command = self.command(port, pathlib.Path(directory))
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           cwd=directory, env={**os.environ, "HOME": directory},
                                           start_new_session=True)  # Apache's prefork ends its process group
            try:
                wait_until_answering(process, port, log_path)
                yield process.pid, port
            finally:
                process_tree.stop(process)


class Perron(Server):
    name = "perron"
    spins = True

    def __init__(self, program):
        self._program = program

    def prepare(self):
        need_program(self._program)

    def command(self, port, directory):
        return [str(self._program), "--port", str(port), "--workers", "2"]


class Epoll(Server):
    name = "epoll"

    def __init__(self, program):
        self._program = program

    def prepare(self):
        need_program(self._program)

    def command(self, port, directory):
        return [str(self._program), "--port", str(port), "--threads", "2"]


class Nginx(Server):
    name = "nginx"

    def prepare(self):
        self._program = need_installed("nginx")

    def command(self, port, directory):
        config = filled_in("nginx.conf", directory, port=port)
        return [self._program, "-c", str(config), "-p", str(directory), "-e", str(directory / "error.log")]


class Go(Server):
    name = "go"
    spins = True

    def __init__(self, build):
        self._program = build / "go_hello"

    def prepare(self):
        compiler, source = need_installed("go"), PEERS / "hello.go"
        if self._program.exists() and self._program.stat().st_mtime > source.stat().st_mtime:
            return
        environment = {"GOCACHE": str(self._program.parent / "go_cache"), **os.environ, "GO111MODULE": "off"}
        need_success([compiler, "build", "-o", str(self._program), str(source)], environment)

    def command(self, port, directory):
        return [str(self._program), str(port)]


class Node(Server):
    name = "node"
    spins = True

    def prepare(self):
        self._program = need_installed("node")

    def command(self, port, directory):
        return [self._program, str(PEERS / "hello.js"), str(port)]


class Yaws(Server):
    name = "yaws"
    spins = True
    appmod = "yaws_hello"
    source = PEERS / "yaws_hello.erl"
    _library = pathlib.Path("/usr/lib/yaws")

    def prepare(self):
        self._erl, self._erlc = need_installed("erl"), need_installed("erlc")
        if not (self._library / "ebin" / "yaws.beam").exists():
            raise Unavailable("yaws is not installed")

    def command(self, port, directory):
        need_success([self._erlc, "-I", str(self._library / "include"), "-o", str(directory),
                      str(self.source)], dict(os.environ))
        config = filled_in("yaws.conf", directory, port=port, appmod=self.appmod)
        # As the yaws script starts it, but in the foreground; two schedulers, and room for 10,000 sockets.
        return [self._erl, "+K", "true", "+S", "2:2", "+Q", "65536", "-noinput", "-pa",
                str(self._library / "ebin"), "-run", "yaws", "-conf", str(config), "-yaws", "id",
                f"bench_{port}"]


class Apache(Server):
    name = "apache"
    _modules = pathlib.Path("/usr/lib/apache2/modules")

    def prepare(self):
        self._program = need_installed("apache2")
        if not (self._modules / "mod_mpm_event.so").exists():
            raise Unavailable(f"no event MPM in {self._modules}")

    def command(self, port, directory):
        config = filled_in("apache.conf", directory, port=port, modules=self._modules)
        return [self._program, "-d", str(directory), "-f", str(config), "-DFOREGROUND"]


def descriptor_limit():
    """Of one OS process; run.py raises its own to the hard one, and servers inherit it."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def need_program(program):
    if not os.access(program, os.X_OK):
        raise Unavailable(f"{program} is not built")


def need_installed(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        raise Unavailable(f"{name} is not installed")
    return found


def need_success(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-400:]}")


def filled_in(name, directory, *, folder=PEERS, **values):
    """Copies a configuration of a folder into directory, with @NAME@ replaced; returns its path."""
    text = (folder / name).read_text(encoding="ascii").replace("@DIR@", str(directory))
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    path = directory / name
    path.write_text(text, encoding="ascii")
    return path


_last_port = 20000 + os.getpid() % 5000


def free_port():
    """Below the ports that the kernel gives to clients; another each time: the last may be in TIME_WAIT."""
    global _last_port
    while True:
        _last_port = 20000 + (_last_port + 1 - 20000) % 10000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _last_port))
                return _last_port
            except OSError:
                continue


def wait_until_answering(process, port, log_path):
    give_up = time.monotonic() + START_TIMEOUT_S
    problem = "no answer"
    while time.monotonic() < give_up:
        if process.poll() is not None:
            problem = f"ended with status {process.returncode}"
            break
        try:
            status, body = get(port, "/hello")
            if status == 200 and body == HELLO:
                return
            problem = f"/hello answers {status} {body[:40]!r}"
        except OSError:
            pass
        time.sleep(0.05)
    output = log_path.read_text(encoding="utf-8", errors="replace").strip()[-400:]
    raise Unavailable(f"did not start: {problem}; {output}")


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()

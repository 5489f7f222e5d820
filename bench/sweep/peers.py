# SPDX-License-Identifier: BSD-3-Clause
"""The servers of the sweep, with the settings that are recommended to each for many clients. All answer /hello and /sleep,
those that run code /spin too; what they are told lies in peers/ and in ../http/peers."""

import os
import pathlib
import shutil

import servers

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / "peers"

DESCRIPTORS = 20000  # of one OS process here; raised by nobody but root, and not past fs.nr_open
CONNECTIONS_A_PROCESS = 16000  # SO_REUSEPORT does not share evenly
CORES = 2


def processes_for(in_flight):
    """How many OS processes it takes where a server can be several: one until a process's descriptors end."""
    return max(1, -(-in_flight // CONNECTIONS_A_PROCESS))


class Peer(servers.Server):
    """One server as the sweep starts it. in_flight is set before each start: settings may depend on it."""

    in_flight = 100
    sleep_path = "/sleep?ms=100"
    about = ""  # what it is and with which settings, for the report
    files = ()  # configuration and program, shown in the report
    places = None  # how many requests it can have in work at once by its own settings; None: no such number
    more_warmup_s = 0  # that it needs before it is as fast as it will be


class Perron(Peer, servers.Perron):
    name = "perron"
    about = ("kitchen_sink: a process of Perron per request, which waits in receive. Two workers; from 16,000 in flight "
             "on --processes, one worker each, since one OS process has 20,000 descriptors here.")

    def command(self, port, directory):
        count = processes_for(self.in_flight)
        if count == 1:
            return super().command(port, directory)
        return [str(self._program), "--port", str(port), "--workers", "1", "--processes", str(count)]


class Nginx(Peer, servers.Nginx):
    name = "nginx"
    about = ("echo_sleep of libnginx-mod-http-echo, a timer of the event loop: no code of a user runs. Two workers, from "
             "32,000 in flight on one for every 16,000.")
    files = (PEERS / "nginx.conf",)

    def prepare(self):
        super().prepare()
        if not pathlib.Path("/usr/lib/nginx/modules/ngx_http_echo_module.so").exists():
            raise servers.Unavailable("libnginx-mod-http-echo is not installed")

    def command(self, port, directory):
        # A worker holds its peers' listening sockets too, and allots its connections when it starts.
        config = servers.filled_in("nginx.conf", directory, folder=PEERS, port=port, connections=DESCRIPTORS - 500,
                                   workers=max(CORES, processes_for(self.in_flight)))
        return [self._program, "-c", str(config), "-p", str(directory), "-e", str(directory / "error.log")]


class Go(Peer, servers.Go):
    name = "go"
    about = "net/http, a goroutine per connection, GOMAXPROCS(2), one OS process."
    files = (servers.PEERS / "hello.go",)


class Node(Peer, servers.Node):
    name = "node"
    about = "http and setTimeout in a cluster: two workers, from 32,000 in flight on one for every 16,000."
    files = (servers.PEERS / "hello.js",)

    def command(self, port, directory):
        return super().command(port, directory) + [str(max(CORES, processes_for(self.in_flight)))]


class Yaws(Peer, servers.Yaws):
    name = "yaws"
    about = "an appmod, a process of Erlang per connection, two schedulers, one OS process."
    files = (servers.PEERS / "yaws.conf", servers.PEERS / "yaws_hello.erl")


class Mochiweb(Peer):
    name = "mochiweb"
    about = "mochiweb_http with max 1,000,000, a process of Erlang per connection, two schedulers, one OS process."
    files = (PEERS / "mochiweb_hello.erl",)

    def prepare(self):
        self._erl, self._erlc = servers.need_installed("erl"), servers.need_installed("erlc")
        if not pathlib.Path("/usr/lib/erlang/lib/mochiweb").exists():
            raise servers.Unavailable("erlang-mochiweb is not installed")

    def command(self, port, directory):
        servers.need_success([self._erlc, "-o", str(directory), str(self.files[0])], dict(os.environ))
        return [self._erl, "+K", "true", "+S", "2:2", "+Q", "65536", "+P", "1000000", "-noinput", "-pa", str(directory),
                "-run", "mochiweb_hello", "start", str(port)]


class Apache(Peer, servers.Apache):
    """As many places as there are requests in flight, up to most_places."""

    mpm = ""
    most_places = 0
    threads_a_child = 1

    def prepare(self):
        self._program = servers.need_installed("apache2")
        for module in (f"mod_mpm_{self.mpm}.so", "mod_lua.so"):
            if not (self._modules / module).exists():
                raise servers.Unavailable(f"there is no {self._modules / module}")

    def command(self, port, directory):
        wanted = min(self.in_flight + self.in_flight // 10 + 10, self.most_places)
        children = -(-wanted // self.threads_a_child)
        self.places = children * self.threads_a_child
        mpm = servers.filled_in(f"apache_{self.mpm}.conf", directory, folder=PEERS, modules=self._modules,
                                workers=self.places, children=children)
        config = servers.filled_in("apache.conf", directory, folder=PEERS, port=port, modules=self._modules,
                                   lua=shutil.copy(PEERS / "apache.lua", directory), mpm=mpm)
        return [self._program, "-d", str(directory), "-f", str(config), "-DFOREGROUND"]


class ApachePrefork(Apache):
    name = "apache_prefork"
    mpm = "prefork"
    most_places = 4000
    about = "mod_lua under the prefork MPM: an OS process per connection, up to 4,000."
    files = (PEERS / "apache_prefork.conf", PEERS / "apache.conf", PEERS / "apache.lua")


class ApacheEvent(Apache):
    name = "apache_event"
    mpm = "event"
    most_places = 20000
    threads_a_child = 500
    about = "mod_lua under the event MPM: a thread per request, up to 20,000 in processes of 500."
    files = (PEERS / "apache_event.conf", PEERS / "apache.conf", PEERS / "apache.lua")


class Tomcat(Peer):
    """Tomcat 10 with the NIO connector; how many threads, and whether the servlet keeps one while it waits."""

    threads = 200
    heap = "4g"
    more_warmup_s = 8  # until the virtual machine has compiled what runs often
    files = (PEERS / "tomcat_server.xml", PEERS / "Hello.java")
    _home = pathlib.Path("/usr/share/tomcat10")

    def __init__(self, build):
        self._classes = build / "tomcat_classes"

    def prepare(self):
        self._java, compiler = servers.need_installed("java"), servers.need_installed("javac")
        if not (self._home / "bin" / "bootstrap.jar").exists():
            raise servers.Unavailable("tomcat10-common is not installed")
        servers.need_success([compiler, "-cp", str(self._home / "lib" / "servlet-api.jar"), "-d", str(self._classes),
                              str(PEERS / "Hello.java")], dict(os.environ))

    def command(self, port, directory):
        for name in ("conf", "temp", "work", "logs", "webapps/ROOT/WEB-INF/classes"):
            (directory / name).mkdir(parents=True)
        for compiled in self._classes.glob("*.class"):
            shutil.copy(compiled, directory / "webapps/ROOT/WEB-INF/classes")
        config = servers.filled_in("tomcat_server.xml", directory, folder=PEERS, port=port, threads=self.threads)
        config.rename(directory / "conf" / "server.xml")
        jars = f"{self._home}/bin/bootstrap.jar:{self._home}/bin/tomcat-juli.jar"
        return [self._java, f"-Xmx{self.heap}", "-XX:ActiveProcessorCount=2", "-cp", jars,
                f"-Dcatalina.home={self._home}", f"-Dcatalina.base={directory}", f"-Djava.io.tmpdir={directory}/temp",
                "org.apache.catalina.startup.Bootstrap", "start"]


class TomcatDefault(Tomcat):
    name = "tomcat"
    places = 200
    about = "Tomcat 10, NIO connector, its default of 200 threads; a servlet that keeps its thread while it waits."


class TomcatMany(Tomcat):
    name = "tomcat_4000"
    threads = places = 4000
    about = "The same with 4,000 threads."


class TomcatAsync(Tomcat):
    name = "tomcat_async"
    sleep_path = "/later?ms=100"
    about = "Tomcat 10 with 200 threads and an asynchronous servlet, which waits without one."


class Puma(Peer):
    name = "puma"
    places = 2 * 250
    about = "Two processes with 250 threads each behind one queue; a thread per request."
    files = (PEERS / "puma.rb",)
    workers, threads = 2, 250

    def prepare(self):
        self._program, self._env = servers.need_installed("puma"), servers.need_installed("env")

    def command(self, port, directory):
        return self.puma(f"tcp://127.0.0.1:{port}?backlog=4096", self.workers)

    def puma(self, address, workers):
        """The command that has it listen there; no workers: one process."""
        return [self._env, f"BIND={address}", f"WORKERS={workers}", f"THREADS={self.threads}", self._program, "-C",
                str(PEERS / "puma.rb")]


def all_peers(perron, build):
    """In the order of the tables."""
    return [Perron(perron), Nginx(), Go(build), Node(), Yaws(), Mochiweb(), ApachePrefork(), ApacheEvent(),
            TomcatDefault(build), TomcatMany(build), TomcatAsync(build), Puma()]

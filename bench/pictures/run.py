# SPDX-License-Identifier: BSD-3-Clause
"""The classic pictures of servers, each as a run: the same load on every server, the same plot. See README.md."""

import argparse
import os
import pathlib
import signal
import sys
import tomllib

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sweep"), str(HERE.parent / "http"), str(HERE.parent)]

import audience  # noqa: E402
import cast  # noqa: E402
import drawing  # noqa: E402
import figures  # noqa: E402
import servers  # noqa: E402
import workloads  # noqa: E402

NAMES = ["platforms", "trains", "checkout", "waiter"]  # Perron's first: the others are compared with it
BEGIN_OF_TABLE, END_OF_TABLE = "<!-- figures: written by --pages -->", "<!-- end of figures -->"
WARM_UP = 20  # requests, one after the other: all parts of a server are up then


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    load = read(HERE / "load.toml")
    build = ROOT / "build" / "bench" / "sweep"
    build.mkdir(parents=True, exist_ok=True)
    figures.print_machine(1)
    seen = {}
    for name in options.pictures or NAMES:
        for told in read(HERE / name / "scenario.toml")["server"]:
            server = cast.server(told, options.perron.resolve(), build)
            try:
                server.prepare()
                with server.running() as (_, port):
                    for _ in range(WARM_UP):
                        servers.get(port, "/hello")
                    seen[server.name] = (name, audience.watch(port, load))
            except (servers.Unavailable, OSError) as reason:
                print(f"skipped: {server.name}: {reason}")
                continue
            print(f"{name}: {server.name} done", file=sys.stderr, flush=True)
    samples = figures.Samples()
    for server, (_, requests) in seen.items():
        for row, value, unit in drawing.figures_of(load, requests):
            samples.add(row, server, value, unit)
    figures.print_table(samples, samples.rows(), list(seen), "what the quick ones notice")
    print()
    workloads.print_figures(samples, samples.rows(), list(seen), [], "pictures.")
    if options.pages and not options.pictures:
        write_table(HERE / "README.md", samples, list(seen))
    for server, (name, requests) in seen.items():
        folder = HERE / name if options.pages else options.out
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{server}.svg"
        path.write_text(drawing.picture(server, load, requests, seen.get("perron", (None, None))[1]), encoding="utf-8")
        print(f"drawn: {path}")


def write_table(page, samples, names):
    """In the place of the one that the page has between its two marks."""
    rows = [f"| ms | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for row, text in drawing.TEXTS.items():
        rows.append(f"| {text} | " + " | ".join(figures.number(samples.median(row, n)) for n in names) + " |")
    begin, rest = page.read_text(encoding="utf-8").split(BEGIN_OF_TABLE)
    page.write_text("".join([begin, BEGIN_OF_TABLE, "\n", "\n".join(rows), "\n", END_OF_TABLE,
                             rest.split(END_OF_TABLE)[1]]), encoding="utf-8")


def parse_options():
    programs = pathlib.Path(os.environ.get("PERRON_BUILD", ROOT / "build" / "release")) / "bin"
    parser = argparse.ArgumentParser(prog="./dev bench pictures", description=__doc__)
    parser.add_argument("pictures", nargs="*", metavar="picture", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--pages", action="store_true", help="draw into the pages' own folders instead of --out, and write their table")
    parser.add_argument("--perron", type=pathlib.Path, default=programs / "kitchen_sink", metavar="PATH",
                        help="the server that stands for Perron")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "bench" / "pictures", metavar="DIR")
    options = parser.parse_args()
    unknown = set(options.pictures) - set(NAMES)
    if unknown:
        parser.error(f"no such picture: {' '.join(unknown)}")
    return options


def read(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


if __name__ == "__main__":
    main()

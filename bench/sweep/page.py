# SPDX-License-Identifier: BSD-3-Clause
"""The sweep as one self-contained HTML file with plots, tables and the settings of every server, and as JSON."""

import dataclasses
import datetime
import html
import json
import os
import pathlib
import platform

import figures
import plots

PLOTS = [("rps", "answers per second"), ("p99_ms", "99th percentile of latency, ms"),
         ("p50_ms", "median latency, ms"), ("cpu_us", "server CPU per request, us"),
         ("memory_mb", "user memory of all its processes, MB"), ("threads", "threads")]
TABLES = [("rps", "answers per second"), ("errors", "errors seen by clients"), ("cpu_us", "server CPU per request, us"),
          ("p50_ms", "median latency, ms"), ("p99_ms", "99th percentile of latency, ms"),
          ("memory_mb", "user memory of all its processes (proportional set size), MB"), ("processes", "OS processes"),
          ("threads", "threads")]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1180px; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: .6em 0 1.6em; font-variant-numeric: tabular-nums; }
th, td { padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
td.left { text-align: left; }
tr.ours { background: #fdf0e7; }
pre { background: #f6f6f6; padding: .8em; overflow-x: auto; font-size: 12.5px; line-height: 1.35; }
.plots { display: flex; flex-wrap: wrap; gap: 12px; }
.plots svg { max-width: 100%; height: auto; border: 1px solid #e4e4e4; }
"""


def write(folder, options, samples, stops, ready, found, maker):
    (folder / "sweep.json").write_text(json.dumps(_as_values(options, samples, stops, ready, found, maker), indent=1) + "\n",
                                       encoding="utf-8")
    (folder / "sweep.html").write_text(_as_html(options, samples, stops, ready, maker), encoding="utf-8")


def _as_values(options, samples, stops, ready, found, maker):
    return {"format": "perron-sweep/1", "machine": _machine(), "made": _now(), "load": maker, "seconds": options.seconds,
            "in_flight": options.in_flight,
            "servers": {p.name: {"about": p.about, "stops": stops[p.name].stopped if p.name in stops else None}
                        for p in ready},
            "figures": {row: {c: {"median": samples.median(row, c), "unit": samples.unit(row)} for c in samples.columns(row)}
                        for row in samples.rows()},
            "steps": [dataclasses.asdict(step) for step in found]}


def _as_html(options, samples, stops, ready, maker):
    names = [peer.name for peer in ready]
    others = iter(plots.COLOURS[1:])
    colours = {name: plots.COLOURS[0] if name == "perron" else next(others) for name in names}
    drawn = "\n".join(filter(None, (_plot(options, samples, colours, *each) for each in PLOTS)))
    tables = "\n".join(_table(options, samples, names, *each) for each in TABLES)
    return f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Perron: the sweep</title><style>{STYLE}</style>
<h1>Ever more requests in flight</h1>
<p>Every request waits 100 ms in its handler, and every connection asks again as soon as it is answered: so many requests
really are in work at once. Client and server share the machine: {html.escape(_machine())}. Load by {maker},
{options.seconds:g} s measured a step, {options.rounds} round{'s' if options.rounds > 1 else ''}, medians; {_now()}.</p>
<p>{plots.legend(colours)}</p>
<div class="plots">{drawn}</div>
<h2>Where each stops</h2>
{_stops(stops, names)}
{tables}
<h2>What was started, and with which settings</h2>
{''.join(map(_about, ready))}
</html>
"""


def _plot(options, samples, colours, metric, title):
    lines = {}
    for name, colour in colours.items():
        points = [(n, samples.median(f"{metric}.{n}", name)) for n in options.in_flight]
        points = [(x, y) for x, y in points if y is not None and y > 0]
        if points:
            lines[name] = (colour, points)
    if not lines:
        return ""
    values = [y for _, points in lines.values() for _, y in points]
    return plots.plot(title, lines, plots.Axis(options.in_flight, logarithmic=True), plots.Axis(values, logarithmic=True),
                      "requests in flight", "", x_ticks=options.in_flight)


def _table(options, samples, names, metric, subject):
    head = "".join(f"<th>{n:,}</th>" for n in options.in_flight)
    rows = ""
    for name in names:
        cells = (samples.median(f"{metric}.{n}", name) for n in options.in_flight)
        rows += f'<tr{_ours(name)}><td>{name}</td>' + "".join(
            f"<td>{'–' if value is None else figures.number(value)}</td>" for value in cells) + "</tr>\n"
    return f"<h3>{html.escape(subject)}</h3>\n<table><tr><th>requests in flight</th>{head}</tr>\n{rows}</table>"


def _stops(stops, names):
    rows = "".join(f'<tr{_ours(n)}><td>{n}</td><td class="left">'
                   f'{html.escape(stops[n].stopped) if n in stops else "did not stop"}</td></tr>\n' for n in names)
    return f"<table>{rows}</table>"


def _about(peer):
    files = "".join(f"<details><summary>{html.escape(path.name)}</summary><pre>"
                    f"{html.escape(path.read_text(encoding='utf-8'))}</pre></details>" for path in map(pathlib.Path, peer.files))
    return f"<h3>{peer.name}</h3><p>{html.escape(peer.about)}</p>{files}\n"


def _ours(name):
    return ' class="ours"' if name == "perron" else ""


def _machine():
    return f"{os.cpu_count()} cores, Linux {platform.release()}"


def _now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")

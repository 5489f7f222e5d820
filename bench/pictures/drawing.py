# SPDX-License-Identifier: BSD-3-Clause
"""What is made of the requests of a picture: figures, and a drawing of their latency over time and of its percentiles."""

import plots

LOW_MS, HIGH_MS = 0.5, 20000
SHARES = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]
QUICK_MS = 100  # what nobody would notice
# What the page shows of figures_of().
TEXTS = {"p99_ms.quiet": "99th percentile, quiet", "p99_ms.3_slow_payers": "beside 3 slow payers",
         "p99_ms.12_slow_payers": "beside 12 slow payers", "p99_ms.2_hard_sums": "beside 2 hard sums",
         "max_ms": "slowest of all"}
TIME_WIDTH, SHARES_WIDTH, HEIGHT = 600, 300, 280
OURS, THEIRS = plots.COLOURS[:2]


def figures_of(load, seen):
    """(row, value, unit): the 99th percentile in each part of the run, and what can be said of all of it."""
    parts = [("quiet", 0, load["guests"][0]["at"])]
    parts += [(guests["name"].replace(" ", "_"), guests["at"], guests["until"]) for guests in load["guests"]]
    out = []
    for name, begin, end in parts:
        latencies = _latencies(each for each in seen if begin <= each.due < end)
        out.append((f"p99_ms.{name}", quantile(latencies, 0.99), "ms"))
    latencies = _latencies(seen)
    out.append(("p50_ms", quantile(latencies, 0.5), "ms"))
    out.append(("max_ms", latencies[-1], "ms"))
    out.append((f"over_{QUICK_MS}_ms", 100 * sum(ms > QUICK_MS for ms in latencies) / len(latencies), "%"))
    out.append(("errors", sum(bool(each.problem) for each in seen), "count"))
    return out


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def picture(name, load, seen, ours):
    """The SVG of one server; `ours`: what Perron showed, for comparison, if it was measured."""
    bands = [(g["at"], g["until"], g["name"]) for g in load["guests"]]
    latency = plots.Axis([], logarithmic=True, low=LOW_MS, high=HIGH_MS)
    points = [(each.due, each.latency * 1000) for each in seen]
    colour = OURS if name == "perron" else THEIRS
    over_time = plots.plot(f"{name}: latency of each quick request", {name: (colour, points)},
                           plots.Axis([0, load["seconds"]]), latency, "seconds", "ms", dots=True, bands=bands,
                           width=TIME_WIDTH, height=HEIGHT)
    lines = {name: (colour, _shares(seen))}
    if ours and name != "perron":
        lines["perron"] = (OURS, _shares(ours))
    # The further right, the rarer: 1 in 2, 1 in 10, 1 in 100, 1 in 1,000.
    rare = plots.Axis([2, 1000], logarithmic=True)
    beside = plots.plot("one in so many is slower", lines, rare, latency, " ".join(lines), "ms",
                        x_ticks=[2, 10, 100, 1000], width=SHARES_WIDTH, height=HEIGHT)
    inner = over_time + beside.replace("<svg ", f'<svg x="{TIME_WIDTH}" ', 1)
    width = TIME_WIDTH + SHARES_WIDTH
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}">\n'
            f"{inner}</svg>\n")


def _shares(seen):
    latencies = _latencies(seen)
    return [(1 / (1 - share), quantile(latencies, share)) for share in SHARES]


def _latencies(seen):
    return sorted(each.latency * 1000 for each in seen)

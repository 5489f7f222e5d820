# SPDX-License-Identifier: BSD-3-Clause
"""Samples of named figures, their medians and spreads, and how both are printed."""

import os
import platform
import statistics


class Samples:
    """Figures by (row, column), one value a round. Rows and columns keep the order they first came in."""

    def __init__(self):
        self._values = {}
        self._units = {}

    def add(self, row, column, value, unit):
        self._values.setdefault(row, {}).setdefault(column, []).append(value)
        self._units[row] = unit

    def rows(self):
        return list(self._values)

    def columns(self, row):
        return list(self._values.get(row, {}))

    def unit(self, row):
        return self._units[row]

    def median(self, row, column):
        values = self._values.get(row, {}).get(column)
        return statistics.median(values) if values else None

    def spread(self, row, column):
        values = self._values[row][column]
        return min(values), max(values)

    def ratio(self, row, column, other):
        """Median over median, or None where one of the two was not measured."""
        above, below = self.median(row, column), self.median(row, other)
        return above / below if above is not None and below else None


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def plain(value):
    """As in a figure line: no thousands separators, so that a program can read it."""
    return number(value).replace(",", "")


def print_table(samples, rows, columns, subject, ratio_of=None):
    """One line a row; each cell is median (min–max); with ratio_of, how many times the column is of it."""
    columns = [c for c in columns if any(samples.median(r, c) is not None for r in rows)]
    if not columns:
        return
    lines = [["", ""] + columns]
    for row in rows:
        if not samples.columns(row):
            continue
        lines.append([row, samples.unit(row)] + [_cell(samples, row, c) for c in columns])
    ratios = _ratio_lines(samples, rows, columns, ratio_of) if ratio_of else []
    widths = [max(len(line[i]) for line in lines + ratios) for i in range(len(columns) + 2)]
    print(f"\n{subject}: median (min–max)")
    _print_aligned(lines, widths)
    if ratios:
        print(f"\n{ratio_of} over each (medians)")
        _print_aligned([lines[0]] + ratios, widths)


def _cell(samples, row, column):
    if samples.median(row, column) is None:
        return "–"
    low, high = samples.spread(row, column)
    if low == high:
        return number(low)
    return f"{number(samples.median(row, column))} ({number(low)}–{number(high)})"


def _ratio_lines(samples, rows, columns, ratio_of):
    lines = []
    for row in rows:
        ratios = [samples.ratio(row, ratio_of, c) if c != ratio_of else None for c in columns]
        if any(r is not None for r in ratios):
            lines.append([row, ""] + [f"{r:.2f}" if r is not None else "–" for r in ratios])
    return lines


def _print_aligned(lines, widths):
    for line in lines:
        cells = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(line[2:], widths[2:])]
        print("  ".join(cells).rstrip())


def figure(name, value, unit):
    print(f"figure {name} {plain(value)} {unit}")


def ratio_figure(name, value):
    print(f"figure {name} {value:.3f} ratio")


def print_goals(goals, printed):
    """goals: (figure, at most); printed: {figure: value}. Those that were not measured are left out."""
    goals = [(name, limit) for name, limit in goals if name in printed]
    if goals:
        print()
    for name, limit in goals:
        verdict = "met" if printed[name] <= limit else "missed"
        print(f"goal {name} {plain(printed[name])} at most {limit:g}: {verdict}")


def print_machine(rounds):
    with open("/proc/loadavg", encoding="ascii") as file:
        load = file.read().split()[0]
    print(f"machine: {os.cpu_count()} cores, Linux {platform.release()}, load {load} before; {rounds} rounds")

# SPDX-License-Identifier: BSD-3-Clause
"""Small plots as SVG text: lines over a linear or logarithmic axis, and dots. Nothing but the standard library."""

import html
import math

# Told apart by everybody, colour-blind readers included; the first is Perron's.
COLOURS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f7f7f", "#8c564b", "#5e3c99", "#1b7837",
           "#a6761d", "#444444"]
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 26, 36


class Axis:
    """Maps values of [low, high] to pixels; logarithmic where both are above 0 and it is asked for."""

    def __init__(self, values, logarithmic=False, low=None, high=None):
        values = list(values)
        self.logarithmic = logarithmic
        self.low = min(values) if low is None else low
        self.high = max(values) if high is None else high
        if self.high <= self.low:
            self.high = self.low * 2 if self.low > 0 else self.low + 1

    def share(self, value):
        """0 at the low end, 1 at the high one; values beyond are cut there."""
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self):
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1, 2, 5) if self.high / self.low < 200 else (1,)
            return [s * 10.0**d for d in decades for s in steps if self.low <= s * 10.0**d <= self.high]
        step = 10 ** math.floor(math.log10(self.high - self.low))
        for finer in (5, 2):
            if (self.high - self.low) / step < 3:
                step /= finer
        first = math.ceil(self.low / step)
        return [i * step for i in range(first, math.floor(self.high / step) + 1)]


def plot(title, lines, x_axis, y_axis, x_name, y_name, *, dots=False, x_ticks=None, bands=(), width=560, height=300):
    """lines: {name: (colour, [(x, y), ...])}; bands: [(from, to, text)] of x that are shaded."""
    inner_width, inner_height = width - LEFT - RIGHT, height - TOP - BOTTOM

    def across(x):
        return LEFT + x_axis.share(x) * inner_width

    def up(y):
        return TOP + (1 - y_axis.share(y)) * inner_height

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
           'font-family="sans-serif" font-size="11">', f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{LEFT}" y="16" font-size="13" font-weight="bold" fill="#222">{html.escape(title)}</text>']
    for begin, end, text in bands:
        out.append(f'<rect x="{across(begin):.1f}" y="{TOP}" width="{across(end) - across(begin):.1f}" '
                   f'height="{inner_height}" fill="#f3e9dc"/>')
        out.append(f'<text x="{across(begin) + 3:.1f}" y="{TOP + 11}" font-size="10" fill="#86642f">'
                   f'{html.escape(text)}</text>')
    for y in y_axis.ticks():
        out.append(f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{up(y):.1f}" y2="{up(y):.1f}" stroke="#e4e4e4"/>')
        out.append(f'<text x="{LEFT - 5}" y="{up(y) + 4:.1f}" text-anchor="end" fill="#555">{short(y)}</text>')
    for x in x_ticks or x_axis.ticks():
        out.append(f'<line x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{TOP}" y2="{TOP + inner_height}" '
                   'stroke="#e4e4e4"/>')
        out.append(f'<text x="{across(x):.1f}" y="{height - BOTTOM + 14}" text-anchor="middle" fill="#555">'
                   f'{short(x)}</text>')
    out.append(f'<text x="{LEFT + inner_width / 2}" y="{height - 6}" text-anchor="middle" fill="#333">'
               f'{html.escape(x_name)}</text>')
    out.append(f'<text transform="translate(12 {TOP + inner_height / 2}) rotate(-90)" text-anchor="middle" fill="#333">'
               f'{html.escape(y_name)}</text>')
    for name, (colour, points) in lines.items():
        out.append(f'<g><title>{html.escape(name)}</title>' + _drawn(colour, points, across, up, dots) + "</g>")
    return "\n".join(out + ["</svg>"]) + "\n"


def _drawn(colour, points, across, up, dots):
    if dots:
        # One path of round ends is a tenth of as many circles.
        moves = "".join(f"M{across(x):.1f} {up(y):.1f}h0" for x, y in points)
        return f'<path d="{moves}" stroke="{colour}" stroke-width="2.4" stroke-linecap="round" fill="none"/>'
    path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
    marks = "".join(f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="2.6" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>{marks}'


def legend(names):
    """HTML that tells which line is whose; names: {name: colour}."""
    return " ".join(f'<span style="white-space:nowrap"><span style="color:{colour}">&#9632;</span> '
                    f'{html.escape(name)}</span>' for name, colour in names.items())


def short(value):
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"

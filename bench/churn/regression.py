# SPDX-License-Identifier: BSD-3-Clause
"""A straight line through points, by least squares."""

import math


def slope(points):
    """(slope, half the width of its 95 % interval) of y over x; needs three points with different x. The interval
    takes the points for independent. Samples of one process are not quite, so the true one is wider."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    found = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    left_over = sum((y - mean_y - found * (x - mean_x)) ** 2 for x, y in points)
    return found, 1.96 * math.sqrt(left_over / (n - 2) / spread)

"""The ratios that have a target, as a picture: a bar each, its range, and a mark where the target is."""

from collections.abc import Sequence
from html import escape

from tests.benchmarks.rows import Row

LABEL_PX, BAR_PX, VALUE_PX, LINE_PX, HEAD_PX = 470, 420, 130, 26, 34
GREEN, RED, INK = "#2e7d32", "#c62828", "#24292f"


def svg(rows: Sequence[Row]) -> str:
    """Draw them; the scale is such that every target lies in the same place."""
    width, height = LABEL_PX + BAR_PX + VALUE_PX, HEAD_PX + LINE_PX * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_x(1.0)}" y="20" text-anchor="middle" fill="{INK}">target</text>',
    ]
    for number, row in enumerate(rows):
        parts += _bar(row, HEAD_PX + LINE_PX * number)
    parts.append(f'<path d="M{_x(1.0)} {HEAD_PX - 6}V{height - 8}" stroke="{INK}" stroke-dasharray="4 3"/>')
    return "\n".join([*parts, "</svg>", ""])


def _x(of_target: float) -> float:
    """Where a ratio lies that is so many times its target; what is more than twice is cut off."""
    return round(LABEL_PX + BAR_PX * min(of_target, 2.0) / 2, 1)


def _bar(row: Row, top: int) -> list[str]:
    target = row.target or 1.0
    low, median, high = (_x(value / target) for value in (row.ratio.low, row.ratio.median, row.ratio.high))
    middle, colour = top + LINE_PX / 2, GREEN if row.met else RED
    bound = "≥" if row.at_least else "≤"
    return [
        f'<text x="{LABEL_PX - 8}" y="{middle + 4}" text-anchor="end" fill="{INK}">'
        f"{escape(row.what)} / {escape(row.beside)}</text>",
        f'<rect x="{LABEL_PX}" y="{top + 5}" width="{median - LABEL_PX:.1f}" height="{LINE_PX - 10}" '
        f'fill="{colour}" opacity=".75"/>',
        f'<path d="M{low} {middle}H{high}" stroke="{INK}" stroke-width="2"/>',
        f'<text x="{LABEL_PX + BAR_PX + 8}" y="{middle + 4}" fill="{INK}">'
        f"{row.ratio.median:.2f}, {bound} {target:g}</text>",
    ]

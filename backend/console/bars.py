"""Counts of weeks as bars, one kind upon another. Pure.

As in ``charts``: no script, no style, no other host, and hidden from screen readers, for the page
gives the same numbers as a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pygal
from pygal.style import Style

from backend.console.svg import Layer, Size, inline

DESK = Size(1080, 260, 12, 13)
PHONE = Size(340, 240, 4, 12)
_STEPS = 5


@dataclass(frozen=True)
class Bars:
    """Weeks by their Mondays, oldest first, and for each kind its counts, the lowest kind first.

    ``line`` is a height to hold the bars against.
    """

    weeks: Sequence[date]
    kinds: Mapping[str, Sequence[float]]


def bars(drawn: Bars, size: Size = DESK) -> str:
    """An ``<svg>`` of the bars; empty where there is nothing to count."""
    most = max((sum(counts) for counts in zip(*drawn.kinds.values(), strict=True)), default=0)
    if not most:
        return ""
    chart = pygal.StackedBar(
        style=Style(label_font_size=size.font, major_label_font_size=size.font),
        js=(),
        css=(),
        width=size.width,
        height=size.height,
        disable_xml_declaration=True,
        show_legend=False,
        x_labels=[f"{week:%-d %b}" for week in drawn.weeks],
        x_labels_major_every=max(1, -(-len(drawn.weeks) // size.dates)),
        show_minor_x_labels=False,
        truncate_label=-1,
        range=(0, most),
        y_labels=_steps(most),
        value_formatter=lambda value: f"{value:g}",
        margin=6,
        margin_right=20,
    )
    for name, counts in drawn.kinds.items():
        chart.add(name, counts)
    layers = [Layer(name, []) for name in drawn.kinds]
    return inline(chart.render_tree(), layers, size.width, size.height)


def _steps(most: float) -> list[float]:
    """Whole numbers up the side, few enough to read."""
    step = max(1, -(-int(most) // _STEPS))
    return [float(each) for each in range(0, int(most) + 1, step)]

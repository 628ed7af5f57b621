"""The risk score over time as an inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, tostring
from zoneinfo import ZoneInfo

import pygal
from pygal.style import Style

MOST_DATES = 6
WIDTH, HEIGHT = 720, 300
_LEFT_OUT = ("script", "desc", "title")

_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#33424d",
    foreground_strong="#16242e",
    foreground_subtle="#5b6b76",
    guide_stroke_color="#d5dde2",
    major_guide_stroke_color="#b8c4cb",
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    colors=("#0b5f74",),
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    title_font_size=14,
    stroke_width="2.5",
    stroke_opacity="1",
    transition="0s",
)


def trend(points: Sequence[tuple[datetime, float]], zone: str) -> str:
    """An ``<svg>`` of scores (0-100) by instant, with dates in ``zone``; empty without points.

    It holds no script and asks no other host for anything. The picture is hidden from screen
    readers: the page gives the same values as a table.
    """
    if not points:
        return ""

    def day(timestamp: float) -> str:
        return f"{datetime.fromtimestamp(timestamp, UTC).astimezone(ZoneInfo(zone)):%-d %b %Y}"

    instants = [at.timestamp() for at, _ in points]
    chart = pygal.XY(
        style=_STYLE,
        js=(),
        width=WIDTH,
        height=HEIGHT,
        disable_xml_declaration=True,
        show_legend=False,
        range=(0, 100),
        xrange=_span(instants),
        y_labels=(0, 25, 50, 75, 100),
        x_labels=_some(instants),
        x_value_formatter=day,
        value_formatter=lambda value: f"{value:g}",
        y_title="Risk score (0-100)",
        dots_size=4,
        margin=8,
        margin_right=44,
    )
    chart.add("Risk score", [(at.timestamp(), float(score)) for at, score in points])
    return _inline(chart.render_tree())


def _span(instants: Sequence[float]) -> tuple[float, float]:
    # Half a day on either side, so that a single point has an axis to stand on.
    return min(instants) - 43_200, max(instants) + 43_200


def _some(instants: Sequence[float]) -> list[float]:
    # Dates that lie close together would be written over each other.
    apart = (max(instants) - min(instants)) / MOST_DATES
    shown = [instants[0]]
    for instant in instants:
        if instant - shown[-1] >= max(apart, 1):
            shown.append(instant)
    return shown


def _inline(root: Element) -> str:
    # pygal writes its settings as a script even without any, and comments with its address.
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in _LEFT_OUT or not isinstance(child.tag, str):
                parent.remove(child)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.set("viewBox", f"0 0 {WIDTH} {HEIGHT}")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return tostring(root, encoding="unicode")

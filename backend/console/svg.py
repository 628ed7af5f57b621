"""Layers over dates as one inline SVG, drawn by pygal. Pure.

pygal computes every position; only the shapes of marks are put in afterwards, since it knows no
other than circles. What it writes for browsers with scripts, and its styles, are taken out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

import pygal
from pygal.style import Style

FLAG = 10
LANE = 26
_HIDDEN = {"aria-hidden": "true", "focusable": "false"}
_LEFT_OUT = ("script", "desc", "title", "defs")

Stroke = list[tuple[float, float | None]]


@dataclass(frozen=True)
class Size:
    """How large a chart is drawn, in CSS pixels, and how many dates it has room for."""

    width: int
    height: int
    dates: int
    font: int


@dataclass(frozen=True)
class Flag:
    """An alert on the day it was opened: its number in the list below, and its tier (1 to 3)."""

    at: datetime
    number: str
    tier: int


@dataclass(frozen=True)
class Layer:
    """One series: its points as timestamps with values, and how they are drawn. ``words`` replace
    the dots by text, ``shapes`` by numbered marks."""

    name: str
    points: Stroke
    fill: bool = False
    line: bool = True
    dots: int = 0
    words: Sequence[str] = ()
    shapes: Sequence[Flag] = ()


@dataclass(frozen=True)
class Axis:
    """The dates of the first and last mark, as timestamps."""

    first: float
    last: float

    @classmethod
    def over(cls, instants: Sequence[datetime]) -> Axis:
        """The axis that holds some instants."""
        return cls(min(instants).timestamp(), max(instants).timestamp())

    @property
    def ends(self) -> tuple[float, float]:
        """The axis with room on either side: a single point stands on something, no mark is cut."""
        room = max(43_200.0, 0.03 * (self.last - self.first))
        return self.first - room, self.last + room

    def dates(self, most: int) -> list[float]:
        """Dates to write, whole weeks apart: uneven dates look like uneven weeks."""
        week, span = 604_800.0, self.last - self.first
        step = week * max(1, math.ceil(span / (week * most)))
        return [self.first + n * step for n in range(int(span // step) + 1)]


def draw(
    layers: Sequence[Layer],
    axis: Axis,
    values: tuple[float, float],
    y_labels: Sequence[float],
    zone: str,
    size: Size,
    lanes: int = 0,
) -> str:
    """The layers, the first at the bottom, over one axis of dates in ``zone`` and one of values.

    ``lanes`` is the number of rows of marks above the scale, each of which adds to the height.
    """

    def day(timestamp: float) -> str:
        return f"{datetime.fromtimestamp(timestamp, UTC).astimezone(ZoneInfo(zone)):%-d %b}"

    height = size.height + LANE * lanes
    chart = pygal.XY(
        style=Style(label_font_size=size.font, major_label_font_size=size.font),
        js=(),
        css=(),
        width=size.width,
        height=height,
        disable_xml_declaration=True,
        show_legend=False,
        allow_interruptions=True,
        range=values,
        xrange=axis.ends,
        y_labels=y_labels,
        x_labels=axis.dates(size.dates),
        x_value_formatter=day,
        value_formatter=lambda value: f"{value:g}",
        truncate_label=-1,
        margin=6,
        # Room for the bands' names, which would lie on the newest weeks inside the plot.
        margin_right=62 if any(layer.words for layer in layers) else 20,
    )
    for layer in layers:
        chart.add(
            layer.name,
            layer.points,
            fill=layer.fill,
            stroke=layer.line,
            show_dots=layer.dots > 0,
            dots_size=layer.dots,
        )
    return inline(chart.render_tree(), layers, size.width, height)


def mark(number: str, tier: int) -> str:
    """The mark of an alert by itself, as it is in the picture, for the list beside it."""
    half = FLAG + 4
    root = Element(
        "svg", {"class": f"flag tier-{tier}", "viewBox": f"0 0 {2 * half} {2 * half}", **_HIDDEN}
    )
    root.append(_shape(tier, half, half))
    _text(root, half, half + 4, number)
    return tostring(root, encoding="unicode")


def inline(root: Element, layers: Sequence[Layer], width: int, height: int) -> str:
    """What pygal has drawn as an ``<svg>`` without scripts and styles; a class for each layer."""
    # pygal writes its settings as a script even without any, and comments with its address.
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag in _LEFT_OUT or _is_for_scripts(child):
                parent.remove(child)
    for group in root.iter():
        kind = group.get("class", "").split()
        if kind[:1] == ["series"]:
            layer = layers[int(kind[1].removeprefix("serie-"))]
            group.set("class", f"series {layer.name}")
            _reshape(group, layer)
        elif "reactive" in kind:
            group.set(
                "class", " ".join(k for k in kind if k not in ("reactive", "tooltip-trigger"))
            )
    root.attrib.pop("id")
    root.set("class", "chart")
    root.set("viewBox", f"0 0 {width} {height}")
    root.attrib.update(_HIDDEN)
    return tostring(root, encoding="unicode")


def _is_for_scripts(part: Element) -> bool:
    return part.get("class", "").endswith(("tooltip-overlay", "text-overlay"))


def _reshape(group: Element, layer: Layer) -> None:
    for path in group.iter("path") if layer.fill else ():
        # pygal fills down to the axis and back; the outline alone is what is meant.
        outline = path.get("d", "").replace("M", "").replace("L", "").split()
        path.set("d", "M" + " L".join(_pairs(outline)[1:-1]) + " Z")
    dots = [dot for dot in group.iter() if dot.get("class") == "dots"]
    # Lines and dots of a series are in two groups; what follows is about the dots alone.
    for dot, words in zip(dots, layer.words, strict=True) if dots and layer.words else ():
        x, y = _taken_out(dot)
        _text(dot, x + 8, y + 4, words)
    for dot, flag in zip(dots, layer.shapes, strict=True) if dots and layer.shapes else ():
        x, y = _taken_out(dot)
        dot.set("class", f"flag tier-{flag.tier}")
        dot.append(_shape(flag.tier, x, y))
        _text(dot, x, y + 4, flag.number)


def _taken_out(dot: Element) -> tuple[float, float]:
    [circle] = dot
    dot.remove(circle)
    return float(circle.get("cx", 0)), float(circle.get("cy", 0))


def _pairs(numbers: Sequence[str]) -> list[str]:
    return [f"{x} {y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def _shape(tier: int, x: float, y: float) -> Element:
    """Tier 1 a triangle, tier 2 a square, tier 3 a circle, so that colour is not all that tells."""
    r = float(FLAG)
    if tier == 1:
        points = f"{x},{y - r - 3} {x + r + 3},{y + r} {x - r - 3},{y + r}"
        return Element("polygon", points=points)
    if tier == 2:
        return Element(
            "rect", x=f"{x - r}", y=f"{y - r}", width=f"{2 * r}", height=f"{2 * r}", rx="2"
        )
    return Element("circle", cx=f"{x}", cy=f"{y}", r=f"{r}")


def _text(parent: Element, x: float, y: float, words: str) -> None:
    SubElement(parent, "text", x=f"{x:.1f}", y=f"{y:.1f}").text = words

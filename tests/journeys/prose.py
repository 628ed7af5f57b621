"""Markdown, dates and spans of time, as the journeys write them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

WIDTH = 100


def instant(said: str) -> datetime:
    return datetime.fromisoformat(said)


def dated(day: date, year: bool = False) -> str:
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if year else "")


def span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = (
        [f"{days} d"] * bool(days)
        + [f"{hours} h"] * bool(hours)
        + [f"{minutes} min"] * bool(minutes)
    )
    return " ".join(parts) or "0 min"


def days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def plain(code: str | None) -> str:
    return (code or "none").replace("-", " ").replace("_", " ")


def sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for line in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', '/') for cell in line)} |"


def wrapped(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def item(text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, WIDTH, initial_indent="- ", subsequent_indent="  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def quoted(text: str) -> Iterator[str]:
    indent = "> "
    inner = "  " if text.startswith("- ") else ""
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + inner,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip

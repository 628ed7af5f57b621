"""Reads ``content/jurisdictions.yaml`` into plain values."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from backend.core.content import Document
from backend.messaging.jurisdictions import Jurisdiction, Jurisdictions
from backend.messaging.quiet_hours import SUNDAY, Hours

FILE = "jurisdictions.yaml"
ROW = {"title", "from", "until", "source"}


@cache
def load_jurisdictions(content: Path) -> Jurisdictions:
    """The table, read once a process.

    Raises ``ContentError`` that names the line when a row lacks something, has a part of a country
    without the country, or an hour that is none, or when no hour is left where all rows hold.
    """
    document = Document.read(content / FILE)
    with document.reading():
        value = document.value
        _only(value, {"version", "verified", "jurisdictions"})
        if not isinstance(value["version"], str) or not isinstance(value["verified"], bool):
            raise ValueError("version must be text, and verified true or false")
        entries = dict(value["jurisdictions"])
    rows = {}
    for code, entry in entries.items():
        with document.reading("jurisdictions", str(code)):
            rows[str(code)] = _row(str(code), entry, entries)
    table = Jurisdictions(value["version"], rows)
    if not all(table.narrowest.by_weekday):
        raise document.fault("no hour is left at which every row lets texts leave", "jurisdictions")
    return table


def _row(code: str, entry: Any, entries: dict[Any, Any]) -> Jurisdiction:
    _only(entry, ROW, {"sunday"})
    if code.partition("-")[0] not in entries:
        raise ValueError(f"{code} needs a row for its country, {code.partition('-')[0]}")
    if not str(entry["source"] or "").strip():
        raise ValueError("source must say where the hours come from")
    hours = Hours.between(*_bounds(entry))
    if "sunday" in entry:
        _only(entry["sunday"], {"from", "until"})
        hours = hours.on(SUNDAY, range(*_bounds(entry["sunday"])))
    return Jurisdiction(code, str(entry["title"]), hours)


def _bounds(entry: Any) -> tuple[int, int]:
    first, end = entry["from"], entry["until"]
    if type(first) is not int or type(end) is not int or not 0 <= first < end <= 24:
        raise ValueError("from and until must be hours, from 0 to 24, the first before the second")
    return first, end


def _only(entry: Any, needed: set[str], also: set[str] | None = None) -> None:
    if missing := sorted(needed - entry.keys()):
        raise ValueError(f"lacks {', '.join(missing)}")
    if unknown := sorted(str(key) for key in entry.keys() - needed - (also or set())):
        raise ValueError(f"{unknown[0]} is not known here")

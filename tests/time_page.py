"""Reads the tables of ``docs/time.md``, so that tests can compare them with the code."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from tests.shipped import ROOT

PAGE = ROOT / "docs" / "time.md"
SHOWN = "%d %b %Y %H:%M"

LONDON, NEW_YORK, LORD_HOWE = "Europe/London", "America/New_York", "Australia/Lord_Howe"
PLACES = {LONDON: "London", NEW_YORK: "New York", LORD_HOWE: "Lord Howe Island"}

# Troll, a station in Antarctica, is the one zone that changes by two hours at once.
ZONES = sorted(available_timezones() - {"Factory", "localtime", "Antarctica/Troll"})
any_zone = st.sampled_from(ZONES)


def table(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table under a heading, without its two head lines."""
    _, found, rest = PAGE.read_text().partition(f"## {heading}\n")
    assert found, f"docs/time.md has no part {heading}"
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def utc(text: str) -> datetime:
    """``2026-06-01 12:00`` as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(instant: datetime, zone: str) -> str:
    """What the clocks of a zone show at an instant, as the page writes it."""
    return instant.astimezone(ZoneInfo(zone)).strftime(SHOWN)

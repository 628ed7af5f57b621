"""``docs/timers.md`` against a count of minutes, and against the application."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from backend.alerts.deadlines import after
from backend.alerts.models import Alert, AlertEvent
from tests.alerts.timers_month import (
    AT_NIGHT,
    NIGHT_LINE,
    RAISED,
    SHOWN,
    SURGERY,
    YEAR,
    Place,
    rows,
)
from tests.backstage import rows as stored
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.shipped import PATHWAY, ROOT
from tests.world import Caller, World

PAGE = (ROOT / "docs" / "timers.md").read_text()
MONTHS = [
    pytest.param("A surgery over Easter", SURGERY, RAISED, id="surgery"),
    pytest.param("A night line, in the night the clocks change", NIGHT_LINE, AT_NIGHT, id="night"),
]


def table(heading: str) -> list[tuple[str, ...]]:
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


@pytest.mark.parametrize(("heading", "place", "raised"), MONTHS)
def test_the_page_is_what_somebody_counts_minute_by_minute(
    heading: str, place: Place, raised: list[tuple[str, int]]
) -> None:
    assert table(heading) == list(rows(place, raised))


@pytest.mark.parametrize(("heading", "place", "raised"), MONTHS)
def test_the_application_says_what_the_page_says(
    heading: str, place: Place, raised: list[tuple[str, int]]
) -> None:
    hours = {
        day: (time.fromisoformat(opens), time.fromisoformat(closes))
        for day, (opens, closes) in place.hours.items()
    }
    times = PATHWAY.alerts
    for wall, tier, respond, climbs, resolve in table(heading):
        at = instant(wall, place)

        def shown(span: Any, at: datetime = at) -> str:
            found = after(at, span, hours, place.zone, place.closed)
            return found.astimezone(ZoneInfo(place.zone)).strftime(SHOWN)

        level = int(tier)
        found = [shown(times.response_times[level]), shown(times.resolution_times[level])]
        assert found == [respond, resolve], wall
        assert (", ".join(map(shown, times.escalation[level])) or "no") == climbs, wall


def test_alerts_of_the_month_get_these_times_and_climb_by_them(
    app: Flask, world: World, clinician: Caller
) -> None:
    """Over the holidays and the change of the clocks, through the API and the worker's clock."""
    lead = world.provider(clinician.practice_id, "lead")
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    body = {
        "service_hours": {names[day]: list(span) for day, span in SURGERY.hours.items()},
        "holidays": [{"day": day.isoformat(), "name": "Easter"} for day in sorted(SURGERY.closed)],
    }
    address = "/v1/practice/service-hours"
    world.ok(world.client.put(address, json=body, headers=lead.headers))
    month = [row for row in table("A surgery over Easter") if row[0].startswith(("Thu 25", "Fri"))]
    people = crowd(app, clinician.practice_id, len(month), datetime(YEAR, 6, 1, tzinfo=UTC))
    for row, patient in zip(month, people, strict=True):
        world.clock.move_to(instant(row[0], SURGERY))
        [made] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[int(row[1])])
        [alert] = stored(app, Alert, Alert.id == made.id)
        assert (shown(alert.respond_by), shown(alert.resolve_by)) == (row[2], row[4])
        _climbs(app, world, made.id, [] if row[3] == "no" else row[3].split(", "))


def _climbs(app: Flask, world: World, alert: UUID, expected: list[str]) -> None:
    for level, instants in enumerate(expected):
        world.clock.move_to(instant(instants, SURGERY))
        world.tick()
        [found] = stored(app, Alert, Alert.id == alert)
        assert found.escalation == level + 1, instants
    climbed = stored(app, AlertEvent, AlertEvent.alert_id == alert, AlertEvent.action == "escalate")
    assert [shown(event.at) for event in climbed] == expected


def shown(at: datetime) -> str:
    return at.astimezone(ZoneInfo(SURGERY.zone)).strftime(SHOWN)


def instant(wall: str, place: Place) -> datetime:
    """A time of the page as an instant."""
    read = datetime.strptime(f"{YEAR} {wall}", f"%Y {SHOWN}")
    return read.replace(tzinfo=ZoneInfo(place.zone)).astimezone(UTC)

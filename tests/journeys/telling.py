"""What every part of a journey's page needs: the record, and the person's own days and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.journeys.play import Record
from tests.journeys.prose import dated, plain, table
from tests.journeys.script import Person
from tests.shipped import PATHWAY

Said = Mapping[str, Any]


class Teller:
    """Tells from a record, by the clock of its person."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.person: Person = record.person
        self.zone = ZoneInfo(self.person.time_zone)

    def rungs(self, ladder: Said) -> Iterator[str]:
        yield from table(
            ("Movement", "First rating", "Newest", "Where it stands"),
            [
                (
                    rung["item"],
                    str(rung["first_rating"]),
                    str(rung["rating"]),
                    plain(rung["status"])
                    + (", the practice is asked first" if rung["needs_provider"] else "")
                    + (", in more than one place" if rung["generalised"] else ""),
                )
                for rung in ladder["rungs"]
            ],
        )

    def day(self, at: datetime) -> str:
        return dated(at.astimezone(self.zone).date(), year=True)

    def short(self, at: datetime) -> str:
        return dated(at.astimezone(self.zone).date())

    def time(self, at: datetime) -> str:
        return f"{self.short(at)}, {at.astimezone(self.zone):%H:%M}"

    def from_to(self, first: datetime, last: datetime) -> str:
        begin, end = self.short(first), self.short(last)
        return begin if begin == end else f"{begin} to {end}"


def group_of(record: Record) -> Said:
    [baseline] = record.of("baseline")
    found: Said = next(
        a for a in baseline.said["after"]["risk"]["assessments"] if a["kind"] == "stratification"
    )
    return found


def elevated_of(record: Record) -> list[Any]:
    [baseline] = record.of("baseline")
    assessments = baseline.said["after"]["risk"]["assessments"]
    found: list[Any] = next(a for a in assessments if a["kind"] == "factor-profile")["result"][
        "elevated"
    ]
    return found


def names_of(factors: Sequence[Any]) -> list[str]:
    titles = {factor.factor: factor.title for factor in PATHWAY.factors}
    return [titles[f["factor"] if isinstance(f, dict) else f].lower() for f in factors]

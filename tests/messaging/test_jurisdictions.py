"""Where and when texts may leave: the table, and what is taken where little is known."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.core.content import ContentError
from backend.messaging.jurisdiction_files import FILE, load_jurisdictions
from backend.messaging.jurisdictions import clock_of
from backend.messaging.quiet_hours import SUNDAY, Hours
from tests.shipped import CONTENT

TABLE = load_jurisdictions(CONTENT)


@pytest.mark.parametrize(
    ("code", "country", "weekday", "sunday"),
    [
        (None, "US", (8, 21), (8, 21)),
        ("US-CT", "US", (9, 20), (9, 20)),
        ("US-FL", "US", (8, 20), (8, 20)),
        ("US-TX", "US", (9, 21), (12, 21)),
        (None, "GB", (0, 24), (0, 24)),
        # The row is gone from the table: what is right everywhere.
        ("US-XX", "US", (9, 20), (12, 20)),
    ],
)
def test_hours_by_jurisdiction(
    code: str | None, country: str, weekday: tuple[int, int], sunday: tuple[int, int]
) -> None:
    expected = Hours.between(*weekday).on(SUNDAY, range(*sunday))
    assert TABLE.hours(code, country) == expected


def test_the_narrowest_hours_are_within_every_row() -> None:
    for row in TABLE.rows.values():
        assert TABLE.narrowest & row.hours == TABLE.narrowest
    assert TABLE.narrowest == Hours.between(9, 20).on(SUNDAY, range(12, 20))


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("America/Denver", ("America/Denver", True)),
        ("America/Atlantis", ("Europe/London", False)),
        ("", ("Europe/London", False)),
        (None, ("Europe/London", False)),
        ("../etc/passwd", ("Europe/London", False)),
    ],
)
def test_whose_clock_counts(zone: str | None, found: tuple[str, bool]) -> None:
    assert clock_of(zone, "Europe/London") == found


Change = Callable[[Any], object]
BROKEN: list[tuple[Change, str]] = [
    (lambda t: t["jurisdictions"]["US-CT"].update({"from": 20}), ":9: from and until must be"),
    (lambda t: t["jurisdictions"]["US-CT"].update(until=25), "from and until must be hours"),
    (lambda t: t["jurisdictions"]["US-CT"].update({"from": "9"}), "from and until must be hours"),
    (lambda t: t["jurisdictions"]["US-CT"].pop("until"), "lacks until"),
    (lambda t: t["jurisdictions"]["US-CT"].update(source=" "), "source must say"),
    (lambda t: t["jurisdictions"]["US-CT"].update(saturday={}), "saturday is not known here"),
    (lambda t: t["jurisdictions"]["US-TX"]["sunday"].pop("from"), "lacks from"),
    (lambda t: t["jurisdictions"].pop("US"), "needs a row for its country, US"),
    (lambda t: t["jurisdictions"].update(US=None), "not written in the expected shape"),
    (lambda t: t.update(verified="no"), "verified true or false"),
    (lambda t: t.pop("version"), "lacks version"),
    (
        lambda t: t["jurisdictions"]["US-FL"].update({"from": 7, "until": 9}),
        "no hour is left at which every row lets texts leave",
    ),
]


@pytest.mark.parametrize(("change", "told"), BROKEN, ids=[told for _, told in BROKEN])
def test_a_fault_in_the_table_is_named(tmp_path: Path, change: Change, told: str) -> None:
    file = tmp_path / FILE
    shutil.copy(CONTENT / FILE, file)
    table = yaml.safe_load(file.read_text())
    change(table)
    file.write_text(yaml.safe_dump(table, sort_keys=False))
    with pytest.raises(ContentError, match=told):
        load_jurisdictions(tmp_path)

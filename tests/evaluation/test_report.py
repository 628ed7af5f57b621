"""The report as people get it: JSON, a file, the console's page, and the operator's export."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from flask import Flask

from backend.core.clock import MovableClock
from backend.core.content import ContentError
from backend.evaluation import indicator_files
from backend.evaluation.tidy import COLUMNS
from tests.console.test_console import signed_in
from tests.evaluation.seeded import at, seed
from tests.shipped import CONTENT, ROOT
from tests.world import ProviderAccount, World

YEAR = "from=2026-09-01&to=2027-09-30"


@pytest.fixture
def hill(app: Flask, world: World, clock: MovableClock) -> UUID:
    practice = seed(app, world, "Hill Surgery")
    seed(app, world, "Vale Surgery")
    clock.move_to(at(10, 15, year=2027))
    return practice


@pytest.fixture
def lead(world: World, hill: UUID) -> ProviderAccount:
    return world.provider(hill, "lead")


def test_a_practice_reads_its_figures_with_their_definitions(
    world: World, lead: ProviderAccount
) -> None:
    found = world.ok(world.get(f"/v1/practice/evaluation?{YEAR}&by=month", lead))
    assert found["time_zone"] == "Europe/London"
    by_id = {each["id"]: each for each in found["indicators"]}
    assert len(by_id) == 20
    recruitment = by_id["recruitment"]
    assert recruitment["version"] == "1.0.0" and recruitment["does_not_tell"]
    first = recruitment["periods"][0]
    assert (first["from"], first["to"]) == ("2026-09-01", "2026-09-30")
    # Enrolled in September: A-E, and three said no.
    assert first["figures"][0] == {
        "part": "all",
        "measure": "share",
        "numerator": 4,
        "denominator": 8,
        "percent": 50.0,
        "percent_low": 21.5,
        "percent_high": 78.5,
        "value": None,
    }
    empty = recruitment["periods"][5]["figures"][0]
    assert (empty["numerator"], empty["denominator"], empty["percent"]) == (0, 0, None)
    assert [note["code"] for note in found["context"]] == ["outage", "staffing"]


def test_without_days_it_tells_of_three_months(world: World, lead: ProviderAccount) -> None:
    found = world.ok(world.get("/v1/practice/evaluation", lead))
    [period] = found["indicators"][0]["periods"]
    assert (period["from"], period["to"]) == ("2027-08-01", "2027-10-15")


@pytest.mark.parametrize(
    "query",
    [
        "from=2027-01-02&to=2027-01-01",
        "by=year",
        "from=1999-01-01",
        "from=x",
        "to=9999-12-31",
        "from=2001-01-01&to=2027-01-01&by=week",
    ],
)
def test_days_that_cannot_be_are_refused(world: World, lead: ProviderAccount, query: str) -> None:
    for address in ("/v1/practice/evaluation", "/v1/practice/evaluation.csv"):
        answer = world.get(f"{address}?{query}", lead)
        assert answer.status_code == 422
        assert answer.get_json()["errors"]


def test_the_file_is_tidy_and_says_by_which_definition(world: World, lead: ProviderAccount) -> None:
    answer = world.get(f"/v1/practice/evaluation.csv?{YEAR}", lead)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "evaluation-2026-09-01-2027-09-30.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert list(rows[0]) == list(COLUMNS)
    keys = [(r["indicator"], r["period_from"], r["part"], r["measure"]) for r in rows]
    assert len(set(keys)) == len(keys)
    [adopted] = [r for r in rows if r["indicator"] == "adoption"]
    assert (adopted["numerator"], adopted["percent"], adopted["suppressed"]) == ("1", "100.0", "0")
    assert {r["definition_version"] for r in rows} == {"1.0.0"}


def test_every_column_is_documented() -> None:
    words = (ROOT / "docs" / "evaluation.md").read_text()
    for name, meaning in COLUMNS.items():
        assert f"| `{name}` | {meaning} |" in words


def test_outside_the_practice_no_small_number_is_told(app: Flask, hill: UUID) -> None:
    runner = app.test_cli_runner()
    days = ["--from", "2026-09-01", "--to", "2027-09-30"]
    told = runner.invoke(args=["evaluation", "export", *days, "--format", "json"])
    assert told.exit_code == 0, told.output
    rows = json.loads(told.output)
    for row in rows:
        for count in (row["numerator"], row["denominator"]):
            assert count is None or count == 0 or count >= 5, row
    both = {r["indicator"]: r for r in rows if r["practice_id"] is None and r["part"] == "all"}
    assert len(both) == 20
    # 5 of 9 in each: only together they can be told.
    assert (both["recruitment"]["numerator"], both["recruitment"]["denominator"]) == (10, 18)
    as_file = runner.invoke(args=["evaluation", "export", *days])
    assert len(list(csv.DictReader(io.StringIO(as_file.output)))) == len(rows)
    lower = runner.invoke(args=["evaluation", "export", *days, "--threshold", "1"])
    assert lower.exit_code == 2
    backwards = ["--from", "2026-09-02", "--to", "2026-09-01"]
    refused = runner.invoke(args=["evaluation", "export", *backwards])
    assert (refused.exit_code, refused.output) == (
        1,
        "Error: Choose a day before the end of the period.\n",
    )


def test_the_page_shows_each_figure_with_n_and_what_it_does_not_tell(
    app: Flask, world: World, hill: UUID, lead: ProviderAccount
) -> None:
    browser = signed_in(app, world, lead)
    browser.open(f"/console/practice/evaluation?{YEAR}&by=whole")
    assert "5 of 9 55.6 %" in " ".join(browser.text.split())
    assert "Who was never asked" in browser.text and "recruitment, version 1.0.0" in browser.text
    browser.open("/console/practice/evaluation?from=2026-07-01&to=2026-07-31")
    assert "nobody yet" in browser.text and "0.0 %" not in browser.text
    refused = browser.open("/console/practice/evaluation?from=2026-09-02&to=2026-09-01")
    assert refused.status == 422 and "Choose a day before the end" in browser.text
    file = browser.open(f"/console/practice/evaluation.csv?{YEAR}")
    assert file.html.startswith("practice_id,")
    clinician = signed_in(app, world, world.provider(hill))
    assert "Not for your role" in clinician.open("/console/practice/evaluation").text


def test_a_definition_cannot_change_under_its_version(tmp_path: Path) -> None:
    folder = tmp_path / "evaluation"
    folder.mkdir()
    for name in (indicator_files.DEFINITIONS, indicator_files.RELEASED):
        (folder / name).write_text((CONTENT / "evaluation" / name).read_text())
    assert list(indicator_files.unreleased_changes(tmp_path)) == []
    file = folder / indicator_files.DEFINITIONS
    said = yaml.safe_load(file.read_text())
    said["indicators"][2]["numerator"] = "Patients who have heard of a module."
    file.write_text(yaml.safe_dump(said))
    indicator_files.load_indicators.cache_clear()
    [fault] = indicator_files.unreleased_changes(tmp_path)
    assert "has changed since version 1.0.0 was released" in str(fault)
    said["indicators"][2]["version"] = "1.1.0"
    file.write_text(yaml.safe_dump(said))
    indicator_files.load_indicators.cache_clear()
    assert indicator_files.release(tmp_path) == ["reach: indicators.yaml 1.1.0"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "wonder"}, "wonder has no query"),
        ({"id": "recruitment"}, "stands here twice"),
        ({"does_not_tell": ""}, "must be words"),
        ({"parts": [{"prefix": "x:", "title": "X", "of": "some"}]}, "parts add up to one of"),
        ({"version": 1.0}, "must be words"),
    ],
)
def test_a_definition_that_cannot_be_used_is_named(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    said = yaml.safe_load((CONTENT / "evaluation" / indicator_files.DEFINITIONS).read_text())
    said["indicators"][2].update(change)
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / indicator_files.DEFINITIONS).write_text(yaml.safe_dump(said))
    with pytest.raises(ContentError, match=words):
        indicator_files.load_indicators(tmp_path)

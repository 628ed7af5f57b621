"""Scoring history again: what is reported, what is kept, and that twice is once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from backend.app import create_app
from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.core.database import session
from backend.instruments import rescoring
from backend.instruments.comparison import Stored, Tally, score_again
from backend.instruments.models import Score
from tests.backstage import rows
from tests.commands import run
from tests.conftest import make_settings
from tests.instruments.made import made
from tests.shipped import CONTENT, INSTRUMENTS
from tests.world import Caller, World

Change = Mapping[str, Any]


@pytest.fixture
def history(world: World) -> list[Caller]:
    """Three people at two practices who have answered safety screen, baseline and a week."""
    people = []
    for name, count in (("Hill Surgery", 2), ("Dale Surgery", 1)):
        clinician = world.provider(world.practice(name))
        people += [world.onboarded(clinician, 2) for _ in range(count)]
    for patient in people:
        world.weekly(patient, 4)
    return people


@pytest.fixture
def changed(app: Flask, database: str, tmp_path: Path) -> Iterator[Flask]:
    """The same practices with a PEG whose next version sums where this one takes the mean."""
    made_ = _with_peg(database, tmp_path, {"method": "sum", "range": [0, 30]}, "9.0.0")
    yield made_
    made_.extensions["database"].engine.dispose()


def _with_peg(database: str, folder: Path, change: Change, version: str) -> Flask:
    content = Path(shutil.copytree(CONTENT, folder / "content"))
    file = content / "instruments" / "peg" / "scoring.yaml"
    said = yaml.safe_load(file.read_text())
    said["version"] = version
    [mean] = [scale for scale in said["scales"] if scale["code"] == "peg.mean"]
    mean.update(change)
    file.write_text(yaml.safe_dump(said))
    return create_app(make_settings(database, folder, content=content))


def table(result: Result) -> dict[str, list[int]]:
    """The printed table: numbers by scale."""
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()[1:-1]]
    return {line[0]: list(map(int, line[1:])) for line in lines}


def scores(app: Flask) -> list[tuple[Any, ...]]:
    return [
        (s.id, s.response_id, s.code, s.scoring_version, s.value, s.reason, s.at)
        for s in rows(app, Score)
    ]


def test_unchanged_instruments_give_the_same_scores(app: Flask, history: list[Caller]) -> None:
    before = scores(app)
    result = run(app, "instruments", "rescore", "--write")
    found = table(result)
    assert found["peg.mean"] == [2 * len(history), 2 * len(history), 0, 0, 0]
    assert all(numbers[0] == numbers[1] for numbers in found.values())
    assert "0 new scores kept" in result.output
    assert scores(app) == before


def test_differences_are_reported_and_nothing_is_written(
    app: Flask, history: list[Caller], changed: Flask
) -> None:
    before = scores(app)
    result = run(changed, "instruments", "rescore")
    occasions = 2 * len(history)
    assert table(result)["peg.mean"] == [occasions, 0, occasions, 0, 0]
    assert table(result)["peg.intensity"] == [occasions, occasions, 0, 0, 0]
    assert "nothing written" in result.output
    assert scores(app) == before


def test_new_scores_stand_beside_the_old_ones_and_twice_is_once(
    app: Flask, history: list[Caller], changed: Flask
) -> None:
    before = scores(app)
    result = run(changed, "instruments", "rescore", "--write")
    after = scores(app)
    assert [each for each in after if each in before] == before
    new = [each for each in after if each not in before]
    # Three scales of PEG, at two occasions; other instruments have no new version.
    assert len(new) == 3 * 2 * len(history)
    assert f"{len(new)} new scores kept" in result.output
    assert {(code, version) for _, _, code, version, *_ in new} == {
        (code, "9.0.0") for code in ("peg.mean", "peg.intensity", "peg.interference")
    }
    old_means = {r: value for _, r, code, _, value, *_ in before if code == "peg.mean"}
    new_means = {r: value for _, r, code, _, value, *_ in new if code == "peg.mean"}
    assert new_means == {r: 3 * value for r, value in old_means.items()}
    assert {at for *_, at in new} == {at for _, _, code, *_, at in before if code == "peg.mean"}
    again = run(changed, "instruments", "rescore", "--write")
    assert "0 new scores kept" in again.output
    assert table(again)["peg.mean"][:2] == [2 * len(history)] * 2
    assert scores(app) == after


def test_one_instrument_alone_may_be_asked_for(
    app: Flask, history: list[Caller], changed: Flask
) -> None:
    found = table(run(changed, "instruments", "rescore", "--instrument", "peg"))
    assert set(found) == {"peg.mean", "peg.intensity", "peg.interference"}
    assert set(table(run(changed, "instruments", "rescore", "--instrument", "phq2"))) == {
        "phq2.total"
    }
    wrong = run(changed, "instruments", "rescore", "--instrument", "pog")
    assert wrong.exit_code == 2 and "pog" in wrong.output


def test_scores_lost_and_found_are_told_apart(
    app: Flask, history: list[Caller], database: str, tmp_path: Path
) -> None:
    # A table that nobody has: every score is lost. Then the mean again: every score is found.
    lost = _with_peg(database, tmp_path / "lost", {"method": "table"}, "9.0.0")
    assert table(run(lost, "instruments", "rescore", "--write"))["peg.mean"][3:] == [0, 6]
    found = _with_peg(database, tmp_path / "found", {}, "9.1.0")
    assert table(run(found, "instruments", "rescore"))["peg.mean"][3:] == [6, 0]
    for each in (lost, found):
        each.extensions["database"].engine.dispose()


def test_a_small_batch_sees_every_response(
    app: Flask, history: list[Caller], changed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "BATCH", 2)
    result = run(changed, "instruments", "rescore", "--write")
    # Safety screen, baseline and week of each person.
    assert result.output.splitlines()[-1].startswith(f"{3 * len(history)} responses")
    assert table(result)["peg.mean"][0] == 2 * len(history)


def test_new_scores_belong_to_their_practice_and_are_in_its_trail(
    app: Flask, history: list[Caller], changed: Flask
) -> None:
    run(changed, "instruments", "rescore", "--write")
    practices = {patient.practice_id for patient in history}
    assert len(practices) == 2
    lines = rows(app, AuditEvent, AuditEvent.action == "score.rescore")
    assert {line.practice_id for line in lines} == practices
    for practice_id in practices:
        with app.app_context():
            tenancy.enter(practice_id)
            seen = session.scalars(select(Score).where(Score.scoring_version == "9.0.0")).all()
        own = [p for p in history if p.practice_id == practice_id]
        assert {each.patient_id for each in seen} == {patient.id for patient in own}
        assert sum(line.detail["written"] for line in lines if line.practice_id == practice_id) == (
            len(seen)
        )


def test_carried_answers_are_scored_again_too(app: Flask, world: World, changed: Flask) -> None:
    patient = world.onboarded(world.provider(world.practice()), 2)
    world.weekly(patient, 2, phq__1="LA6571-9", phq__2="LA6571-9")
    world.answer(patient, "follow-up", 0)
    assert table(run(app, "instruments", "rescore"))["phq9.total"] == [1, 1, 0, 0, 0]


def stored(code: str, value: int | None, reason: str | None = None) -> Stored:
    number = None if value is None else Decimal(value)
    return Stored("made", code, "1.0.0", "1.0.0", number, reason)


def test_a_scale_that_was_due_is_scored_again_even_if_it_stays_incomplete() -> None:
    instrument = made({"method": "sum"})
    then = [stored("made.value", None, "incomplete: item 3")]
    [again] = score_again(instrument, {"made.1": 1}, then)
    assert again.reason == "incomplete: items 2, 3"
    assert score_again(instrument, {"made.1": 1}, []) == []
    [found] = score_again(instrument, {"made.1": 1, "made.2": 1, "made.3": 1}, [])
    assert found.value == 3


def test_scales_that_were_not_asked_then_stay_unscored() -> None:
    weekly = INSTRUMENTS["lumbra-weekly"]
    then = [stored("weekly.fear", 3)]
    assert [s.code for s in score_again(weekly, {"weekly.fear": 3}, then)] == ["weekly.fear"]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (3, 3, (1, 1, 0, 0, 0)),
        (None, None, (1, 1, 0, 0, 0)),
        (3, 4, (1, 0, 1, 0, 0)),
        (None, 4, (1, 0, 0, 1, 0)),
        (4, None, (1, 0, 0, 0, 1)),
        (0, None, (1, 0, 0, 0, 1)),
        (None, 0, (1, 0, 0, 1, 0)),
    ],
)
def test_a_comparison_counts_once(
    before: int | None, now: int | None, expected: tuple[int, ...]
) -> None:
    tally = Tally()
    tally.add(None if before is None else Decimal(before), None if now is None else Decimal(now))
    assert (
        tally.compared,
        tally.same,
        tally.differing,
        tally.newly_scorable,
        tally.no_longer_scorable,
    ) == expected

"""What is stored of a set of answers: the answers, and every score with what computed it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from backend.instruments import scoring
from backend.instruments.models import QuestionnaireResponse, Score
from backend.instruments.service import Submission
from tests.backstage import rows
from tests.shipped import INSTRUMENTS
from tests.world import Caller, World


@pytest.mark.parametrize("severity", [0, 5, 10])
def test_every_score_is_kept_with_its_versions_and_replays(
    app: Flask, world: World, clinician: Caller, severity: int
) -> None:
    patient = world.onboarded(clinician, severity)
    for _ in range(2):
        world.weekly(patient, severity)
    stored = rows(app, QuestionnaireResponse)
    assert len(stored) == 4
    codes = set()
    for response in stored:
        assert response.questionnaire.startswith("urn:lumbra:questionnaire:")
        for score in rows(app, Score, Score.response_id == response.id):
            instrument = INSTRUMENTS[score.instrument]
            assert (score.instrument_version, score.scoring_version) == (
                instrument.version,
                instrument.scoring_version,
            )
            again = scoring.score(instrument, response.answers, response.answers.keys())
            [same] = [each for each in again if each.code == score.code]
            assert (same.value, same.reason) == (score.value, score.reason)
            assert score.at == response.authored_at
            codes.add(score.code)
    assert {"sbst.total", "sbst.psychosocial", "peg.mean", "phq2.total", "gad2.total"} <= codes


def test_what_was_not_asked_has_no_score_but_a_reason(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    world.weekly(patient)
    week = rows(app, QuestionnaireResponse)[-1]
    found: dict[str, Any] = {
        score.code: score for score in rows(app, Score, Score.response_id == week.id)
    }
    # The first week asks of mood in two questions and not of anxiety.
    assert found["phq2.total"].value is not None
    assert "gad2.total" not in found
    for score in found.values():
        assert (score.value is None) is bool(score.reason), score.code


def test_answers_in_another_order_are_the_same_answers() -> None:
    one = Submission({"a": 1, "b": [1, 2]}, "app", "key")
    assert one.request_hash() == Submission({"b": [1, 2], "a": 1}, "web", "other").request_hash()
    assert one.request_hash() != Submission({"a": 1, "b": [2, 1]}, "app", "key").request_hash()
    assert one.request_hash() != Submission({"a": True, "b": [1, 2]}, "app", "key").request_hash()

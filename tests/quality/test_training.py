"""Providers learn, show what they can do, and are found competent: through the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.quality.models import TrainingRecord
from backend.quality.training_files import load_checklist, load_competence, load_topics
from tests.backstage import rows
from tests.quality.team import Team
from tests.shipped import CONTENT
from tests.world import World

TOPICS = load_topics(CONTENT)
RULE = load_competence(CONTENT)
CHECKLIST, _, _ = load_checklist(CONTENT)


@pytest.fixture
def team(world: World) -> Team:
    return Team(world)


def levels(portrait: dict[str, Any]) -> dict[str, str]:
    return {tier["tier"]: tier["level"] for tier in portrait["tiers"]}


def test_every_topic_can_be_read_and_its_quiz_taken(team: Team, world: World) -> None:
    listed = world.ok(world.get("/v1/training/topics", team.learner))["items"]
    assert [each["id"] for each in listed] == [f"T{n}" for n in range(1, 11)]
    for each in listed:
        text = world.ok(world.get(f"/v1/training/topics/{each['id']}", team.learner))
        assert text["steps"] and text["cases"]
        assert not any("right" in option for q in text["quiz"] for option in q["options"])
        told = team.take_quiz(each["id"])
        assert told["passed"] and told["percent"] == 100.0
    again = world.ok(world.get("/v1/training/topics", team.learner))["items"]
    assert all(each["quiz_percent"] == 100 for each in again)


def test_a_wrong_answer_about_danger_fails_the_quiz(team: Team, world: World) -> None:
    [danger, *_] = [q.item.id for q in TOPICS["T9"].quiz if q.safety]
    told = team.take_quiz("T9", wrong={danger})
    assert told["percent"] == 80.0
    assert told["safety_percent"] == 0.0
    assert not told["passed"]
    [item] = [each for each in told["items"] if each["id"] == danger]
    assert not item["right"] and item["feedback"]
    harmless = team.take_quiz("T9", wrong={q.item.id for q in TOPICS["T9"].quiz[:1]})
    assert harmless["passed"]


def test_what_cannot_be_marked_names_the_question(team: Team, world: World) -> None:
    answer = world.post(
        "/v1/training/topics/T1/quiz", team.learner, {"answers": {"q1": 9, "q99": 0}}
    )
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.get_json()["errors"]}
    assert {"answers.q1", "answers.q99", "answers.q2"} <= fields
    assert world.get("/v1/training/topics/T99", team.learner).status_code == 404


def test_attendance_alone_is_never_competence(team: Team, world: World) -> None:
    for topic in RULE.tiers["high"].topics:
        team.record("attended", topic)
    portrait = team.portrait()
    assert set(levels(portrait).values()) == {"in_training"}
    refused = team.decide("low")
    assert refused.status_code == 409
    assert "T1: quiz none, needs 80 %" in refused.get_json()["detail"]


def test_from_nothing_to_competent(team: Team, world: World) -> None:
    assert set(levels(team.portrait()).values()) == {"not_started"}
    team.pass_everything()
    portrait = team.portrait()
    assert all(not tier["lacking"] for tier in portrait["tiers"])
    # Nothing is decided by the evidence alone.
    assert set(levels(portrait).values()) == {"in_training"}
    assert levels(world.ok(team.decide("high"))) == {
        "low": "in_training",
        "medium": "in_training",
        "high": "competent",
    }
    own = world.ok(world.get("/v1/training/competence", team.learner))
    assert levels(own)["high"] == "competent"


def test_it_lapses_with_time_and_is_renewed_by_a_new_decision(
    team: Team, world: World, clock: MovableClock
) -> None:
    team.pass_everything()
    world.ok(team.decide("high"))
    team.wait(clock, days=91 + 61)
    [high] = [tier for tier in team.portrait()["tiers"] if tier["tier"] == "high"]
    assert high["level"] == "lapsed"
    assert "booster" in high["lapsed_because"][0]
    team.record("booster")
    assert levels(team.portrait())["high"] == "competent"
    team.wait(clock, days=365)
    assert levels(team.portrait())["high"] == "lapsed"
    assert levels(world.ok(team.decide("high")))["high"] == "competent"


def test_nobody_rates_or_decides_on_themselves(team: Team, world: World) -> None:
    own = world.post(
        f"/v1/providers/{team.learner.id}/training",
        team.learner,
        {"kind": "roleplay", "topic": "T4", "percent": 100},
    )
    assert own.status_code == 409
    mine = world.post(f"/v1/providers/{team.lead.id}/competence", team.lead, {"tier": "low"})
    assert mine.status_code == 409
    assert mine.get_json()["type"].endswith("not-yours-to-decide")


def test_a_mentor_does_not_decide_alone(team: Team, world: World) -> None:
    team.pass_everything()
    world.ok(
        world.client.put(
            f"/v1/providers/{team.learner.id}/mentor",
            json={"mentor_id": str(team.lead.id)},
            headers=team.lead.headers,
        )
    )
    assert team.decide("high").status_code == 409
    other = world.provider(team.practice, "lead")
    assert team.decide("high", by=other).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "roleplay", "topic": "T1", "percent": 80}, "topic"),
        ({"kind": "roleplay", "topic": "T4"}, "percent"),
        ({"kind": "attended", "topic": "T77"}, "topic"),
        ({"kind": "quiz", "topic": "T1", "percent": 100}, "kind"),
        ({"kind": "observed", "percent": 100}, "kind"),
        ({"kind": "roleplay", "topic": "T4", "percent": 101}, "percent"),
    ],
)
def test_a_record_that_does_not_fit_names_its_field(
    team: Team, world: World, body: dict[str, Any], field: str
) -> None:
    answer = world.post(f"/v1/providers/{team.learner.id}/training", team.lead, body)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.get_json()["errors"]}


def test_another_practice_has_no_such_provider(team: Team, world: World) -> None:
    stranger = world.provider(world.practice("Vale Surgery"), "lead")
    address = f"/v1/providers/{team.learner.id}"
    assert world.get(f"{address}/competence", stranger).status_code == 404
    assert world.post(f"{address}/competence", stranger, {"tier": "low"}).status_code == 404
    assert world.post(f"{address}/training", stranger, {"kind": "booster"}).status_code == 404


def test_records_are_kept_with_version_and_rater(app: Flask, team: Team) -> None:
    team.take_quiz("T2")
    team.record("roleplay", "T4", 75)
    quiz, played = rows(app, TrainingRecord, TrainingRecord.provider_id == team.learner.id)
    assert (quiz.kind, quiz.tool_version, quiz.rater_id) == ("quiz", TOPICS["T2"].version, None)
    assert (played.kind, played.percent, played.rater_id) == ("roleplay", 75, team.lead.id)
    assert rows(app, AuditEvent, AuditEvent.action == "training.roleplay")

"""Training in the console: topics, quizzes, one's own competence, and what the lead decides."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask

from backend.quality.models import CompetenceDecision, TrainingRecord
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.quality.team import TOPICS, Team
from tests.world import ProviderAccount, World


@pytest.fixture
def learner(world: World) -> ProviderAccount:
    return world.provider(world.practice(), name="Dr Learner")


@pytest.fixture
def team(world: World, learner: ProviderAccount) -> Team:
    return Team(world, learner.practice_id, learner)


@pytest.fixture
def browser(app: Flask, world: World, learner: ProviderAccount) -> Browser:
    return signed_in(app, world, learner)


@pytest.fixture
def lead(app: Flask, world: World, team: Team) -> Browser:
    assert isinstance(team.lead, ProviderAccount)
    return signed_in(app, world, team.lead)


def right(topic: str) -> dict[str, str]:
    return {f"answer.{q.item.id}": str(q.item.answer) for q in TOPICS[topic].quiz}


def test_the_list_tells_ones_own_progress(browser: Browser, team: Team) -> None:
    browser.open("/console/training")
    for topic in TOPICS.values():
        assert f"{topic.id}: {topic.title}" in browser.text
    assert browser.text.count("Quiz not taken") == 10
    assert "Not started" in browser.text and "T1: quiz none, needs 80 %" in browser.text
    team.take_quiz("T1")
    browser.open("/console/training")
    assert browser.text.count("Quiz not taken") == 9
    assert "Quiz passed best 100 %" in browser.text
    assert "In training" in browser.text
    assert_is_a_safe_page(browser)


def test_a_quiz_says_what_there_is_to_say_to_each_answer(browser: Browser) -> None:
    browser.open("/console/training/topics/T9")
    [danger, *_] = [q.item for q in TOPICS["T9"].quiz if q.safety]
    wrong = next(n for n, option in enumerate(danger.options) if not option.right)
    browser.send("/quiz", **{**right("T9"), f"answer.{danger.id}": str(wrong)})
    assert browser.status == 200 and 'role="status"' in browser.html
    assert "Not right. " + danger.options[wrong].feedback in browser.text
    assert browser.text.count("Right. ") == len(TOPICS["T9"].quiz) - 1
    assert "not passed yet" in browser.text
    assert "A question on danger was not right." in browser.text
    browser.open("/console/training")
    assert "a question on danger was not right" in browser.text
    browser.open("/console/training/topics/T9").send("/quiz", **right("T9"))
    assert "100 % right, passed" in browser.text
    assert_is_a_safe_page(browser)


def test_a_question_without_an_answer_is_named_and_the_others_stay(
    app: Flask, browser: Browser
) -> None:
    browser.open("/console/training/topics/T1")
    answers = right("T1")
    first, *_ = answers
    del answers[first]
    browser.send("/quiz", **answers)
    assert browser.status == 422
    assert "Choose an answer." in browser.text
    assert browser.form("/quiz").values == {**browser.form("/quiz").values, **answers}
    assert rows(app, TrainingRecord) == []


def test_attendance_is_noted_and_is_not_competence(app: Flask, browser: Browser) -> None:
    browser.open("/console/training/topics/T1").send("/attendance")
    assert "Attendance alone is never competence." in browser.text
    [record] = rows(app, TrainingRecord)
    assert (record.kind, record.topic, record.rater_id) == ("attended", "T1", None)
    assert "Competent" not in browser.open("/console/training").text


def test_a_topic_that_does_not_exist_is_a_page(browser: Browser) -> None:
    assert browser.open("/console/training/topics/T99").status == 404
    assert_is_a_safe_page(browser)


def test_a_colleague_records_a_role_play_and_is_its_rater(
    app: Flask, world: World, browser: Browser, team: Team, learner: ProviderAccount
) -> None:
    browser.open("/console/training/record")
    browser.send("/record", kind="roleplay", topic="T4")
    assert browser.status == 422
    assert "Choose a colleague." in browser.text
    form = {"colleague": str(team.colleague.id), "kind": "roleplay", "topic": "T4"}
    browser.send("/record", **form)
    assert browser.status == 422 and "Give the percentage that was reached." in browser.text
    assert browser.form("/record").values["colleague"] == str(team.colleague.id)
    browser.send("/record", **form, percent="101")
    assert browser.status == 422
    browser.send("/record", **form, percent="75")
    assert "It is recorded." in browser.text
    [record] = rows(app, TrainingRecord)
    assert (record.provider_id, record.rater_id) == (team.colleague.id, learner.id)
    assert_is_a_safe_page(browser)


def test_the_lead_decides_once_nothing_is_lacking(
    app: Flask, lead: Browser, team: Team, learner: ProviderAccount
) -> None:
    lead.open("/console/training/team")
    assert "Dr Learner" in lead.text and "Not started" in lead.text
    assert_is_a_safe_page(lead)
    address = f"/console/training/team/{learner.id}"
    lead.open(address).send("/competence", tier="low", confirm="yes")
    assert lead.status == 409 and "T1: quiz none, needs 80 %" in lead.text
    team.pass_everything()
    lead.open(address).send("/competence", tier="high")
    assert lead.status == 422 and "Tick this to go on." in lead.text
    assert rows(app, CompetenceDecision) == []
    lead.send("/competence", tier="high", confirm="yes")
    assert "The provider is found competent." in lead.text and "Valid until" in lead.text
    assert_is_a_safe_page(lead)


def test_the_lead_names_a_mentor_and_takes_the_name_back(
    lead: Browser, team: Team, learner: ProviderAccount
) -> None:
    lead.open(f"/console/training/team/{learner.id}")
    lead.send("/mentor", mentor_id=str(team.colleague.id))
    assert "The mentor is changed." in lead.text
    assert lead.form("/mentor").values["mentor_id"] == str(team.colleague.id)
    lead.send("/mentor", mentor_id="")
    assert lead.form("/mentor").values["mentor_id"] == ""
    lead.send("/mentor", mentor_id=str(uuid4()))
    assert lead.status == 422 and "There is no such provider." in lead.text


@pytest.mark.parametrize(
    ("role", "own", "everybody"),
    [("clinician", 200, 403), ("lead", 200, 200), ("administrator", 403, 403),
     ("researcher", 403, 403)],
)  # fmt: skip
def test_each_role_sees_its_own(
    app: Flask, world: World, learner: ProviderAccount, role: str, own: int, everybody: int
) -> None:
    shown = signed_in(app, world, world.provider(learner.practice_id, role))
    for address in ("training", "training/topics/T1", "training/record", "training/observe"):
        assert shown.open(f"/console/{address}").status == own
    for address in ("training/team", f"training/team/{learner.id}", "practice/fidelity"):
        assert shown.open(f"/console/{address}").status == everybody


def test_another_practices_provider_does_not_exist(
    app: Flask, world: World, learner: ProviderAccount
) -> None:
    stranger = signed_in(app, world, world.provider(world.practice("Vale Surgery"), "lead"))
    assert stranger.open(f"/console/training/team/{learner.id}").status == 404
    token = stranger.open("/console/training").form("/sign-out").values["csrf_token"]
    forms = {
        "competence": {"tier": "low", "confirm": "yes"},
        "training": {"kind": "attended"},
        "mentor": {},
    }
    for name, form in forms.items():
        address = f"/console/training/team/{learner.id}/{name}"
        sent = {**form, "csrf_token": token}
        assert stranger.client.post(address, data=sent).status_code == 404
    assert rows(app, TrainingRecord) == []
    assert "Dr Learner" not in stranger.open("/console/training/team").html

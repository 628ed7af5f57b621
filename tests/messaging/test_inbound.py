"""What becomes of a text that somebody sends, from the carrier's signed request on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from flask import Flask

from backend.alerts.models import Alert
from backend.app import create_app
from backend.core.clock import MovableClock
from backend.instruments.models import QuestionnaireResponse
from backend.messaging.models import Communication, OptOut
from backend.patients.models import AccessLink, Consent, Patient
from backend.practices.models import Practice
from tests.backstage import at_once, behind, rows
from tests.doc_tables import read
from tests.messaging.carrier import Post, carrier_settings
from tests.messaging.inbound_cases import (
    ASKED,
    ASKED_TWO,
    BY_LINK,
    CASES,
    DONE,
    HALF,
    HEADING,
    LATE,
    LONGER,
    OPTED_OUT,
    SHARED,
    STRANGER,
    Case,
)
from tests.shipped import CONTENT
from tests.twilio_stand_in import TwilioStandIn
from tests.world import PatientAccount, ProviderAccount, World

ANSWERING = (ASKED, ASKED_TWO, BY_LINK, HALF, DONE, LATE, LONGER)
UNKNOWN = "+15005550009"


@pytest.fixture
def clinician(post: Post) -> ProviderAccount:
    return post.world.provider(post.practice, phone="+447700900999")


def kept(app: Flask) -> list[Communication]:
    return list(rows(app, Communication, Communication.direction == "in"))


def someone(post: Post, clinician: ProviderAccount, case: Case) -> PatientAccount | None:
    """Whoever writes in a case."""
    if case.who == STRANGER:
        return None
    if case.who in ANSWERING:
        return answering(post, clinician, case)
    patient = post.world.patient(clinician, language=case.language)
    if case.who == SHARED:
        post.world.patient(clinician, phone=patient.phone, given_name="Bea")
    if case.who == OPTED_OUT:
        post.reply("STOP", patient.phone)
    post.world.deliver()
    return patient


def answering(post: Post, clinician: ProviderAccount, case: Case) -> PatientAccount:
    """Somebody in a week of the programme, who may have agreed to answer by text."""
    patient = post.world.onboarded(clinician, language=case.language)
    if case.who != BY_LINK:
        assert post.world.answers_by_text(patient) == "A"
    if case.who == ASKED_TWO:
        other = post.world.onboarded(clinician, phone=patient.phone, given_name="Bea")
        assert post.world.answers_by_text(other) == "B"
    for _ in range(3 if case.who == LONGER else 1):
        post.world.next_week(patient)
    if case.who == ASKED_TWO:
        both_are_texted(post)
    if case.who == HALF:
        post.reply("4", patient.phone)
    if case.who == DONE:
        post.reply("4 6 3", patient.phone)
    if case.who == LATE:
        post.world.clock.move_by(days=6, hours=18)
        post.world.tick()
    return patient


def both_are_texted(post: Post) -> None:
    """A phone gets one text a day: whose turn it was not is texted on the day after."""
    post.world.clock.move_by(days=1)
    post.world.deliver()


def what_happened(post: Post, before: Callable[[], dict[str, int]], then: dict[str, int]) -> str:
    """The changes between two looks, in the words of the table."""
    now = {name: count - then[name] for name, count in before().items()}
    found = []
    if now["stop"]:
        found.append("texts end")
    if now["start"]:
        found.append("texts come again")
    if now["void"]:
        found.append("links void")
    for tier in ("1", "2", "3"):
        if now[tier]:
            found.append(f"tier {tier} alert" + (" for each" if now[tier] > 1 else ""))
    if now["answers"]:
        found.append("answers taken")
    if now["kept"]:
        found.append("kept")
    return "; ".join(found) or "nothing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.language}-{case.text[:30]}")
def test_each_text_of_the_table_does_what_the_table_says(
    post: Post, clinician: ProviderAccount, case: Case
) -> None:
    writer = someone(post, clinician, case)

    def count() -> dict[str, int]:
        alerts = rows(post.app, Alert)
        choices = [row.action for row in rows(post.app, OptOut)]
        return {
            "stop": choices.count("stop"),
            "start": choices.count("start"),
            "void": len(rows(post.app, AccessLink, AccessLink.used_at.is_not(None))),
            **{str(tier): sum(a.tier == tier for a in alerts) for tier in (1, 2, 3)},
            "answers": len(
                rows(post.app, QuestionnaireResponse, QuestionnaireResponse.mode == "sms")
            ),
            "kept": len({row.occurrence.split(":")[0] for row in kept(post.app)}),
        }

    then = count()
    answer = post.reply(case.text, writer.phone if writer else UNKNOWN)
    assert answer.status_code == 200
    assert what_happened(post, count, then) == case.happens
    said = answer.get_data(as_text=True)
    assert ("<Message>" in said) == bool(case.answer)
    if writer is not None and case.answer:
        assert kept(post.app)[-1].template == case.answer


def test_the_page_has_the_table() -> None:
    assert read("docs/inbound.md", HEADING) == [case.row for case in CASES]


def test_there_are_forty_texts_in_each_way_of_writing() -> None:
    assert len(CASES) >= 40
    assert {case.language for case in CASES} == {"en", "nl", "es"}


# Danger


def test_danger_alerts_the_care_team_at_once(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    said = post.reply("I want to kill myself", patient.phone).get_data(as_text=True)
    assert "999" in said and "116 123" in said and "+441632960001" in said
    [alert] = rows(post.app, Alert)
    assert (alert.rule, alert.tier, alert.status) == ("danger-text", 1, "new")
    assert alert.patient_was_told and "999" in alert.patient_was_told
    assert alert.evidence[0]["text message"] == "words that suggest self-harm"
    assert "kill" not in str(alert.evidence)
    [text] = post.world.texts("alert")
    assert (text.phone, text.urgent) == ("+447700900999", True)


def test_danger_by_a_repeated_request_is_one_alert(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    sid = "SM" + "5" * 32
    answers = at_once(
        *[
            lambda: post.reply("suicide", patient.phone, MessageSid=sid).get_data(as_text=True)
            for _ in range(3)
        ]
    )
    assert len(set(answers)) == 1 and "<Message>" in answers[0]
    [alert] = rows(post.app, Alert)
    assert len(alert.evidence) == 1
    assert len(kept(post.app)) == 1


def test_danger_is_heard_of_somebody_who_has_left(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    post.world.ok(post.world.post("/v1/me/consent/withdrawal", patient))
    assert "999" in post.reply("I want to die", patient.phone).get_data(as_text=True)
    assert [alert.tier for alert in rows(post.app, Alert)] == [1]


def test_nothing_else_is_done_with_a_text_that_suggests_danger(
    post: Post, clinician: ProviderAccount
) -> None:
    patient = post.world.patient(clinician)
    post.reply("Thanks, chest pain though", patient.phone)
    assert [alert.rule for alert in rows(post.app, Alert)] == ["danger-text"]


def test_two_practices_on_one_phone_are_both_alerted(
    post: Post, clinician: ProviderAccount
) -> None:
    patient = post.world.patient(clinician)
    other = post.world.practice("Vale Surgery")
    post.world.patient(post.world.provider(other), phone=patient.phone, given_name="Bea")
    post.reply("I can't feel my legs", patient.phone)
    assert {a.practice_id for a in rows(post.app, Alert)} == {post.practice, other}
    assert [a.evidence[0]["others on this number"] for a in rows(post.app, Alert)] == [1, 1]
    assert {row.practice_id for row in kept(post.app)} == {post.practice, other}


# Answers


@pytest.fixture
def asked(post: Post, clinician: ProviderAccount) -> PatientAccount:
    """A patient whom this week's questions were put to by text."""
    patient = post.world.onboarded(clinician)
    post.world.answers_by_text(patient)
    post.world.next_week(patient)
    return patient


def answers(post: Post) -> list[dict[str, int]]:
    return [
        row.answers
        for row in rows(post.app, QuestionnaireResponse, QuestionnaireResponse.mode == "sms")
    ]


def test_answers_by_text_go_the_one_road(post: Post, asked: PatientAccount) -> None:
    text = post.world.texts("check-in")[0]
    assert (text.template, "http" in str(text.body)) == ("check-in-answer", False)
    post.reply("4 6 3", asked.phone)
    assert answers(post) == [{"peg.1": 4, "peg.2": 6, "peg.3": 3}]
    [check_in] = post.world.check_ins(asked, "weekly", "completed")
    course = post.world.ok(post.world.get("/v1/me/today", asked))
    assert course["progress"] is not None and check_in["completed_at"] is not None


def test_the_same_answer_delivered_twice_at_once_counts_once(
    post: Post, asked: PatientAccount
) -> None:
    sid = "SM" + "6" * 32
    said = at_once(
        *[
            lambda: post.reply("4 6 3", asked.phone, MessageSid=sid).get_data(as_text=True)
            for _ in range(3)
        ]
    )
    assert len(set(said)) == 1 and "your check-in is done" in said[0]
    assert len(answers(post)) == 1


def test_of_two_answers_at_once_one_is_taken(post: Post, asked: PatientAccount) -> None:
    said = at_once(
        lambda: post.reply("4 6 3", asked.phone, MessageSid="SM" + "6" * 32).get_data(True),
        lambda: post.reply("1 1 1", asked.phone, MessageSid="SM" + "7" * 32).get_data(True),
    )
    assert sorted("is done" in each for each in said) == [False, True]
    assert sorted("done before" in each for each in said) == [False, True]
    assert len(answers(post)) == 1


def test_answers_in_three_texts_with_one_mended(post: Post, asked: PatientAccount) -> None:
    for body in ("4", "5 not 4", "6", "what?", "3"):
        post.reply(body, asked.phone)
    assert answers(post) == [{"peg.1": 5, "peg.2": 6, "peg.3": 3}]


def test_two_people_on_a_phone_are_never_mixed(post: Post, clinician: ProviderAccount) -> None:
    ann = post.world.onboarded(clinician)
    bea = post.world.onboarded(clinician, phone=ann.phone, given_name="Bea")
    letters = [post.world.answers_by_text(each) for each in (ann, bea)]
    assert letters == ["A", "B"]
    post.world.next_week(ann)
    both_are_texted(post)
    bodies = [text.body for text in post.world.texts("check-in") if text.body]
    assert any("for A:" in body for body in bodies)
    for body in ("B 4", "A 1", "b 6 3", "A2", "A: 3"):
        post.reply(body, ann.phone)
    found = rows(post.app, QuestionnaireResponse, QuestionnaireResponse.mode == "sms")
    said = {row.patient_id: list(row.answers.values()) for row in found}
    assert said.get(ann.id) == [1, 2, 3]
    assert said.get(bea.id) in (None, [4, 6, 3])


def test_without_agreement_texts_hold_a_link_and_answers_are_not_taken(
    post: Post, asked: PatientAccount
) -> None:
    withdrawn = post.world.post("/v1/me/consent/sms-answers/withdrawal", asked)
    assert post.world.ok(withdrawn)["text_letter"] is None
    post.reply("4 6 3", asked.phone)
    assert answers(post) == []
    post.world.next_week(asked)
    assert post.world.texts("check-in")[0].template == "check-in-open"


def test_an_old_text_cannot_be_agreed_to(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    answer = post.world.post("/v1/me/consent/sms-answers", patient, {"version": "0.1"})
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("consent-text-changed")


def test_agreement_is_on_record_with_number_and_purpose(post: Post, asked: PatientAccount) -> None:
    [row] = rows(post.app, Consent, Consent.kind == "sms-answers")
    assert (row.action, row.channel, row.phone, row.purpose) == (
        "given", "sms", asked.phone, "answers",
    )  # fmt: skip


# Not read


def test_that_nobody_reads_is_said_once_a_day(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    answers = [
        "Nobody reads" in post.reply(f"hello {n} there", patient.phone).get_data(as_text=True)
        for n in range(3)
    ]
    post.world.clock.move_by(days=1, hours=1)
    answers.append("Nobody reads" in post.reply("me again", patient.phone).get_data(as_text=True))
    assert answers == [True, False, False, True]
    assert len(kept(post.app)) == 4


def test_machines_do_not_talk_for_ever(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    answers = [
        "<Message>" in post.reply("too many texts", patient.phone).get_data(as_text=True)
        for _ in range(14)
    ]
    assert answers == [True] * 10 + [False] * 4


def test_safety_is_answered_however_much_was_said(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    for _ in range(12):
        post.reply("too many texts", patient.phone)
    assert "999" in post.reply("I want to die", patient.phone).get_data(as_text=True)


# A number that is another person's


def test_a_wrong_number_ends_it_all(post: Post, clinician: ProviderAccount) -> None:
    patient = post.world.patient(clinician)
    post.reply("wrong number", patient.phone)
    [row] = rows(post.app, Patient)
    assert row.phone_refused_at == post.world.clock.now()
    assert [(c.action, c.how) for c in rows(post.app, OptOut)] == [("stop", "wrong-number")]
    assert all(link.used_at for link in rows(post.app, AccessLink))
    [alert] = rows(post.app, Alert)
    assert (alert.rule, alert.tier) == ("wrong-number", 3)
    key: UUID = post.queue(patient.phone, urgent=True)
    post.world.deliver()
    assert post.row(key).status == "cancelled"


# The practice's own rules


def test_rules_that_say_nothing_of_texts_do_not_silence_danger(
    database: str, tmp_path: Path, clock: MovableClock, carrier: TwilioStandIn
) -> None:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    own = yaml.safe_load((content / "pathways" / "default.yaml").read_text())
    own["id"] = "own"
    own["rules"] = [rule for rule in own["rules"] if rule["id"] != "danger-text"]
    (content / "pathways" / "own.yaml").write_text(yaml.safe_dump(own))
    app = create_app(carrier_settings(database, tmp_path, carrier, content=content), clock)
    post = Post(app, World(app, clock), carrier)
    with behind(app) as session:
        session.get_one(Practice, post.practice).pathway = "own"
    patient = post.world.patient(post.world.provider(post.practice))
    post.reply("suicide", patient.phone)
    assert [(a.rule, a.rule_version) for a in rows(app, Alert)] == [
        ("danger-text", f"default/{own['version']}")
    ]
    app.extensions["database"].engine.dispose()


def test_a_list_of_danger_words_that_is_lost_does_not_stop_stop(
    database: str, tmp_path: Path, clock: MovableClock, carrier: TwilioStandIn
) -> None:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    (content / "inbound" / "danger-words.yaml").unlink()
    app = create_app(carrier_settings(database, tmp_path, carrier, content=content), clock)
    post = Post(app, World(app, clock), carrier)
    assert post.reply("STOP").status_code == 200
    assert [row.action for row in rows(app, OptOut)] == ["stop"]
    app.extensions["database"].engine.dispose()

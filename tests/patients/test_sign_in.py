"""Patient sign-in: a link or a number, then a code by text."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.backstage import at_once
from tests.world import CODE, Caller, World

ASK, ENTER = "/v1/sign-in/patient/code", "/v1/sign-in/patient"
HELD = "+447700900555"


def ask_for(world: World, **who: str) -> TestResponse:
    return world.post(ASK, body=who)


def enter(world: World, code: str, **who: str) -> TestResponse:
    return world.post(ENTER, body={**who, "code": code})


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def codes(world: World) -> list[str]:
    """All codes that were texted, newest first."""
    found = [CODE.search(t.body or "") for t in world.texts("sign-in-code")]
    return [match.group(1) for match in found if match]


def whose(world: World, answer: TestResponse) -> str:
    """The id of the person a sign-in let in."""
    token = world.ok(answer)["access_token"]
    shown = world.ok(world.get("/v1/me", headers={"Authorization": f"Bearer {token}"}))
    return str(shown["id"])


@pytest.mark.parametrize("way", ["phone", "link"])
def test_a_code_by_text_opens_a_session(world: World, clinician: Caller, way: str) -> None:
    patient = world.enrol(clinician)
    who = {"phone": patient.phone} if way == "phone" else {"link": world.link()}
    assert ask_for(world, **who).status_code == 202
    answer = enter(world, world.code(), **who)
    assert whose(world, answer) == str(patient.id)
    assert answer.get_json()["role"] == "patient"


def test_the_answer_does_not_tell_whether_a_number_is_known(
    world: World, clinician: Caller
) -> None:
    patient = world.enrol(clinician)
    known, unknown = ask_for(world, phone=patient.phone), ask_for(world, phone=HELD)
    assert known.status_code == unknown.status_code == 202
    assert known.get_json() == unknown.get_json()
    assert [t.phone for t in world.texts("sign-in-code")] == [patient.phone]
    wrong = other_than(world.code())
    answers = [enter(world, wrong, phone=phone).get_json() for phone in (patient.phone, HELD)]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]


def test_a_code_serves_once(world: World, clinician: Caller) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    assert enter(world, world.code(), **who).status_code == 200
    assert enter(world, world.code(), **who).status_code == 401


def test_a_code_serves_one_of_two_who_come_at_once(
    app: Flask, world: World, clinician: Caller
) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    body = {**who, "code": world.code()}

    def come() -> int:
        return app.test_client().post(ENTER, json=body).status_code

    assert sorted(at_once(come, come)) == [200, 401]


def test_five_wrong_tries_void_a_code_and_a_new_one_serves(world: World, clinician: Caller) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    for _ in range(5):
        assert enter(world, other_than(world.code()), **who).status_code == 401
    assert enter(world, world.code(), **who).status_code == 401
    ask_for(world, **who)
    assert enter(world, world.code(), **who).status_code == 200


def test_four_wrong_tries_do_not(world: World, clinician: Caller) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    for _ in range(4):
        enter(world, other_than(world.code()), **who)
    assert enter(world, world.code(), **who).status_code == 200


def test_wrong_tries_at_once_are_all_counted(app: Flask, world: World, clinician: Caller) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    body = {**who, "code": other_than(world.code())}

    def guess() -> int:
        return app.test_client().post(ENTER, json=body).status_code

    assert at_once(*[guess] * 5) == [401] * 5
    assert enter(world, world.code(), **who).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 401)])
def test_a_code_lives_ten_minutes(
    world: World, clinician: Caller, seconds: int, status: int
) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    world.clock.move_by(seconds=seconds)
    assert enter(world, world.code(), **who).status_code == status


def test_five_codes_an_hour_and_no_more(world: World, clinician: Caller) -> None:
    who = {"phone": world.enrol(clinician).phone}
    for _ in range(7):
        assert ask_for(world, **who).status_code == 202
    assert len(codes(world)) == 5
    world.clock.move_by(hours=1)
    ask_for(world, **who)
    assert len(codes(world)) == 6
    assert enter(world, world.code(), **who).status_code == 200


def test_an_earlier_code_serves_as_long_as_it_lives(world: World, clinician: Caller) -> None:
    who = {"phone": world.enrol(clinician).phone}
    ask_for(world, **who)
    ask_for(world, **who)
    assert enter(world, codes(world)[-1], **who).status_code == 200


def test_an_invitation_is_used_up_by_joining(world: World, clinician: Caller) -> None:
    world.enrol(clinician)
    who = {"link": world.link()}
    ask_for(world, **who)
    assert enter(world, world.code(), **who).status_code == 200
    ask_for(world, **who)
    assert len(codes(world)) == 1
    assert enter(world, codes(world)[0], **who).status_code == 401


def test_an_invitation_is_not_used_up_by_asking_or_by_a_wrong_code(
    world: World, clinician: Caller
) -> None:
    world.enrol(clinician)
    who = {"link": world.link()}
    ask_for(world, **who)
    enter(world, other_than(world.code()), **who)
    assert enter(world, world.code(), **who).status_code == 200


@pytest.mark.parametrize(("days", "count"), [(13.99, 1), (14, 0)])
def test_an_invitation_lives_a_fortnight(
    world: World, clinician: Caller, days: float, count: int
) -> None:
    world.enrol(clinician)
    link = world.link()
    world.clock.move_by(days=days)
    assert ask_for(world, link=link).status_code == 202
    assert len(codes(world)) == count


def test_a_shared_phone_gets_a_code_for_each_and_the_code_tells_them_apart(
    world: World, clinician: Caller
) -> None:
    ann = world.enrol(clinician, given_name="Ann", phone=HELD)
    ben = world.enrol(clinician, given_name="Ben", phone=HELD)
    ask_for(world, phone=HELD)
    texts = {t.patient_id: t.body or "" for t in world.texts("sign-in-code")}
    assert "Ann" in texts[ann.id] and "Ben" in texts[ben.id]
    for person in (ben, ann):
        code = CODE.search(texts[person.id])
        assert code is not None
        assert whose(world, enter(world, code.group(1), phone=HELD)) == str(person.id)


def test_on_a_shared_phone_a_link_is_one_persons(world: World, clinician: Caller) -> None:
    world.enrol(clinician, phone=HELD)
    anns = world.link()
    ben = world.enrol(clinician, phone=HELD)
    bens = world.link()
    ask_for(world, link=bens)
    assert enter(world, world.code(), link=anns).status_code == 401
    assert whose(world, enter(world, world.code(), link=bens)) == str(ben.id)


def test_one_persons_code_does_not_serve_another_number(world: World, clinician: Caller) -> None:
    ann, ben = world.enrol(clinician), world.enrol(clinician)
    ask_for(world, phone=ann.phone)
    assert enter(world, world.code(), phone=ben.phone).status_code == 401
    assert enter(world, world.code(), phone=ann.phone).status_code == 200


def test_somebody_who_has_left_gets_no_code(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    assert ask_for(world, phone=patient.phone).status_code == 202
    assert codes(world) == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["phone"]),
        ({"phone": HELD, "link": "x"}, ["phone"]),
        ({"phone": "07700 900555"}, ["phone"]),
        ({"link": ""}, ["link"]),
        ({"link": "x" * 101}, ["link"]),
        ({"phone": HELD, "name": "Ann"}, ["name"]),
    ],
)
def test_a_question_that_cannot_be_right_is_named(
    world: World, body: dict[str, Any], fields: list[str]
) -> None:
    answer = world.post(ASK, body=body)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == fields


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "１２３４５６", "123 456", 123456])
def test_a_code_has_six_plain_digits(world: World, code: Any) -> None:
    answer = world.post(ENTER, body={"phone": HELD, "code": code})
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == ["code"]


def test_a_code_leaves_at_night_too_and_never_late(world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    world.clock.move_by(hours=13)
    ask_for(world, phone=patient.phone)
    [text] = world.texts("sign-in-code")
    assert text.send_after == world.clock.now()
    world.clock.move_by(minutes=10)
    world.deliver()
    world.tick()
    [text] = world.texts("sign-in-code")
    assert text.status == "expired"

"""Changing a patient's phone number."""

from __future__ import annotations

import re
from typing import Any

import pytest

from backend.messaging import numbers
from backend.messaging.models import OptOut
from backend.patients.models import AccessLink, AddressChange, Patient
from tests.backstage import at_once, behind, rows
from tests.messaging.carrier import Post
from tests.world import Caller, PatientAccount, ProviderAccount

NEW = "+447700900777"


@pytest.fixture
def clinician(post: Post) -> ProviderAccount:
    return post.world.provider(post.practice)


@pytest.fixture
def patient(post: Post, clinician: ProviderAccount) -> PatientAccount:
    return post.world.patient(clinician)


def change(post: Post, caller: Caller, address: str, **body: Any) -> Any:
    return post.world.client.patch(address, json=body, headers=caller.headers)


def code(post: Post) -> str:
    """The code that was texted to the new number."""
    [text] = [t for t in post.world.texts("number") if t.template == "number-code"][:1]
    found = re.search(r"\b\d{6}\b", text.body or "")
    assert found is not None
    return found[0]


def phone(post: Post) -> str:
    return rows(post.app, Patient)[0].phone


def test_a_new_number_is_used_only_once_its_code_came_back(
    post: Post, patient: PatientAccount
) -> None:
    old = phone(post)
    post.world.ok(change(post, patient, "/v1/me", phone=NEW))
    [text] = post.world.texts("number")
    assert (text.phone, text.urgent) == (NEW, True)
    assert "Hill Surgery" in str(text.body) and "STOP" in str(text.body)
    assert phone(post) == old
    post.world.ok(post.world.post("/v1/me/phone", patient, {"code": code(post)}))
    assert phone(post) == NEW
    told = post.world.texts("number")[0]
    assert (told.phone, told.template) == (old, "number-changed")
    assert NEW not in str(told.body)
    assert all(link.used_at for link in rows(post.app, AccessLink))


@pytest.mark.parametrize("wrong", ["000000", "999999"])
def test_a_wrong_code_changes_nothing_and_counts(
    post: Post, patient: PatientAccount, wrong: str
) -> None:
    post.world.ok(change(post, patient, "/v1/me", phone=NEW))
    right = code(post)
    guess = wrong if wrong != right else "123456"
    for _ in range(post.app.extensions["settings"].code_attempts):
        assert post.world.post("/v1/me/phone", patient, {"code": guess}).status_code == 409
    assert post.world.post("/v1/me/phone", patient, {"code": right}).status_code == 409
    assert phone(post) != NEW


def test_a_code_out_of_date_or_replaced_is_refused(post: Post, patient: PatientAccount) -> None:
    post.world.ok(change(post, patient, "/v1/me", phone=NEW))
    first = code(post)
    post.world.ok(change(post, patient, "/v1/me", phone="+447700900778"))
    second = code(post)
    if first != second:
        assert post.world.post("/v1/me/phone", patient, {"code": first}).status_code == 409
    post.world.clock.move_by(hours=2)
    post.world.sign_in(patient)
    assert post.world.post("/v1/me/phone", patient, {"code": second}).status_code == 409


def test_a_code_is_used_once_even_at_once(post: Post, patient: PatientAccount) -> None:
    post.world.ok(change(post, patient, "/v1/me", phone=NEW))
    given = {"code": code(post)}
    headers = patient.headers
    answers = at_once(
        *[
            lambda: (
                post.app.test_client().post("/v1/me/phone", json=given, headers=headers).status_code
            )
            for _ in range(3)
        ]
    )
    assert sorted(answers) == [200, 409, 409]
    assert sum(t.template == "number-changed" for t in post.world.texts("number")) == 1


def test_codes_are_few(post: Post, patient: PatientAccount) -> None:
    allowed = post.app.extensions["settings"].codes_per_hour
    answers = [change(post, patient, "/v1/me", phone=NEW).status_code for _ in range(allowed + 1)]
    assert answers == [200] * allowed + [429]


def test_the_practice_asks_for_the_code_too(
    post: Post, clinician: ProviderAccount, patient: PatientAccount
) -> None:
    address = f"/v1/patients/{patient.id}"
    post.world.ok(change(post, clinician, address, phone=NEW))
    assert phone(post) != NEW
    post.world.ok(post.world.post(f"{address}/phone", clinician, {"code": code(post)}))
    assert phone(post) == NEW
    [row] = rows(post.app, AddressChange)
    assert (row.asked_by_role, row.asked_by) == ("clinician", clinician.id)


def test_a_number_seen_in_person_needs_no_code(
    post: Post, clinician: ProviderAccount, patient: PatientAccount
) -> None:
    address = f"/v1/patients/{patient.id}"
    told = change(post, clinician, address, phone=NEW, phone_verified="in-person")
    assert post.world.ok(told)["phone"] == NEW
    assert all(t.template != "number-code" for t in post.world.texts("number"))
    alone = change(post, clinician, address, phone_verified="in-person")
    assert alone.status_code == 422


def test_another_practice_cannot_change_a_number(post: Post, patient: PatientAccount) -> None:
    stranger = post.world.provider(post.world.practice("Vale Surgery"))
    answer = change(post, stranger, f"/v1/patients/{patient.id}", phone=NEW)
    assert answer.status_code == 404


def test_whoever_has_the_number_now_can_end_it_with_one_reply(
    post: Post, patient: PatientAccount, clinician: ProviderAccount
) -> None:
    old = phone(post)
    post.reply("wrong number", old)
    assert post.world.ok(post.world.get("/v1/me", patient))["phone_works"] is False
    post.world.ok(change(post, patient, "/v1/me", phone=NEW))
    post.world.ok(post.world.post("/v1/me/phone", patient, {"code": code(post)}))
    assert post.world.ok(post.world.get("/v1/me", patient))["phone_works"] is True
    # Whoever has the old number asked to be left alone.
    assert all(t.template != "number-changed" for t in post.world.texts("number"))


def test_a_number_given_up_by_mistake_is_taken_back_in_person(
    post: Post, patient: PatientAccount, clinician: ProviderAccount
) -> None:
    post.reply("not me", patient.phone)
    address = f"/v1/patients/{patient.id}"
    post.world.ok(change(post, clinician, address, phone=patient.phone, phone_verified="in-person"))
    assert [(c.action, c.how) for c in rows(post.app, OptOut)] == [
        ("stop", "wrong-number"),
        ("start", "in-person"),
    ]
    post.reply("STOP", patient.phone)
    post.world.ok(change(post, clinician, address, phone=patient.phone, phone_verified="in-person"))
    assert rows(post.app, OptOut)[-1].action == "stop"


def test_a_number_that_bounced_is_asked_about_until_it_is_confirmed(
    post: Post, patient: PatientAccount
) -> None:
    index = rows(post.app, Patient)[0].phone_index
    with behind(post.app):
        numbers.mark(index, "invalid", 30005)
    assert post.world.ok(post.world.get("/v1/me", patient))["phone_works"] is False
    post.world.ok(change(post, patient, "/v1/me", phone=patient.phone))
    post.world.ok(post.world.post("/v1/me/phone", patient, {"code": code(post)}))
    assert post.world.ok(post.world.get("/v1/me", patient))["phone_works"] is True


def test_answering_by_text_is_agreed_to_anew_for_a_new_number(
    post: Post, patient: PatientAccount, clinician: ProviderAccount
) -> None:
    assert post.world.answers_by_text(patient) == "A"
    address = f"/v1/patients/{patient.id}"
    post.world.ok(change(post, clinician, address, phone=NEW, phone_verified="in-person"))
    assert post.world.ok(post.world.get("/v1/me", patient))["text_letter"] is None

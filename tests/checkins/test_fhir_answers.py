"""Check-ins in FHIR: the bare Questionnaire out, a QuestionnaireResponse in, the same road."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from backend.instruments.models import QuestionnaireResponse, Score
from backend.instruments.responses import MEDIA_TYPE, as_fhir
from tests.backstage import rows
from tests.world import Answers, Caller, PatientAccount, World

NUMB = "safety.numbness"
TOO_MANY = [{"linkId": str(n), "answer": [{"valueInteger": n}]} for n in range(201)]


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    """One whose first weekly check-in has just opened."""
    patient = world.onboarded(clinician)
    world.clock.move_by(days=7, hours=1)
    world.tick()
    world.sign_in(patient)
    return patient


@pytest.fixture
def check_in(world: World, patient: PatientAccount) -> dict[str, Any]:
    [found] = world.check_ins(patient, "weekly")
    return found


@pytest.fixture
def answers(world: World, patient: PatientAccount, check_in: dict[str, Any]) -> Answers:
    return world.sheet(patient, check_in)


def questionnaire(world: World, patient: Caller, check_in: dict[str, Any]) -> dict[str, Any]:
    address = f"/v1/checkins/{check_in['id']}"
    answer = world.get(address, patient, {"Accept": MEDIA_TYPE})
    assert answer.status_code == 200
    assert answer.content_type == MEDIA_TYPE
    found: dict[str, Any] = json.loads(answer.get_data(as_text=True))
    return found


@pytest.fixture
def resource(
    world: World, patient: PatientAccount, check_in: dict[str, Any], answers: Answers
) -> dict[str, Any]:
    """A sound QuestionnaireResponse."""
    asked = questionnaire(world, patient, check_in)
    return as_fhir(answers, asked, world.clock.now() - timedelta(minutes=5))


def send(
    world: World,
    patient: Caller,
    check_in: dict[str, Any],
    body: Any,
    key: str | None = None,
    content_type: str = MEDIA_TYPE,
) -> TestResponse:
    return world.client.post(
        f"/v1/checkins/{check_in['id']}/response",
        data=json.dumps(body),
        content_type=content_type,
        headers={**patient.headers, "Idempotency-Key": key or str(uuid4())},
    )


def faults(answer: TestResponse) -> dict[str, str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    return {each["field"]: each["message"] for each in answer.get_json()["errors"]}


def leaves(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The items with answers."""
    for item in resource.get("item", []):
        if "answer" in item:
            yield item
        yield from leaves(item)


def test_the_questionnaire_comes_bare_to_whoever_asks_for_fhir(
    world: World, patient: PatientAccount, check_in: dict[str, Any]
) -> None:
    address = f"/v1/checkins/{check_in['id']}"
    wrapped = world.get(address, patient)
    assert wrapped.content_type == "application/json"
    assert questionnaire(world, patient, check_in) == wrapped.get_json()["questionnaire"]
    for accept in ("*/*", "application/json", f"{MEDIA_TYPE};q=0.5, application/json"):
        assert world.get(address, patient, {"Accept": accept}).content_type == "application/json"


def test_it_is_stored_scored_and_answered_as_plain_answers_are(
    app: Flask, world: World, clinician: Caller, answers: Answers, resource: dict[str, Any],
    patient: PatientAccount, check_in: dict[str, Any],
) -> None:  # fmt: skip
    told = send(world, patient, check_in, resource)
    assert told.status_code == 201
    assert told.get_json()["now"] is None
    world.sign_in(clinician)
    other = world.onboarded(clinician)
    world.clock.move_by(days=7)
    world.tick()
    world.sign_in(other)
    [same] = world.check_ins(other, "weekly")
    world.ok(world.submit(other, same, answers))

    def scores(check_in_id: str) -> list[tuple[Any, ...]]:
        [kept] = rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in_id)
        assert kept.answers == answers
        found = rows(app, Score, Score.response_id == kept.id)
        return sorted((s.code, s.value, s.reason, s.scoring_version) for s in found)

    assert scores(check_in["id"]) == scores(same["id"])


def test_it_counts_from_when_the_person_answered(
    app: Flask, world: World, patient: PatientAccount, check_in: dict[str, Any],
    resource: dict[str, Any],
) -> None:  # fmt: skip
    assert send(world, patient, check_in, resource).status_code == 201
    [kept] = rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in["id"])
    at = world.clock.now()
    assert (kept.authored_at, kept.received_at) == (at - timedelta(minutes=5), at)
    assert kept.mode == "app"


def test_the_same_answers_under_the_same_key_count_once_in_either_form(
    world: World, patient: PatientAccount, check_in: dict[str, Any], answers: Answers,
    resource: dict[str, Any],
) -> None:  # fmt: skip
    first = world.ok(send(world, patient, check_in, resource, "key-1"))
    assert world.ok(send(world, patient, check_in, resource, "key-1")) == first
    assert world.ok(world.submit(patient, check_in, answers, "key-1")) == first
    changed = deepcopy(resource)
    next(leaves(changed))["answer"] = [{"valueBoolean": True}]
    assert send(world, patient, check_in, changed, "key-1").status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resourceType": "Questionnaire"}, "resourceType"),
        ({"resourceType": None}, "resourceType"),
        ({"status": "in-progress"}, "status"),
        ({"status": "entered-in-error"}, "status"),
        ({"status": "done"}, "status"),
        ({"status": None}, "status"),
        ({"questionnaire": "urn:lumbra:questionnaire:baseline"}, "questionnaire"),
        ({"questionnaire": "urn:lumbra:questionnaire:weekly|0.0.1"}, "questionnaire"),
        ({"questionnaire": ["urn:lumbra:questionnaire:weekly"]}, "questionnaire"),
        ({"authored": "2026-09-01"}, "authored"),
        ({"authored": 7}, "authored"),
        ({"item": {}}, "item"),
        ({"item": [7]}, "item[0]"),
        ({"item": [{"answer": [{"valueInteger": 1}]}]}, "item[0].linkId"),
        ({"item": [{"linkId": "peg.1", "answer": [{"valueInteger": 11}]}]}, "answers.peg.1"),
        ({"item": [{"linkId": "peg.1", "answer": [{"valueDecimal": 1.5}]}]}, "answers.peg.1"),
        ({"item": [{"linkId": "peg.1", "answer": [{"valueInteger": 1}] * 2}]}, "answers.peg.1"),
        ({"item": [{"linkId": "what", "answer": [{"valueInteger": 1}]}]}, "answers.what"),
        ({"item": [{"linkId": "\0", "answer": [{"valueInteger": 1}]}]}, "item"),
        ({"item": TOO_MANY}, "item"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_stored(
    app: Flask, world: World, patient: PatientAccount, check_in: dict[str, Any],
    resource: dict[str, Any], change: dict[str, Any], field: str,
) -> None:  # fmt: skip
    sent = {key: value for key, value in {**resource, **change}.items() if value is not None}
    assert field in faults(send(world, patient, check_in, sent))
    assert not rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in["id"])


def test_it_may_name_the_questionnaire_without_version_or_not_at_all(
    world: World, patient: PatientAccount, check_in: dict[str, Any], resource: dict[str, Any]
) -> None:
    url = resource["questionnaire"].partition("|")[0]
    resource["questionnaire"] = url
    told = world.ok(send(world, patient, check_in, resource, "key-1"))
    del resource["questionnaire"]
    assert world.ok(send(world, patient, check_in, resource, "key-1")) == told


@pytest.mark.parametrize(
    "wrong",
    [
        {"questionnaire": "urn:lumbra:questionnaire:weekly|0.0.1"},
        {"status": "in-progress"},
        {"authored": "yesterday"},
        {"item": [{"linkId": "peg.1", "answer": [{"valueInteger": 1}, {"valueInteger": 2}]}, 7]},
    ],
    ids=["another-questionnaire", "not-final", "no-instant", "unreadable-neighbours"],
)
def test_danger_is_taken_whatever_else_is_wrong(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount,
    check_in: dict[str, Any], resource: dict[str, Any], wrong: dict[str, Any],
) -> None:  # fmt: skip
    danger = {"linkId": NUMB, "answer": [{"valueBoolean": True}]}
    sent = {**resource, **wrong}
    sent["item"] = [*sent["item"], danger]
    told = world.ok(send(world, patient, check_in, sent))
    assert told["now"]["level"] == "emergency"
    world.sign_in(clinician)
    assert [alert["tier"] for alert in world.alerts(clinician)] == [1]
    [kept] = rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in["id"])
    assert kept.answers[NUMB] is True


def test_danger_that_was_entered_in_error_alarms_nobody(
    world: World, clinician: Caller, patient: PatientAccount, check_in: dict[str, Any],
    resource: dict[str, Any],
) -> None:  # fmt: skip
    danger = {"linkId": NUMB, "answer": [{"valueBoolean": True}]}
    sent = {**resource, "status": "entered-in-error", "item": [danger]}
    assert "status" in faults(send(world, patient, check_in, sent))
    world.sign_in(clinician)
    assert world.alerts(clinician) == []


def test_each_form_is_read_as_what_it_says_it_is(
    world: World, patient: PatientAccount, check_in: dict[str, Any], answers: Answers,
    resource: dict[str, Any],
) -> None:  # fmt: skip
    plain = {"answers": answers}
    assert "resourceType" in faults(send(world, patient, check_in, plain))
    as_json = send(world, patient, check_in, resource, content_type="application/json")
    assert "answers" in faults(as_json)
    for content_type in ("text/plain", "application/fhir+xml"):
        refused = send(world, patient, check_in, resource, content_type=content_type)
        assert refused.status_code == 415
    with_version = f"{MEDIA_TYPE}; fhirVersion=4.0; charset=utf-8"
    taken = send(world, patient, check_in, resource, content_type=with_version)
    assert taken.status_code == 201


@pytest.mark.parametrize("body", ["[]", "7", "null", '"x"', "{", ""])
def test_what_is_no_resource_is_refused(
    world: World, patient: PatientAccount, check_in: dict[str, Any], body: str
) -> None:
    answer = world.client.post(
        f"/v1/checkins/{check_in['id']}/response",
        data=body,
        content_type=MEDIA_TYPE,
        headers={**patient.headers, "Idempotency-Key": "key-1"},
    )
    assert answer.status_code in (400, 422), body
    assert answer.content_type == "application/problem+json"


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["\0", "\ud800", "x" * 3000, 2**63, 1e308, 10**400, "9999-12-31T23:59Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["linkId", "item", "answer", "valueCoding", "code", "valueInteger"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a resource."""
    inside: Any = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


def test_junk_anywhere_in_it_is_refused_or_left_aside(
    world: World, patient: PatientAccount, check_in: dict[str, Any], resource: dict[str, Any]
) -> None:
    spots = [place for place in places(resource) if place != ("item",)]
    statuses = set()

    @settings(
        max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.sampled_from(spots), junk)
    def each(place: tuple[Any, ...], value: Any) -> None:
        sent = deepcopy(resource)
        there: Any = sent
        for step in place[:-1]:
            there = there[step]
        there[place[-1]] = value
        answer = send(world, patient, check_in, sent)
        assert answer.status_code in (201, 400, 409, 422), answer.get_data(as_text=True)
        statuses.add(answer.status_code)

    each()
    assert 422 in statuses

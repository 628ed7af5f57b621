"""Anything that fits the OpenAPI document, and much that does not, from every role.

Schemathesis makes the requests; half of them carry real ids and a sound body, whole or with one
part of it exchanged, so that they reach beyond the first check. Nothing may end in a 5xx, every
answer must be as documented, and no word of another practice may appear in any.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import update

from backend.programme.models import Activity
from backend.quality.training_files import load_checklist
from tests.backstage import behind
from tests.crowd import OF_TIER, raise_alert
from tests.hooks.made import TARGET, endpoint_of
from tests.shipped import CONTENT
from tests.test_routes import sha256_of
from tests.world import PASSWORD, Caller, World

EXAMPLES = int(os.environ.get("LUMBRA_HOSTILE_EXAMPLES", "12"))
MARK = "Quetzalcoatl"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROLES = ("nobody", "patient", "clinician", "lead", "administrator", "researcher")

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "", " ", "x" * 3000, -1, 2**63, 1e308]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@dataclass
class Stage:
    """A practice with something of everything, and another one that is marked."""

    callers: dict[str, Caller]
    ids: dict[str, list[str]]
    bodies: dict[str, dict[str, Any]]


@pytest.fixture
def stage(app: Flask, world: World) -> Stage:
    foreign = _foreign_practice(app, world)
    practice = world.practice()
    callers: dict[str, Caller] = {
        role: world.provider(practice, role) for role in ROLES if role not in ("nobody", "patient")
    }
    clinician = callers["clinician"]
    patient = callers["patient"] = world.onboarded(clinician, 3)
    invited = world.enrol(clinician)
    held = world.patient(clinician)
    world.answer(held, "safety-screen", safety__numbness=True)
    world.clock.move_by(days=7, hours=1)
    world.tick()
    for caller in callers.values():
        world.sign_in(caller)
    [check_in] = world.check_ins(patient, "weekly")
    answers = world.sheet(patient, check_in)
    activities = world.ok(world.get("/v1/me/plan", patient))["activities"]
    activity = activities[0]
    [plan_for_flares] = [a["id"] for a in activities if a["module_id"] == "M16"]
    with behind(app) as store:
        # Weeks later; here it is the diary that matters.
        opened = {"status": "active", "started_at": world.clock.now()}
        store.execute(update(Activity).where(Activity.id == UUID(plan_for_flares)).values(opened))
    text = world.ok(world.get(f"/v1/me/activities/{activity['id']}", patient))
    consent = world.ok(world.get("/v1/me/consent", patient))
    alerts = []
    for n in range(8):
        [alert] = raise_alert(app, practice, world.enrol(clinician).id, **OF_TIER[1 + n % 3])
        alerts.append(str(alert.id))
    ids = {
        "patient_id": [str(patient.id), str(invited.id), str(held.id)],
        "check_in_id": [each["id"] for each in world.check_ins(patient)] + [check_in["id"]],
        "activity_id": [activity["id"], plan_for_flares],
        "alert_id": alerts,
        "provider_id": [str(each.id) for role, each in callers.items() if role != "patient"],
        "consultation_id": [_consultation(world, clinician, patient)],
        "referral_id": [_referral(world, clinician, patient)],
        "topic_id": ["T1", "T2"],
        "sha256": [sha256_of(world, patient)],
        "entry_id": [str(uuid4())],
        "access_id": [str(uuid4())],
        **{name: [each] for name, each in endpoint_of(world, callers["lead"]).items()},
    }
    for name, stranger in foreign.items():
        ids[name].append(stranger)
    page = {"first_48_hours": "Short walks.", "whom_to_call": "Jo."}
    bodies: dict[str, dict[str, Any]] = {
        "/v1/checkins/{check_in_id}/response": {"answers": answers},
        "/v1/me/activities/{activity_id}/position": {"grade": 1, "step": 2},
        "/v1/me/activities/{activity_id}/quiz": {"answers": {q["id"]: 0 for q in text["quiz"]}},
        "/v1/me/activities/{activity_id}/practice": {
            "day": world.clock.now().date().isoformat(),
            "done": True,
            "confidence": 7,
            "values": {"worry_now": 2.5, "reassuring_fact": "It holds."},
        },
        "/v1/me/activities/{activity_id}/entries": {"values": page, "shared": True},
        "/v1/me/activities/{activity_id}/entries/{entry_id}": {"values": page, "shared": True},
        "/v1/patients/{patient_id}/contraindications": {
            "answers": {"epilepsy": "cleared", "pregnancy": "no"},
            "reason": "Seen.",
        },
        "/v1/me/consent": {"version": consent["version"]},
        "/v1/me/sync": {
            "sent_at": world.clock.now().isoformat(),
            "device": "phone",
            "events": [
                {
                    "id": str(uuid4()),
                    "type": "reading",
                    "occurred_at": world.clock.now().isoformat(),
                    "about": activity["id"],
                    "body": {"grade": 1},
                }
            ],
        },
        "/v1/patients": {
            "given_name": "Ann",
            "family_name": "New",
            "phone": "+447700912345",
            "time_zone": "Europe/London",
            "checkin_weekday": "monday",
            "checkin_hour": 9,
        },
        "/v1/patients/{patient_id}/safety-clearance": {"reason": "Examined."},
        "/v1/providers": {
            "email": f"new-{uuid4().hex[:6]}@example.org",
            "name": "Dr New",
            "role": "clinician",
            "password": PASSWORD,
        },
        "/v1/sign-in/provider": {
            "email": getattr(callers["lead"], "email", ""),
            "password": PASSWORD,
            "code": "000000",
        },
        "/v1/sign-in/patient/code": {"phone": getattr(patient, "phone", "")},
        "/v1/sign-in/patient": {"phone": getattr(patient, "phone", ""), "code": "000000"},
        "/v1/sign-in/refresh": {"refresh_token": f"{uuid4()}.x"},
        "/v1/patients/{patient_id}/plan/changes": {
            "change": "move",
            "module_id": "M16",
            "reason": "clinical-judgement",
            "place": 3,
        },
        "/v1/training/topics/{topic_id}/quiz": {"answers": {f"q{n}": 0 for n in range(1, 6)}},
        "/v1/providers/{provider_id}/competence": {"tier": "low"},
        "/v1/providers/{provider_id}/training": {"kind": "roleplay", "topic": "T4", "percent": 70},
        "/v1/providers/{provider_id}/mentor": {"mentor_id": None},
        "/v1/providers/{provider_id}/role": {"role": "clinician"},
        "/v1/patients/{patient_id}/consultations": {},
        "/v1/consultations/{consultation_id}/ratings": {
            "scores": {item.id: 2 for item in load_checklist(CONTENT)[0].items},
            "prohibited": ["P1"],
            "skill": 3,
        },
        "/v1/practice/consulters": {"month": "2026-08-01", "consulters": 20, "eligible": 12},
        "/v1/practice/refusals": {"reason": "no-time", "day": "2026-09-01"},
        "/v1/practice/context-notes": {"code": "outage", "day": "2026-09-01", "note": "No phones."},
        "/v1/patients/{patient_id}/adverse-events": {
            "kind": "injury",
            "relatedness": "unlikely",
            "serious_because": "hospital",
            "note": "Fell.",
        },
        "/v1/patients/{patient_id}/referrals": {"target": "psychology"},
        "/v1/referrals/{referral_id}/steps": {"step": "attended"},
        "/v1/patients/{patient_id}/lead": {"provider_id": str(clinician.id)},
        "/v1/webhook-endpoints": {"url": TARGET, "event_types": ["alert.raised"]},
        "/v1/webhook-endpoints/{endpoint_id}": {"description": "Records", "status": "disabled"},
        "/v1/webhook-endpoints/{endpoint_id}/replay": {"after": "0"},
        "/v1/alerts/{alert_id}/acknowledge": {"note": "Mine."},
        "/v1/alerts/{alert_id}/start": {},
        "/v1/alerts/{alert_id}/contacts": {"reached": False, "note": "No answer."},
        "/v1/alerts/{alert_id}/resolve": {"code": "contacted", "note": "Done."},
        "/v1/alerts/{alert_id}/dismiss": {"note": "No."},
        "/v1/alerts/{alert_id}/reopen": {"note": "Again."},
        "/v1/alerts/{alert_id}/take": {"note": "She is ill."},
        "/v1/alerts/{alert_id}/assign": {"provider_id": str(callers["lead"].id)},
        "/v1/alerts/{alert_id}/hand-over": {
            "provider_id": str(callers["lead"].id),
            "note": "Please call.",
        },
        "/v1/alerts/{alert_id}/release": {},
        "/v1/providers/{provider_id}/absence": {
            "away_from": world.clock.now().date().isoformat(),
            "away_until": (world.clock.now() + timedelta(days=7)).date().isoformat(),
            "cover_id": str(clinician.id),
        },
        "/v1/practice/service-hours": {
            "service_hours": {"monday": ["08:00", "18:00"]},
            "holidays": [{"day": "2026-12-25", "name": "Christmas Day"}],
            "time_zone": "Europe/London",
        },
        "/v1/break-glass": {
            "given_name": "Ann",
            "family_name": "Nobody",
            "phone": "+447700912399",
            "reason": "emergency-care",
            "note": "Seen here after a fall.",
        },
        "/v1/patients/{patient_id}/notes": {"text": "Prefers mornings."},
    }
    return Stage(callers, ids, bodies)


def _foreign_practice(app: Flask, world: World) -> dict[str, str]:
    clinician = world.provider(world.practice(f"{MARK} Surgery"))
    patient = world.onboarded(clinician, given_name=MARK, family_name=MARK)
    [check_in] = world.check_ins(patient, "weekly", "scheduled")
    activity = world.ok(world.get("/v1/me/plan", patient))["activities"][0]
    [alert] = raise_alert(app, clinician.practice_id, patient.id, **OF_TIER[1])
    address = f"/v1/alerts/{alert.id}/acknowledge"
    world.ok(world.post(address, clinician, {"note": f"{MARK} was called."}))
    return {
        "patient_id": str(patient.id),
        "check_in_id": check_in["id"],
        "activity_id": activity["id"],
        "alert_id": str(alert.id),
        "provider_id": str(clinician.id),
        "consultation_id": _consultation(world, clinician, patient),
        "referral_id": _referral(world, clinician, patient),
        **endpoint_of(
            world, world.provider(clinician.practice_id, "lead"), f"https://{MARK}.example.org"
        ),
    }


def _consultation(world: World, provider: Caller, patient: Caller) -> str:
    made = world.ok(world.post(f"/v1/patients/{patient.id}/consultations", provider, {}))
    return str(made["id"])


def _referral(world: World, provider: Caller, patient: Caller) -> str:
    sent = {"target": "psychology"}
    return str(world.ok(world.post(f"/v1/patients/{patient.id}/referrals", provider, sent))["id"])


def cases(operation: Any, stage: Stage) -> st.SearchStrategy[Case]:
    """Requests to one operation: as the document has them, or with real ids and bodies."""
    fitting = operation.as_strategy(GenerationMode.POSITIVE)
    generated = [fitting]
    if operation.body or operation.query or operation.headers:
        generated.append(operation.as_strategy(GenerationMode.NEGATIVE))
    sound = stage.bodies.get(operation.path)

    def with_real_ids(case: Case, pick: int) -> Case:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = stage.ids[name][pick % len(stage.ids[name])]
        return case

    def with_body(case: Case, body: Any) -> Case:
        case.body, case.media_type = body, "application/json"
        return case

    real = st.builds(with_real_ids, fitting, st.integers(0, 11))
    ways = [*generated, real]
    if sound is not None:
        ways += [st.builds(with_body, real, each) for each in (st.just(sound), bodies(sound))]
    return st.one_of(ways)


def bodies(sound: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A sound body, or one with a part of it exchanged, left out, or added."""

    def exchanged(path: list[str], value: Any) -> Any:
        if len(path) == 1:
            return {**sound, path[0]: value}
        return {**sound, path[0]: {**sound[path[0]], path[1]: value}}

    paths = [[key] for key in sound] + [
        [key, inner] for key, value in sound.items() if isinstance(value, dict) for inner in value
    ]
    changed = [junk.map(lambda value: {**sound, "extra": value})]
    if paths:
        changed.append(st.builds(exchanged, st.sampled_from(paths), junk))
        changed.append(
            st.sampled_from(paths).map(
                lambda path: {key: value for key, value in sound.items() if key != path[0]}
            )
        )
    return st.one_of(changed)


def attack(operation: Any, stage: Stage, role: str, seen: Callable[[Any], None]) -> None:
    caller = stage.callers.get(role)
    roles = operation.definition.raw["x-roles"]
    refused = roles != ["anyone"] and role not in roles
    headers = dict(caller.headers) if caller else {}

    @settings(
        max_examples=2 if refused else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation, stage))
    def each(case: Case) -> None:
        case.headers.pop("Authorization", None)
        case.query.pop("Authorization", None)
        answer = case.call(headers=headers)
        seen(answer)
        case.validate_response(answer, checks=CHECKS)
        if refused:
            assert answer.status_code in (401, 403, 400, 404, 413), answer.status_code

    each()


@pytest.mark.parametrize("role", ROLES)
def test_nothing_breaks_and_nothing_leaks(app: Flask, stage: Stage, role: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 30
    statuses: dict[str, set[int]] = {}
    faults: list[str] = []
    # Whoever leaves the programme sees little of it afterwards.
    for operation in sorted(operations, key=_ends_something):
        met = statuses.setdefault(f"{operation.method} {operation.path}", set())

        def seen(answer: Any, met: set[int] = met) -> None:
            met.add(answer.status_code)
            assert MARK not in answer.text

        try:
            attack(operation, stage, role, seen)
        except Exception as fault:
            faults.append(f"{operation.method} {operation.path}: {fault}")
    assert not faults, "\n\n".join(faults)
    if role != "nobody":
        reached = {status for met in statuses.values() for status in met}
        assert reached & {200, 201, 204}, "something must have got through"


def _ends_something(operation: Any) -> bool:
    is_endpoint = operation.path.endswith("{endpoint_id}")
    return operation.path.endswith("withdrawal") or (operation.method == "delete" and is_endpoint)


def test_bodies_that_are_hardly_json_are_refused(world: World, stage: Stage) -> None:
    lead, patient = stage.callers["lead"], stage.callers["patient"]
    places = [
        (lead, "/v1/patients", "given_name"),
        (lead, f"/v1/alerts/{stage.ids['alert_id'][0]}/acknowledge", "note"),
        (patient, f"/v1/checkins/{stage.ids['check_in_id'][-2]}/response", "answers"),
        (patient, f"/v1/me/activities/{stage.ids['activity_id'][0]}/practice", "values"),
    ]
    values = [
        "1" * 5000,
        "-" + "1" * 5000,
        "NaN",
        "-Infinity",
        "1e999",
        '"\\ud800"',
        '{"a": NaN}',
        '{"a": "\\u0000"}',
        "[",
        "",
        *(f"{'[' * depth}{']' * depth}" for depth in (19, 30, 300, 900, 990, 1100, 100_000)),
        *('{"a":' * depth + "1" + "}" * depth for depth in (25, 500, 995)),
    ]
    for caller, address, field in places:
        for value in values:
            answer = world.client.post(
                address,
                data=f'{{"{field}": {value}}}',
                content_type="application/json",
                headers={**caller.headers, "Idempotency-Key": uuid4().hex},
            )
            assert answer.status_code in (400, 422), (address, value[:20], answer.status_code)
            assert answer.content_type == "application/problem+json"

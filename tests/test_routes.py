"""Who may call what: every route says so, keeps to it, and shows nobody what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.crowd import OF_TIER, crowd, raise_alert
from tests.hooks.made import endpoint_of
from tests.world import Caller, World

ROLES = ("patient", "clinician", "lead", "administrator", "researcher")
CARE = "clinician lead"
STAFF = "clinician lead administrator"
PROVIDERS = "clinician lead administrator researcher"
# Whoever changes who may call a route changes this table, too.
TABLE = {
    "GET /healthz": "anyone",
    "GET /readyz": "anyone",
    "POST /v1/sign-in/provider": "anyone",
    "POST /v1/sign-in/refresh": "anyone",
    "POST /v1/sign-in/patient/code": "anyone",
    "POST /v1/sign-in/patient": "anyone",
    "POST /v1/webhooks/twilio/status": "anyone",
    "POST /v1/webhooks/twilio/inbound": "anyone",
    "POST /v1/sign-out": "patient " + PROVIDERS,
    "GET /v1/practice": PROVIDERS,
    "GET /v1/providers": "lead administrator",
    "POST /v1/providers": "administrator",
    "POST /v1/providers/<uuid:provider_id>/closure": "administrator",
    "DELETE /v1/providers/<uuid:provider_id>/closure": "administrator",
    "PUT /v1/providers/<uuid:provider_id>/role": "administrator",
    "POST /v1/providers/<uuid:provider_id>/second-factor": "administrator",
    "POST /v1/patients": STAFF,
    "GET /v1/patients": STAFF,
    "GET /v1/patients/<uuid:patient_id>": STAFF,
    "PATCH /v1/patients/<uuid:patient_id>": STAFF,
    "POST /v1/patients/<uuid:patient_id>/invitation": STAFF,
    "GET /v1/patients/<uuid:patient_id>/plan": CARE,
    "POST /v1/patients/<uuid:patient_id>/plan/changes": CARE,
    "GET /v1/patients/<uuid:patient_id>/risk": CARE,
    "GET /v1/patients/<uuid:patient_id>/dose": CARE,
    "GET /v1/practice/dose": "lead administrator",
    "POST /v1/patients/<uuid:patient_id>/safety-clearance": CARE,
    "GET /v1/patients/<uuid:patient_id>/contraindications": CARE,
    "PUT /v1/patients/<uuid:patient_id>/contraindications": CARE,
    "GET /v1/alerts": CARE,
    "GET /v1/alerts/events": CARE,
    "GET /v1/alerts/events.atom": CARE,
    "GET /v1/alerts/stream": CARE,
    "GET /v1/alerts/<uuid:alert_id>": CARE,
    "POST /v1/alerts/<uuid:alert_id>/acknowledge": CARE,
    "POST /v1/alerts/<uuid:alert_id>/start": CARE,
    "POST /v1/alerts/<uuid:alert_id>/contacts": CARE,
    "POST /v1/alerts/<uuid:alert_id>/resolve": CARE,
    "POST /v1/alerts/<uuid:alert_id>/dismiss": CARE,
    "POST /v1/alerts/<uuid:alert_id>/reopen": CARE,
    "POST /v1/alerts/<uuid:alert_id>/take": CARE,
    "POST /v1/alerts/<uuid:alert_id>/assign": CARE,
    "POST /v1/alerts/<uuid:alert_id>/hand-over": CARE,
    "POST /v1/alerts/<uuid:alert_id>/release": CARE,
    "GET /v1/practice/alert-budget": STAFF,
    "GET /v1/practice/service-hours": STAFF,
    "PUT /v1/practice/service-hours": "lead administrator",
    "POST /v1/break-glass": CARE,
    "GET /v1/break-glass/<uuid:access_id>/record": CARE,
    "DELETE /v1/break-glass/<uuid:access_id>": CARE,
    "GET /v1/practice/break-glass": "lead administrator",
    "GET /v1/colleagues": STAFF,
    "PUT /v1/providers/<uuid:provider_id>/absence": STAFF,
    "DELETE /v1/providers/<uuid:provider_id>/absence": STAFF,
    "GET /v1/patients/<uuid:patient_id>/notes": CARE,
    "POST /v1/patients/<uuid:patient_id>/notes": CARE,
    "GET /v1/webhook-endpoints": "lead administrator",
    "POST /v1/webhook-endpoints": "lead",
    "GET /v1/webhook-endpoints/<uuid:endpoint_id>": "lead administrator",
    "PATCH /v1/webhook-endpoints/<uuid:endpoint_id>": "lead",
    "POST /v1/webhook-endpoints/<uuid:endpoint_id>/secret": "lead",
    "POST /v1/webhook-endpoints/<uuid:endpoint_id>/test": "lead",
    "POST /v1/webhook-endpoints/<uuid:endpoint_id>/replay": "lead",
    "GET /v1/webhook-endpoints/<uuid:endpoint_id>/deliveries": "lead administrator",
    "POST /v1/webhook-endpoints/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay": "lead",
    "DELETE /v1/webhook-endpoints/<uuid:endpoint_id>": "lead",
    "GET /v1/me": "patient",
    "PATCH /v1/me": "patient",
    "GET /v1/me/consent": "patient",
    "POST /v1/me/consent": "patient",
    "POST /v1/me/consent/withdrawal": "patient",
    "POST /v1/me/phone": "patient",
    "POST /v1/me/email": "patient",
    "POST /v1/patients/<uuid:patient_id>/email": STAFF,
    "POST /v1/patients/<uuid:patient_id>/phone": STAFF,
    "GET /v1/me/consent/sms-answers": "patient",
    "POST /v1/me/consent/sms-answers": "patient",
    "POST /v1/me/consent/sms-answers/withdrawal": "patient",
    "GET /v1/me/checkins": "patient",
    "GET /v1/checkins/<uuid:check_in_id>": "patient",
    "POST /v1/checkins/<uuid:check_in_id>/response": "patient",
    "GET /v1/me/plan": "patient",
    "GET /v1/me/today": "patient",
    "GET /v1/me/sync": "patient",
    "POST /v1/me/sync": "patient",
    "GET /v1/content/bundles/<sha256>": "patient",
    "GET /v1/me/activities/<uuid:activity_id>": "patient",
    "PUT /v1/me/activities/<uuid:activity_id>/position": "patient",
    "POST /v1/me/activities/<uuid:activity_id>/quiz": "patient",
    "POST /v1/me/activities/<uuid:activity_id>/practice": "patient",
    "PUT /v1/me/activities/<uuid:activity_id>/aim": "patient",
    "POST /v1/me/activities/<uuid:activity_id>/flare": "patient",
    "PUT /v1/me/activities/<uuid:activity_id>/ladder": "patient",
    "POST /v1/patients/<uuid:patient_id>/activities/<uuid:activity_id>/approvals": CARE,
    "POST /v1/patients/<uuid:patient_id>/activities/<uuid:activity_id>/sleep-restriction": CARE,
    "GET /v1/me/activities/<uuid:activity_id>/entries": "patient",
    "POST /v1/me/activities/<uuid:activity_id>/entries": "patient",
    "PUT /v1/me/activities/<uuid:activity_id>/entries/<uuid:entry_id>": "patient",
    "DELETE /v1/me/activities/<uuid:activity_id>/entries/<uuid:entry_id>": "patient",
    "GET /v1/patients/<uuid:patient_id>/entries": CARE,
    "GET /v1/me/goal": "patient",
    "PUT /v1/me/goal": "patient",
    "POST /v1/me/goal/attainment": "patient",
    "GET /v1/training/topics": CARE,
    "GET /v1/training/topics/<topic_id>": CARE,
    "POST /v1/training/topics/<topic_id>/quiz": CARE,
    "GET /v1/training/competence": CARE,
    "GET /v1/providers/<uuid:provider_id>/competence": "lead",
    "POST /v1/providers/<uuid:provider_id>/competence": "lead",
    "POST /v1/providers/<uuid:provider_id>/training": CARE,
    "PUT /v1/providers/<uuid:provider_id>/mentor": "lead",
    "GET /v1/consultations/checklist": CARE,
    "GET /v1/patients/<uuid:patient_id>/consultations": CARE,
    "POST /v1/patients/<uuid:patient_id>/consultations": CARE,
    "GET /v1/consultations/<uuid:consultation_id>": CARE,
    "POST /v1/consultations/<uuid:consultation_id>/ratings": CARE,
    "GET /v1/practice/fidelity": "lead",
    "GET /v1/practice/evaluation": "lead administrator",
    "GET /v1/practice/evaluation.csv": "lead administrator",
    "GET /v1/practice/consulters": "lead administrator",
    "POST /v1/practice/consulters": "lead administrator",
    "POST /v1/practice/refusals": STAFF,
    "GET /v1/practice/context-notes": "lead administrator",
    "POST /v1/practice/context-notes": STAFF,
    "GET /v1/practice/adverse-events": "lead",
    "GET /v1/patients/<uuid:patient_id>/adverse-events": CARE,
    "POST /v1/patients/<uuid:patient_id>/adverse-events": CARE,
    "GET /v1/patients/<uuid:patient_id>/referrals": CARE,
    "POST /v1/patients/<uuid:patient_id>/referrals": CARE,
    "POST /v1/referrals/<uuid:referral_id>/steps": CARE,
    "GET /v1/practice/texts": "lead administrator",
    "GET /v1/practice/text-budget": "lead administrator",
    "PATCH /v1/practice/text-budget": "lead",
    "GET /v1/patients/<uuid:patient_id>/lead": CARE,
    "PUT /v1/patients/<uuid:patient_id>/lead": CARE,
}
# Bodies that get as far as looking for the object.
BODIES: dict[str, Any] = {
    "PATCH /v1/patients/<uuid:patient_id>": {"checkin_hour": 12},
    "POST /v1/webhook-endpoints": {"url": "https://hooks.example.org/lumbra"},
    "webhook-endpoints": {"description": "Records"},
    "replay": {"after": "0"},
    "safety-clearance": {"reason": "Examined."},
    "contacts": {"reached": True},
    "resolve": {"code": "contacted"},
    "dismiss": {"note": "No."},
    "reopen": {"note": "Yes."},
    "assign": {"provider_id": "01900000-0000-7000-8000-000000000000"},
    "hand-over": {"provider_id": "01900000-0000-7000-8000-000000000000", "note": "Please."},
    "absence": {"away_from": "2026-09-01", "away_until": "2026-09-30"},
    "service-hours": {"service_hours": {"monday": ["08:00", "18:00"]}, "holidays": []},
    "break-glass": {
        "given_name": "Ann",
        "family_name": "Example",
        "phone": "+447700900123",
        "reason": "emergency-care",
        "note": "Seen here after a fall.",
    },
    "notes": {"text": "Prefers mornings."},
    "response": {"answers": {}},
    "quiz": {"answers": {}},
    "practice": {"day": "2026-09-01", "done": True},
    "me": {"language": "en"},
    "phone": {"code": "000000"},
    "email": {"code": "000000"},
    "position": {"grade": 1, "step": 1},
    "aim": {"activity": "Walking", "measure": "minutes", "amount": 20},
    "flare": {},
    "ladder": {"items": [{"item": "Bend", "rating": 30}]},
    "approvals": {"item": "Bend"},
    "sleep-restriction": {"enabled": False},
    "entries": {"values": {}},
    "competence": {"tier": "low"},
    "role": {"role": "clinician"},
    "changes": {"change": "add", "module_id": "M18", "reason": "patient-preference"},
    "training": {"kind": "booster"},
    "mentor": {"mentor_id": None},
    "consultations": {},
    "ratings": {"scores": {}},
    "consulters": {"month": "2026-08-01", "consulters": 20, "eligible": 12},
    "refusals": {"reason": "no-time"},
    "context-notes": {"code": "outage", "day": "2026-09-01", "note": "No phones."},
    "adverse-events": {"kind": "injury", "relatedness": "unlikely"},
    "referrals": {"target": "psychology"},
    "steps": {"step": "attended"},
    "lead": {"provider_id": "01900000-0000-7000-8000-000000000000"},
    "contraindications": {"answers": {"epilepsy": "no"}},
    "goal": {
        "activity": "Walk to the shop",
        "amount": 20,
        "unit": "minutes",
        "times_a_week": 3,
        "by": "2026-10-01",
        "why": "To see people.",
        "confidence": 8,
        "obstacle": "Rain",
        "if_then": "If it rains, I take the bus back.",
    },
    "attainment": {"reached": 20},
}


@dataclass
class House:
    """A practice with somebody in every role, and ids of what there is in it."""

    callers: dict[str, Caller]
    objects: dict[str, str]


def build(app: Flask, world: World, name: str) -> House:
    practice = world.practice(name)
    providers = {role: world.provider(practice, role) for role in ROLES[1:]}
    patient = world.onboarded(providers["clinician"], family_name=name)
    [screen] = world.check_ins(patient, "safety-screen", "completed")
    danger = {**world.sheet(patient, screen), "safety.numbness": True}
    world.ok(world.submit(patient, screen, danger))
    [check_in] = world.check_ins(patient, "weekly", "scheduled")
    activity = world.ok(world.get("/v1/me/plan", patient))["activities"][0]
    consultation = world.ok(
        world.post(f"/v1/patients/{patient.id}/consultations", providers["clinician"], {})
    )
    referral = world.ok(
        world.post(
            f"/v1/patients/{patient.id}/referrals",
            providers["clinician"],
            {"target": "psychology"},
        )
    )
    [alert] = raise_alert(app, practice, patient.id, **OF_TIER[2])
    objects = {
        "patient_id": str(patient.id),
        "check_in_id": check_in["id"],
        "activity_id": activity["id"],
        "alert_id": str(alert.id),
        "consultation_id": consultation["id"],
        "referral_id": referral["id"],
        "provider_id": str(providers["clinician"].id),
        "topic_id": "T1",
        "sha256": sha256_of(world, patient),
        "entry_id": str(uuid4()),
        "access_id": str(uuid4()),
        **endpoint_of(world, providers["lead"]),
    }
    return House({"patient": patient, **providers}, objects)


def sha256_of(world: World, patient: Caller) -> str:
    """The name of some bundle of a patient's content."""
    changed = world.ok(world.get("/v1/me/sync", patient))["changed"]
    return str(changed["plan"]["plan"]["activities"][0]["bundle"]["sha256"])


@pytest.fixture
def house(app: Flask, world: World) -> House:
    return build(app, world, "Hill Surgery")


def key_of(rule: Rule) -> str:
    [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return f"{method} {rule.rule}"


def is_api(rule: Rule) -> bool:
    return rule.rule.startswith("/v1/") or rule.rule in ("/healthz", "/readyz")


def rules_of(app: Flask, api: bool) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if is_api(rule) is api)


def roles_of(app: Flask, rule: Rule) -> tuple[str, ...]:
    stated: tuple[str, ...] | None = getattr(
        app.view_functions[rule.endpoint], "allowed_roles", None
    )
    assert stated, f"{rule} does not say who may call it"
    return stated


def address(key: str, objects: dict[str, str]) -> tuple[str, str]:
    """Method and path of a row of the table, with real ids."""
    method, path = key.split(" ")
    for name, value in objects.items():
        path = path.replace(f"<uuid:{name}>", value).replace(f"<{name}>", value)
    assert "<" not in path
    return method, path


def call(world: World, key: str, objects: dict[str, str], caller: Caller | None) -> TestResponse:
    method, path = address(key, objects)
    if method == "GET":
        return world.get(path, caller)
    parts = path.split("/")
    last = parts[-2] if key.endswith("_id>") else parts[-1]
    body = BODIES.get(key) or BODIES.get(last, {})
    headers = {**(caller.headers if caller else {}), "Idempotency-Key": uuid4().hex}
    return world.client.open(path, method=method, json=body, headers=headers)


def test_every_route_of_the_app_says_who_may_call_it(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        stated = set(roles_of(app, rule))
        assert stated == {"anyone"} or stated <= set(ROLES), rule


def _as_rule(path: str) -> str:
    path = path.replace("{", "<uuid:").replace("}", ">")
    for name in ("topic_id", "sha256"):
        path = path.replace(f"<uuid:{name}>", f"<{name}>")
    return path


def test_routes_and_document_say_what_the_table_says(app: Flask, world: World) -> None:
    assert {key_of(rule): set(roles_of(app, rule)) for rule in rules_of(app, True)} == {
        key: set(roles.split()) for key, roles in TABLE.items()
    }
    paths = world.ok(world.get("/openapi.json"))["paths"]
    documented = {
        f"{method.upper()} {_as_rule(path)}": operation
        for path, item in paths.items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert documented.keys() == TABLE.keys()
    for key, operation in documented.items():
        assert set(operation["x-roles"]) == set(TABLE[key].split()), key
        assert bool(operation["security"]) is (TABLE[key] != "anyone"), key


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_each_role_may_call_what_the_table_says_and_nothing_else(
    world: World, house: House, role: str
) -> None:
    # Leaving comes last, for it changes what follows.
    for key in sorted(TABLE, key=lambda each: each.endswith(("withdrawal", "sign-out"))):
        answer = call(world, key, house.objects, house.callers.get(role))
        allowed = TABLE[key].split()
        if allowed == ["anyone"]:
            expected = call(world, key, house.objects, None).status_code
            assert answer.status_code == expected, key
            assert answer.status_code != 401 and ("webhooks" in key or answer.status_code != 403)
        elif role == "nobody":
            assert answer.status_code == 401, key
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        elif role not in allowed:
            assert answer.status_code == 403, key
            assert answer.content_type == "application/problem+json"
        else:
            # An access to another practice's patient is one person's own: nobody here has one.
            refusals = {401, 403, 404, 405, 500} - ({404} if "break-glass" in key else set())
            assert answer.status_code not in refusals, (key, answer.get_json())


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic bTpw", "x"])
def test_a_header_that_names_nobody_is_nobody(world: World, header: str) -> None:
    answer = world.get("/v1/practice", headers={"Authorization": header})
    assert answer.status_code == 401


def test_what_belongs_to_others_looks_like_what_there_is_not(
    app: Flask, world: World, house: House
) -> None:
    elsewhere = build(app, world, "Dale Surgery")
    nothing = {name: str(uuid4()) for name in house.objects}
    for key in (key for key in TABLE if "<uuid:" in key):
        for role in TABLE[key].split():
            caller = house.callers[role]
            real = [name for name in house.objects if name in key]
            told = []
            for objects in (nothing, elsewhere.objects):
                answer = call(world, key, objects, caller)
                assert answer.status_code == 404, (key, role)
                problem = answer.get_json()
                problem.pop("request_id")
                told.append(problem)
                assert not [n for n in real if objects[n] in answer.get_data(as_text=True)]
            assert told[0] == told[1], key


def test_what_belongs_to_another_patient_looks_like_what_there_is_not(
    world: World, house: House
) -> None:
    other = world.onboarded(house.callers["clinician"], family_name="Other")
    [check_in] = world.check_ins(other, "weekly", "scheduled")
    activity = world.ok(world.get("/v1/me/plan", other))["activities"][0]
    objects = {
        "check_in_id": check_in["id"],
        "activity_id": activity["id"],
        "entry_id": str(uuid4()),
    }
    keys = [key for key in TABLE if "<uuid:" in key and TABLE[key] == "patient"]
    assert len(keys) == 13
    for key in keys:
        assert call(world, key, objects, house.callers["patient"]).status_code == 404, key
        assert call(world, key, objects, other).status_code != 404, key


def test_lists_show_only_the_own_practice(app: Flask, world: World, house: House) -> None:
    elsewhere = build(app, world, "Dale Surgery")
    crowd(app, elsewhere.callers["lead"].practice_id, 3, world.clock.now() + timedelta(days=9))
    lead = house.callers["lead"]
    alerts = world.alerts(lead, "?since=0")
    assert house.objects["alert_id"] in [alert["id"] for alert in alerts]
    assert {alert["patient_id"] for alert in alerts} == {house.objects["patient_id"]}
    [patient] = world.ok(world.get("/v1/patients", lead))["items"]
    assert patient["id"] == house.objects["patient_id"]
    accounts = world.ok(world.get("/v1/providers", lead))["items"]
    assert {UUID(each["id"]) for each in accounts} == {
        house.callers[role].id for role in ROLES if role != "patient"
    }
    assert world.ok(world.get("/v1/practice", lead))["name"] == "Hill Surgery"


def test_pages_send_whoever_is_not_signed_in_to_sign_in(
    app: Flask, world: World, house: House
) -> None:
    seen = set()
    for rule in rules_of(app, False):
        if roles_of(app, rule) == ("anyone",):
            continue
        ids = {**house.objects, "action": "start"}
        with app.test_request_context():
            path = app.url_map.bind("").build(
                rule.endpoint, {name: ids[name] for name in rule.arguments}
            )
        path = path.removeprefix("http://")
        [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        answer = world.client.open(path, method=method)
        # A form without a session has no token either, and is refused before that.
        assert answer.status_code in ((303,) if method == "GET" else (303, 400)), rule
        if answer.status_code == 303:
            assert answer.headers["Location"].partition("?")[0].endswith("/sign-in"), rule
        seen.add(rule.rule.split("/")[1])
    assert seen == {"console", "my"}

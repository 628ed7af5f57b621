"""Every operation of the API, for every role, in the own and in another practice.

The operations, their ids and the shape of their bodies come from the OpenAPI document; who may call
what comes from the one table in ``tests/test_routes.py``. An operation that this test cannot call
properly (an id or a body that it does not know) fails it by name, so that none can be forgotten.

What is refused changes nothing anywhere, and nothing that anybody does changes a row of another
practice: both are seen from the tables themselves, past row-level security.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from backend.models import Base
from tests.owner import ask
from tests.test_routes import BODIES, ROLES, TABLE, House, build
from tests.world import PASSWORD, Caller, World

METHODS = ("get", "post", "put", "patch", "delete")
# Of all practices alike: topics of training, and content under the name of its own hash.
SHARED = {"topic_id", "sha256"}
# Thought of by the client; another's is as good as new.
OWN_CHOICE = {"entry_id"}
# Which of a practice's ids a body's member or a query's parameter holds.
BODY_IDS = {
    **dict.fromkeys(("provider_id", "mentor_id", "cover_id"), "colleague_id"),
    "corrects_id": "note_id",
    "corrects": "adverse_event_id",
    "id": "entry_id",
}
# Sound bodies, with every member that names somebody; the rest is in tests/test_routes.py.
SOUND = {
    "PUT /v1/providers/{provider_id}/absence": {
        "away_from": "2026-09-01",
        "away_until": "2026-09-30",
        "cover_id": "",
    },
    "PUT /v1/providers/{provider_id}/mentor": {"mentor_id": ""},
    "POST /v1/providers": {
        "email": "new@example.org",
        "name": "Dr New",
        "role": "clinician",
        "password": PASSWORD,
    },
    "POST /v1/patients": {
        "given_name": "Ann",
        "family_name": "New",
        "phone": "+447700912345",
        "time_zone": "Europe/London",
        "checkin_weekday": "monday",
        "checkin_hour": 9,
    },
    "POST /v1/me/consent": {"version": "1.0.0"},
    "POST /v1/me/consent/sms-answers": {"version": "1.0.0"},
    "POST /v1/me/sync": {
        "sent_at": "2026-09-01T10:00:00Z",
        "device": "phone",
        "events": [
            {
                "id": "01900000-0000-7000-8000-000000000001",
                "type": "reading",
                "occurred_at": "2026-09-01T09:00:00Z",
                "about": "01900000-0000-7000-8000-000000000002",
                "body": {"grade": 1},
            }
        ],
    },
    "POST /v1/patients/{patient_id}/notes": {"text": "Evenings.", "corrects_id": ""},
    "POST /v1/patients/{patient_id}/adverse-events": {
        "kind": "injury",
        "relatedness": "unlikely",
        "corrects": "",
    },
}
# What a call leaves even when it is refused: who tried to see what.
TRAIL = {"audit_event"}
TABLES = sorted(t.name for t in Base.metadata.sorted_tables if "practice_id" in t.columns)


@dataclass(frozen=True)
class Operation:
    """One row of the matrix."""

    method: str
    path: str
    roles: frozenset[str]
    body: Mapping[str, Any] | None
    schema: Mapping[str, Any]
    ids: tuple[str, ...]
    id_parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_open(self) -> bool:
        return self.roles == {"anyone"}

    @property
    def owned(self) -> tuple[str, ...]:
        return tuple(name for name in self.ids if name not in SHARED)


@dataclass
class Street:
    """Two practices with somebody in every role and something of everything."""

    world: World
    database: str
    own: House
    other: House

    def call(
        self, operation: Operation, ids: Mapping[str, str], caller: Caller | None, body: Any
    ) -> tuple[int, str]:
        path = operation.path.format(**ids)
        headers = {**(caller.headers if caller else {}), "Idempotency-Key": uuid4().hex}
        more = {} if operation.body is None else {"json": body}
        answer = self.world.client.open(path, method=operation.method, headers=headers, **more)
        return answer.status_code, answer.get_data(as_text=True)

    def sums(self, house: House) -> dict[str, tuple[Any, ...]]:
        """Count and checksum of a practice's rows, by table."""
        practice = house.callers["lead"].practice_id
        one = (
            "SELECT '{0}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
            " FROM {0} t WHERE {1} = %(practice)s"
        )
        asked = [one.format(table, "practice_id") for table in TABLES]
        asked.append(one.format("practice", "id"))
        found = ask(self.database, " UNION ALL ".join(asked), {"practice": practice})
        return {table: tuple(rest) for table, *rest in found}


@pytest.fixture
def street(app: Flask, world: World, database: str) -> Street:
    houses = [build(app, world, name) for name in ("Hill Surgery", "Vale Surgery")]
    for house in houses:
        about = f"/v1/patients/{house.objects['patient_id']}"
        clinician = house.callers["clinician"]
        note = world.ok(world.post(f"{about}/notes", clinician, {"text": "Mornings."}))
        happened = {"kind": "injury", "relatedness": "unlikely"}
        event = world.ok(world.post(f"{about}/adverse-events", clinician, happened))
        house.objects |= {"note_id": note["id"], "adverse_event_id": event["id"]}
    # The clock has been seen, so that the service says it is ready.
    world.tick()
    return Street(world, database, *houses)


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """The matrix's rows; what ends something for good comes last."""
    found = [
        _operation(document, method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    return sorted(found, key=_ends_something)


def _operation(
    document: Mapping[str, Any], method: str, path: str, stated: Mapping[str, Any]
) -> Operation:
    item = document["paths"][path]
    parameters = [
        _resolved(document, p) for p in (*item.get("parameters", ()), *stated.get("parameters", ()))
    ]
    content = stated.get("requestBody", {}).get("content", {})
    schema = next(iter(content.values()), {}).get("schema", {})
    name = f"{method} {path}"
    return Operation(
        method,
        path,
        frozenset(stated["x-roles"]),
        None if not content else SOUND.get(name) or _known_body(method, path),
        {**_resolved(document, schema), "components": document["components"]},
        tuple(p["name"] for p in parameters if p["in"] == "path"),
        tuple(
            p["name"]
            for p in parameters
            if p["in"] != "path" and p.get("schema", {}).get("format") == "uuid"
        ),
    )


def _known_body(method: str, path: str) -> Any:
    """The body that the table of bodies has for an operation: by its name, or by its last word."""
    words = [word for word in path.split("/") if not word.startswith("{")]
    return BODIES.get(f"{method} {_as_rule(path)}") or BODIES.get(words[-1], {})


def _as_rule(path: str) -> str:
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            rule = f"<{name}>" if name in SHARED else f"<uuid:{name}>"
            path = path.replace(part, rule)
    return path


def _resolved(document: Mapping[str, Any], stated: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = stated
    if "$ref" in stated:
        found = document
        for part in stated["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return found  # type: ignore[no-any-return]


def _ends_something(operation: Operation) -> int:
    if operation.path.endswith("sign-out"):
        return 3
    if operation.path.endswith("withdrawal"):
        return 2
    return 1 if operation.method == "DELETE" else 0


def unknown(operation: Operation, street: Street) -> Iterator[str]:
    """What keeps this test from calling an operation as it is meant to be called."""
    rule = f"{operation.method} {_as_rule(operation.path)}"
    if rule not in TABLE:
        yield "tests/test_routes.py (TABLE) does not say who may call it"
    elif set(TABLE[rule].split()) != operation.roles:
        yield f"the document says {sorted(operation.roles)}, the table {TABLE[rule]}"
    for name in operation.ids:
        if name not in street.own.objects:
            yield f"nobody made a {name} (build in tests/test_routes.py)"
    for name in operation.id_parameters:
        if name not in BODY_IDS:
            yield f"whose id is the parameter {name}? (BODY_IDS)"
    for name, member in operation.schema.get("properties", {}).items():
        if member.get("format") == "uuid" and name not in BODY_IDS:
            yield f"whose id is the member {name}? (BODY_IDS)"
    if operation.body is not None and not operation.is_open:
        wrong = Draft202012Validator(operation.schema).iter_errors(_body(operation, street.own))
        yield from (f"its body is not sound (BODIES): {error.message}" for error in wrong)


def _body(operation: Operation, house: House, role: str = "clinician") -> Any:
    """The sound body of an operation, with ids of a practice; a colleague is not the caller."""
    body = operation.body
    if not isinstance(body, Mapping):
        return body
    colleague = house.callers["clinician" if role == "lead" else "lead"]
    known = {**house.objects, "colleague_id": str(colleague.id)}
    return {
        name: known[BODY_IDS[name]] if name in BODY_IDS else value for name, value in body.items()
    }


def refusals(
    operation: Operation, street: Street
) -> Iterator[tuple[str, Mapping[str, str], Any, Caller | None, set[int]]]:
    """Calls that must come to nothing: who, with which ids and body, and the statuses due."""
    own, other = street.own, street.other
    for role in ("nobody", *ROLES):
        sound, theirs = _body(operation, own, role), _body(operation, other, role)
        is_allowed = role in operation.roles
        caller = own.callers.get(role)
        if not is_allowed:
            status = {401} if role == "nobody" else {403}
            yield f"{role}, own", own.objects, sound, caller, status
            if operation.owned:
                yield f"{role}, other", other.objects, sound, caller, status
            continue
        if operation.owned:
            yield f"{role}, other", other.objects, sound, caller, {404}
        for name in operation.owned if len(operation.owned) > 1 else ():
            if name in OWN_CHOICE:
                continue
            mixed = {**own.objects, name: other.objects[name]}
            yield f"{role}, own with other {name}", mixed, sound, caller, {404}
        for name in set(sound or ()) & BODY_IDS.keys() if isinstance(sound, Mapping) else ():
            foreign = {**sound, name: theirs[name]}
            yield f"{role}, own with other {name} inside", own.objects, foreign, caller, {404, 422}


def test_every_operation_for_every_role_in_the_own_and_another_practice(street: Street) -> None:
    document = street.world.ok(street.world.get("/openapi.json"))
    rows = operations(document)
    faults: list[str] = []
    for operation in rows:
        faults += [f"{operation.name}: {why}" for why in unknown(operation, street)]
    assert not faults, "\n".join(faults)
    calls, first = 0, street.sums(street.own)
    for operation in rows:
        before = street.sums(street.own), street.sums(street.other)
        if not operation.is_open:
            for who, ids, body, caller, due in refusals(operation, street):
                calls += 1
                status, said = street.call(operation, ids, caller, body)
                if status not in due:
                    faults.append(f"{operation.name} ({who}): {status} {said[:200]}")
                if street.other.objects["patient_id"] in said and "own" not in who:
                    faults.append(f"{operation.name} ({who}) tells: {said[:200]}")
        after = street.sums(street.own), street.sums(street.other)
        faults += [
            f"{operation.name} refused, yet changed {sorted(changed)} of the {whose} practice"
            for whose, was, now in zip(("own", "other"), before, after, strict=True)
            if (changed := _changed(was, now) - TRAIL)
        ]
        is_done = False
        for role in ("nobody",) if operation.is_open else sorted(operation.roles):
            calls += 1
            caller = street.own.callers.get(role)
            status, said = street.call(
                operation, street.own.objects, caller, _body(operation, street.own, role)
            )
            if status == 404 and "break-glass" in operation.path:
                # One person's own, to another practice's patient: tests/break_glass.
                continue
            if status == 404 and is_done and operation.method != "GET":
                # What a colleague has ended is no longer there.
                continue
            is_done = is_done or status < 400
            is_webhook = operation.is_open and "/webhooks/" in operation.path
            if status >= 500 or (status in (401, 403, 404, 405) and not operation.is_open):
                faults.append(f"{operation.name} ({role}, own): {status} {said[:200]}")
            if operation.is_open and status == 403 and not is_webhook:
                faults.append(f"{operation.name} ({role}): {status} {said[:200]}")
        last = street.sums(street.other)
        if changed := _changed(after[1], last):
            faults.append(f"{operation.name} changed {sorted(changed)} of another practice")
    assert not faults, "\n".join(faults)
    # Sums that see nothing would pass, and so would a document that has lost its operations.
    assert len(_changed(first, street.sums(street.own))) > 20
    assert len(rows) >= len(TABLE) > 100
    assert calls > 6 * len(rows)
    print(f"{len(rows)} operations, {calls} calls")


def _changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    return {table for table in was if was[table] != now[table]}

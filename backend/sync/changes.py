"""What changed for a patient since a device last asked.

What a person has is little: it is read and compared whole, part by part. A cursor holds what the
device was given, as a keyed hash of each part, so that nothing written meanwhile, by whomever, can
be passed over, and what is gone is gone on the device too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, url_for

from backend.checkins import occasions
from backend.checkins.models import OPEN, SCHEDULED, CheckIn
from backend.core import audit
from backend.core.clock import now
from backend.core.crypto import keyring
from backend.core.identity import actor
from backend.core.problems import Problem, invalid
from backend.patients import service as patients
from backend.patients.models import Enrolment
from backend.programme import service as programme
from backend.sync import bundles, schemas
from backend.sync.bundles import Bundle

# How far back a device is given what was done: a quarter of a year.
HISTORY = timedelta(days=92)
DIGEST_BYTES = 8


@dataclass(frozen=True)
class Changes:
    """The parts that changed, each whole, ready to be sent; and the cursor to ask with next."""

    cursor: str
    changed: Mapping[str, Any]


def since(cursor: str | None) -> Changes:
    """What a device that holds a cursor does not have yet; all of it without one.

    Raises ``Problem`` 422 for what is no cursor of ours.
    """
    held = _read(cursor)
    enrolment = patients.find(actor.id)
    audit.record("sync.read", practice_id=enrolment.practice_id, patient_id=enrolment.patient_id)
    parts = schemas.Parts().dump(_parts(enrolment))
    fresh = {name: _digest(name, parts[name]) for name in schemas.PARTS}
    return Changes(
        _write([fresh[name] for name in schemas.PARTS]),
        {name: parts[name] if held.get(name) != fresh[name] else None for name in schemas.PARTS},
    )


def _parts(enrolment: Enrolment) -> dict[str, Any]:
    patient, at = enrolment.patient, now()
    first = (at - HISTORY).astimezone(ZoneInfo(patient.time_zone)).date()
    done = programme.done_since(patient.id, at - HISTORY, first)
    return {
        "check_ins": {
            "items": [
                _check_in(each, patient.language)
                for each in occasions.mine()
                if each.opens_at >= at - HISTORY or each.status in (OPEN, SCHEDULED)
            ]
        },
        "plan": {"plan": _plan(enrolment, patient.language)},
        "goals": programme.goals_of(patient.id),
        "practice": {"items": done.practice},
        "quizzes": {"items": done.quizzes},
        "positions": {"items": done.positions},
    }


def _check_in(check_in: CheckIn, language: str) -> dict[str, Any]:
    to_ask = check_in.status in (OPEN, SCHEDULED)
    told = {name: getattr(check_in, name) for name in schemas.OF_A_CHECK_IN}
    return {
        **told,
        "bundle": _named(bundles.of_questionnaire(check_in.battery, check_in.occasion, language))
        if to_ask
        else None,
    }


def _plan(enrolment: Enrolment, language: str) -> dict[str, Any] | None:
    try:
        view = programme.with_standings(programme.plan_of(enrolment.patient_id, language))
    except Problem:
        return None
    return {
        "plan": view.plan,
        "activities": [
            {
                "activity": each.activity,
                "module": each.module,
                "title": each.title,
                "locked": each.locked,
                "waits_for_practice": each.waits_for_practice,
                "standing": each.standing,
                "bundle": _named(bundles.of_module(each.module, language)),
            }
            for each in view.activities
        ],
    }


def _named(bundle: Bundle) -> dict[str, str]:
    return {
        "sha256": bundle.sha256,
        "url": url_for("sync.bundle", sha256=bundle.sha256, _external=False),
    }


def _digest(name: str, part: Any) -> bytes:
    key = keyring().derive("sync")
    said = f"{actor.id}:{name}:{current_app.json.dumps(part)}".encode()
    return hashlib.blake2b(said, digest_size=DIGEST_BYTES, key=key).digest()


def _write(digests: Sequence[bytes]) -> str:
    return base64.urlsafe_b64encode(b"".join(digests)).decode().rstrip("=")


def _read(cursor: str | None) -> Mapping[str, bytes]:
    if cursor is None:
        return {}
    try:
        held = base64.b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}", b"-_", validate=True)
    except (binascii.Error, ValueError):
        held = b""
    if len(held) != DIGEST_BYTES * len(schemas.PARTS):
        raise invalid({"since": "Use the cursor of the last answer, unchanged, or none."})
    return {
        name: held[n * DIGEST_BYTES : (n + 1) * DIGEST_BYTES]
        for n, name in enumerate(schemas.PARTS)
    }

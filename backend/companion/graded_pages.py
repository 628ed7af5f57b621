"""What a person chooses and tells on a graded module's page: an aim, a flare-up, a ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from marshmallow import Schema, ValidationError

from backend.companion import forms
from backend.companion.base import Page, blueprint
from backend.companion.plan_pages import module_page
from backend.companion.session import takes_answers
from backend.companion.speech import gettext
from backend.core.database import session as db
from backend.core.problems import Problem
from backend.programme import service as programme
from backend.programme.graded_schemas import AimIn, LadderIn

ROWS = 12


@blueprint.post("/my/plan/<uuid:activity_id>/aim")
@takes_answers
def aim(activity_id: UUID) -> Page:
    """Choose what to work on, and how much of it."""
    given = {
        name: forms.number(text) if name in ("amount", "rounded_to", "planned_days") else text
        for name, text in _given("activity", "measure", "amount", "rounded_to", "planned_days")
    }
    body, errors = _read(AimIn(), given)
    if not errors:
        errors = _tried(lambda: programme.choose_aim(activity_id, **body))
    words = {
        "activity": gettext("Write something here."),
        "measure": gettext("Write something here."),
        "amount": gettext("Give a number above 0, no smaller than a step."),
        "rounded_to": gettext("Give a number above 0."),
        "planned_days": forms.out_of(3, 7),
    }
    return _answer(activity_id, {name: words.get(name, words["amount"]) for name in errors})


@blueprint.post("/my/plan/<uuid:activity_id>/flare")
@takes_answers
def flare(activity_id: UUID) -> Page:
    """Tell of a flare-up that begins today."""
    programme.declare_flare(activity_id, None, None)
    return _answer(activity_id, {})


@blueprint.post("/my/plan/<uuid:activity_id>/ladder")
@takes_answers
def ladder(activity_id: UUID) -> Page:
    """Rate movements, for the first time or again."""
    given = dict(_given(*(f"{name}.{n}" for n in range(ROWS) for name in ("item", "rating"))))
    items = [
        {"item": given.get(f"item.{n}", ""), "rating": forms.number(given.get(f"rating.{n}", ""))}
        for n in range(ROWS)
        if f"item.{n}" in given or f"rating.{n}" in given
    ]
    body, errors = _read(LadderIn(), {"items": items})
    if not errors:
        errors = _tried(lambda: programme.rate_ladder(activity_id, body["items"]))
    fault = gettext(
        "Write down at least 5 and at most 12 movements, each once and with a number from 0 to 100."
    )
    return _answer(activity_id, {"items": fault} if errors else {})


def _given(*names: str) -> list[tuple[str, str]]:
    """What was written, without what was left blank."""
    texts = ((name, request.form.get(name, "").replace("\0", "").strip()) for name in names)
    return [(name, text) for name, text in texts if text]


def _read(schema: Schema, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    try:
        return schema.load(given), []
    except ValidationError as error:
        return {}, list(error.messages_dict)


def _tried(choose: Any) -> list[str]:
    try:
        choose()
    except Problem as problem:
        if problem.status != 422:
            raise
        return list(problem.errors)
    return []


def _answer(activity_id: UUID, faults: Mapping[str, str]) -> Page:
    if faults:
        db.rollback()
        return module_page(activity_id, graded_faults=faults), 422
    return redirect(url_for("companion.module", activity_id=activity_id, _anchor="standing"), 303)

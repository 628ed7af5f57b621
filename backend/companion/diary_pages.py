"""The diary of a module on a phone: what was written, and a plain form for one more entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for

from backend.companion import forms
from backend.companion.base import Page, blueprint
from backend.companion.present import day_words
from backend.companion.session import for_patients, takes_answers
from backend.companion.speech import gettext
from backend.core.database import session as db
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.programme import diaries
from backend.programme import service as programme
from backend.programme.diaries import Diary, Field
from backend.programme.words import number

SHOWN = 20


@blueprint.get("/my/plan/<uuid:activity_id>/diary")
@for_patients
def diary(activity_id: UUID) -> Page:
    """What was written into a module's diary, and the form for one more entry."""
    return _page(activity_id, noted=request.args.get("noted"), entry=request.args.get("entry"))


@blueprint.post("/my/plan/<uuid:activity_id>/diary")
@takes_answers
def write_entry(activity_id: UUID) -> Page:
    """Write an entry, or write one anew; the form sent twice is one entry."""
    kept = programme.diary_for(activity_id)
    values = _given(kept)
    shared = request.form.get("shared") == "yes"
    changes = _id(request.form.get("entry"))
    try:
        if changes is not None:
            programme.change_entry(activity_id, changes, None, values, shared)
        else:
            programme.keep_entry(
                activity_id, _id(request.form.get("id")) or new_id(), None, values, shared
            )
    except Problem as problem:
        if problem.status != 422:
            raise
        db.rollback()
        return _page(activity_id, faults=_faults(kept, problem.errors)), 422
    return redirect(url_for("companion.diary", activity_id=activity_id, noted="kept"), 303)


@blueprint.post("/my/plan/<uuid:activity_id>/diary/<uuid:entry_id>/remove")
@takes_answers
def remove_entry(activity_id: UUID, entry_id: UUID) -> Page:
    """Remove an entry for good."""
    programme.remove_entry(activity_id, entry_id)
    return redirect(url_for("companion.diary", activity_id=activity_id, noted="removed"), 303)


def _page(
    activity_id: UUID,
    noted: str | None = None,
    entry: str | None = None,
    faults: Mapping[str, str] | None = None,
) -> str:
    page = programme.entries_of(activity_id, SHOWN, None)
    again = [each for each in page.items if str(each.row.id) == entry and each.can_change]
    given: Mapping[str, Any] = request.form
    if not request.form:
        given = _prefilled(page, again)
    return render_template(
        "companion/diary.html",
        page=page,
        said=page.said,
        activity_id=activity_id,
        noted=noted,
        faults=faults or {},
        given=given,
        changing=given.get("entry"),
        key=given.get("id") or str(new_id()),
        day_words=day_words,
        told=_told,
        number=number,
    )


def _prefilled(page: programme.Entries, again: list[programme.Entry]) -> dict[str, Any]:
    # A new version of a document begins with the words of the last one.
    start = again or (page.items[:1] if page.diary.document else [])
    if not start:
        return {}
    row = start[0].row
    filled = {f"v.{name}": str(value) for name, value in row.values.items()}
    if row.shared:
        filled["shared"] = "yes"
    if again:
        filled["entry"] = str(row.id)
    return filled


def _given(kept: Diary) -> dict[str, Any]:
    """What was written, without what was left blank; numbers as numbers."""
    texts = {f.id: request.form.get(f"v.{f.id}", "").replace("\0", "").strip() for f in kept.fields}
    kinds = {f.id: f.kind for f in kept.fields}
    numeric = (diaries.SCALE, diaries.NUMBER)
    return {
        name: forms.number(text) if kinds[name] in numeric else text
        for name, text in texts.items()
        if text
    }


def _faults(kept: Diary, errors: Iterable[str]) -> dict[str, str]:
    fields = {f"values.{field.id}": field for field in kept.fields}
    return {fields[name].id: _fault(fields[name]) for name in errors if name in fields}


def _fault(field: Field) -> str:
    blank = not request.form.get(f"v.{field.id}", "").strip()
    if blank:
        return gettext("This question needs an answer.")
    if field.kind in diaries.LONGEST:
        return gettext("Write up to %(most)s characters.", most=diaries.LONGEST[field.kind])
    if field.kind == diaries.SCALE:
        return forms.out_of(0, field.most or 0)
    if field.kind == diaries.NUMBER:
        return forms.out_of(field.lowest or 0, field.highest or 0)
    if field.kind == diaries.CHOICE:
        return gettext("Choose one of the answers.")
    if field.kind == diaries.TIME:
        return gettext("Give a time, such as 23:15.")
    return gettext("Choose a day no more than a week back, and not too far ahead.")


def _told(field: Mapping[str, Any], value: Any) -> str:
    """A value as it was written, in the words of the page."""
    if field["kind"] == diaries.CHOICE:
        return next((o["label"] for o in field["options"] if o["code"] == value), str(value))
    if field["kind"] == diaries.DATE:
        return day_words(date.fromisoformat(value))
    if field["kind"] == diaries.SCALE:
        return gettext("%(number)s of %(most)s", number=value, most=field["most"])
    return str(value)


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None

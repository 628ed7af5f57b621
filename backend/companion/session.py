"""Who is signed in on these pages: a signed cookie that names a sign-in session, and CSRF tokens.

The cookie holds ids and a language only. A person who is idle is signed out; a form they had open
before may still be sent for a day, for nobody should lose what they wrote by thinking it over (WCAG
2.2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypedDict
from uuid import UUID

from flask import g, redirect, request, url_for
from flask import session as cookie
from flask_wtf.csrf import generate_csrf, validate_csrf

from backend.companion import speech
from backend.core import sessions
from backend.core.clock import now
from backend.core.identity import PATIENT, Actor, View, actor, become
from backend.patients import service as patients
from backend.patients.models import Enrolment

SIGNED_IN = "companion"
WAY = "companion_way"
CSRF = "companion_csrf"
IDLE = timedelta(minutes=15)
FORM_LIFE = timedelta(hours=24)


class Way(TypedDict, total=False):
    """How a person came and where they wanted to go, while they are not signed in yet.

    ``link`` is the token of the text they followed; ``away`` says that they were here before.
    """

    link: str
    purpose: str
    goal: str
    away: bool


def way() -> Way:
    """What is remembered of the way here."""
    found: Way = cookie.get(WAY, {})
    return found


def remember(**steps: Any) -> None:
    """Add to what is remembered of the way here."""
    cookie[WAY] = {**way(), **steps}


def arrive() -> str:
    """The signed-in person's session begins here; returns the address they wanted."""
    cookie[SIGNED_IN] = {
        "id": str(actor.id),
        "practice": str(actor.practice_id),
        "role": actor.role,
        "session": str(actor.session_id),
        "seen": now().isoformat(),
    }
    enrolment()
    before = way()
    # A check-in's link serves again after a pause; an invitation is used up by now.
    if before.get("purpose") == patients.CHECK_IN:
        cookie[WAY] = {"link": before["link"], "purpose": patients.CHECK_IN}
    else:
        cookie.pop(WAY, None)
    return before.get("goal") or url_for("companion.home")


def resume(idle: timedelta = IDLE) -> bool:
    """Act for the person whom the cookie names; false when nobody is signed in any more."""
    kept = cookie.get(SIGNED_IN)
    if kept is None:
        return False
    person = Actor(UUID(kept["id"]), UUID(kept["practice"]), kept["role"], UUID(kept["session"]))
    become(person)
    away = now() - datetime.fromisoformat(kept["seen"])
    if person.role != PATIENT or away > idle or not sessions.is_open(person.session_id):
        leave()
        remember(away=True)
        return False
    if away <= IDLE:
        cookie[SIGNED_IN] = {**kept, "seen": now().isoformat()}
    return True


def leave() -> None:
    """Sign the person out and forget them on this device."""
    sessions.close_session(actor.session_id)
    cookie.pop(SIGNED_IN, None)
    g.pop("actor", None)
    g.pop("enrolment", None)


def forget() -> None:
    """Nothing of these pages stays on this device."""
    for key in (SIGNED_IN, WAY, CSRF, speech.SPOKEN):
        cookie.pop(key, None)


def enrolment() -> Enrolment:
    """The signed-in patient's enrolment, read once a request. Raises ``Problem`` 404.

    From here on the page speaks the patient's language.
    """
    if "enrolment" not in g:
        g.enrolment = patients.find(actor.id)
        speech.speak(g.enrolment.patient.language)
    found: Enrolment = g.enrolment
    return found


def _guard(view: Callable[..., Any], idle: timedelta) -> Any:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not resume(idle):
            if request.method == "GET":
                remember(goal=request.path)
            return redirect(url_for("companion.sign_in_page"), 303)
        enrolment()
        return view(*args, **kwargs)

    guarded.allowed_roles = (PATIENT,)  # type: ignore[attr-defined]
    return guarded


def for_patients(view: View) -> View:
    """State that a page is for a signed-in patient; others are sent to sign in."""
    guarded: View = _guard(view, IDLE)
    return guarded


def takes_answers(view: View) -> View:
    """The same for a form that takes time to fill in: it may come late."""
    guarded: View = _guard(view, FORM_LIFE)
    return guarded


def region() -> str | None:
    """Where numbers without a country code belong, by the browser's language."""
    # "en-GB" is a guess that harms nobody.
    _, _, found = (request.accept_languages.best or "").partition("-")
    return found.upper()[:2] or None


def csrf_token() -> str:
    """The token that every form carries."""
    return str(generate_csrf(token_key=CSRF))


def is_own_form() -> bool:
    """Whether the form that was sent came from one of these pages."""
    try:
        validate_csrf(
            request.form.get("csrf_token"),
            time_limit=int(FORM_LIFE.total_seconds()),
            token_key=CSRF,
        )
    except ValueError:  # wtforms' ValidationError is one
        return False
    return True

"""Who is signed in to the console. The cookie holds ids and a time, never a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_wtf.csrf import ValidationError, generate_csrf, validate_csrf
from werkzeug.exceptions import BadRequest

from backend.core import sessions
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import CARE_TEAM, Actor, actor, become
from backend.core.problems import Problem
from backend.practices.models import Practice, Provider

COOKIE_KEY = "console"
CSRF_KEY = "console_csrf"
CSRF_FIELD = "csrf_token"
DEVICE = "web console"
IDLE, ENDED, LEFT = "idle", "ended", "signed-out"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Viewer:
    """What every page shows of the person signed in. ``zone`` is the practice's IANA name."""

    name: str
    role: str
    practice: str
    zone: str


def viewer() -> Viewer | None:
    """The person signed in, once the request has been let in."""
    found: Viewer | None = g.get("console_viewer")
    return found


def begin() -> None:
    """Remember the session that sign-in has just opened; the page's CSRF token changes with it."""
    forget()
    cookie[COOKIE_KEY] = {
        "session": str(actor.session_id),
        "id": str(actor.id),
        "practice": str(actor.practice_id),
        "role": actor.role,
        "seen": _timestamp(),
    }


def home() -> str:
    """Where somebody's work begins: at the alerts or, for whom they are not, at the patients."""
    return url_for("console.alert_feed" if actor.role in CARE_TEAM else "console.patient_list")


def end() -> None:
    """Sign out."""
    sessions.close_session(actor.session_id)
    forget()


def forget() -> None:
    """Take everything of the console out of the cookie."""
    cookie.pop(COOKIE_KEY, None)
    cookie.pop(CSRF_KEY, None)
    g.pop(CSRF_KEY, None)


def csrf_token() -> str:
    """The token that every form sends back."""
    return str(generate_csrf(token_key=CSRF_KEY))


def check_csrf() -> None:
    """Refuse a form that is not from one of our pages. Raises ``BadRequest``."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    try:
        validate_csrf(request.form.get(CSRF_FIELD), token_key=CSRF_KEY)
    except ValidationError:
        raise BadRequest(
            "This form is out of date or did not come from this site. Open the page again."
        ) from None


def signed_in(*roles: str) -> Callable[[View], View]:
    """State which roles may open a page. Others are told so; nobody signed in goes to sign-in."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            ended = _enter()
            if ended is not None:
                forget()
                return redirect(url_for("console.sign_in_page", because=ended or None), 303)
            if actor.role not in roles:
                raise Problem(
                    403,
                    "not-allowed",
                    f"This page is for these roles: {', '.join(roles)}. "
                    f"You are signed in with the role: {actor.role}.",
                )
            return view(*args, **kwargs)

        guarded.allowed_roles = roles  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def _enter() -> str | None:
    """Let the request in, or say why it has ended (empty when it never began)."""
    kept = _kept()
    if kept is None:
        return ""
    person, seen = kept
    become(person)
    if not sessions.is_open(person.session_id):
        return ENDED
    idle = timedelta(minutes=current_app.extensions["settings"].console_idle_minutes)
    if now() - seen >= idle:
        sessions.close_session(person.session_id)
        return IDLE
    g.console_viewer = _viewer(person)
    if g.console_viewer is None:
        return ENDED
    # A page that reloads by itself is no sign that somebody is there.
    if "auto" not in request.args:
        cookie[COOKIE_KEY] = {**cookie[COOKIE_KEY], "seen": _timestamp()}
    return None


def _kept() -> tuple[Actor, datetime] | None:
    try:
        kept = cookie[COOKIE_KEY]
        person = Actor(
            UUID(kept["id"]), UUID(kept["practice"]), kept["role"], UUID(kept["session"])
        )
        return person, datetime.fromtimestamp(kept["seen"], UTC)
    except (KeyError, TypeError, ValueError):
        return None


def _viewer(person: Actor) -> Viewer | None:
    # An account that was closed or given another role since must sign in anew.
    account = session.get(Provider, person.id)
    practice = session.get(Practice, person.practice_id)
    if account is None or practice is None or not account.active or account.role != person.role:
        return None
    return Viewer(account.name, account.role, practice.name, practice.time_zone)


def _timestamp() -> int:
    return int(now().timestamp())

"""Who is calling, and which routes they may call."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

import jwt
from flask import current_app, g, request
from werkzeug.local import LocalProxy

from backend.core import tenancy
from backend.core.clock import now
from backend.core.crypto import keyring
from backend.core.problems import Problem

PATIENT = "patient"
CLINICIAN = "clinician"
LEAD = "lead"
ADMINISTRATOR = "administrator"
RESEARCHER = "researcher"
PROVIDER_ROLES = (CLINICIAN, LEAD, ADMINISTRATOR, RESEARCHER)
CARE_TEAM = (CLINICIAN, LEAD)
STAFF = (CLINICIAN, LEAD, ADMINISTRATOR)

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Actor:
    """A signed-in person. ``role`` is ``patient`` or a provider's role."""

    id: UUID
    practice_id: UUID
    role: str
    session_id: UUID

    @property
    def is_patient(self) -> bool:
        return self.role == PATIENT


def _actor() -> Actor:
    found: Actor | None = g.get("actor")
    if found is None:
        raise Problem(401, "sign-in-required", "Sign in first.", headers=_CHALLENGE)
    return found


actor: Actor = LocalProxy(_actor)  # type: ignore[assignment]
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def become(person: Actor) -> None:
    """From here on the request acts for ``person`` and sees their practice only."""
    g.actor = person
    tenancy.enter(person.practice_id)


def issue_access_token(person: Actor) -> tuple[str, int]:
    """A signed access token and its life in seconds."""
    life = timedelta(minutes=current_app.extensions["settings"].access_token_minutes)
    claims = {
        "sub": str(person.id),
        "practice": str(person.practice_id),
        "role": person.role,
        "sid": str(person.session_id),
        "exp": int((now() + life).timestamp()),
    }
    return jwt.encode(claims, keyring().tokens, algorithm="HS256"), int(life.total_seconds())


def read_access_token(token: str) -> Actor:
    """The person a token speaks for. Raises ``Problem`` 401 when it is forged or out of date."""
    try:
        claims = jwt.decode(
            token,
            keyring().tokens,
            algorithms=["HS256"],
            # Expiry is judged below, by the application's clock.
            options={"verify_exp": False, "require": ["sub", "practice", "role", "sid", "exp"]},
        )
        person = Actor(
            UUID(claims["sub"]), UUID(claims["practice"]), claims["role"], UUID(claims["sid"])
        )
        expires = int(claims["exp"])
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise Problem(
            401, "invalid-token", "This access token is not valid.", headers=_CHALLENGE
        ) from None
    if now().timestamp() >= expires:
        raise Problem(
            401,
            "expired-token",
            "This access token is out of date; refresh it.",
            headers=_CHALLENGE,
        )
    return person


def _authenticate() -> None:
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "sign-in-required", "Sign in first.", headers=_CHALLENGE)
    become(read_access_token(token.strip()))


def may_call(*roles: str) -> Callable[[View], View]:
    """State who may call a route: ``patient`` or provider roles. Others get 401 or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _authenticate()
            if actor.role not in roles:
                raise Problem(403, "not-allowed", f"This is for: {', '.join(roles)}.")
            return view(*args, **kwargs)

        guarded.allowed_roles = roles  # type: ignore[attr-defined]
        _describe(
            guarded,
            {"security": [{"bearer": []}], "x-roles": list(roles)},
        )
        return guarded  # type: ignore[return-value]

    return decorate


def anyone(view: View) -> View:
    """State that a route needs no sign-in (sign-in itself, webhooks, health, public links)."""
    view.allowed_roles = ("anyone",)  # type: ignore[attr-defined]
    _describe(view, {"security": [], "x-roles": ["anyone"]})
    return view


def _describe(view: Any, doc: dict[str, Any]) -> None:
    view._apidoc = deepcopy(getattr(view, "_apidoc", {}))
    view._apidoc.setdefault("manual_doc", {}).update(doc)

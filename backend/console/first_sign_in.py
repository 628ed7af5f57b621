"""The first sign-in: a new account's person gives their authenticator app a secret of its own.

What is remembered between the two steps is whose password was right, and until when; the secret
stays in the database.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import segno
from flask import redirect, render_template, request, url_for
from flask import session as cookie

from backend.console import forms, session
from backend.console.forms import Filled
from backend.console.site import blueprint
from backend.core.clock import now
from backend.core.identity import anyone
from backend.core.limits import limiter, sign_in_limit
from backend.core.problems import Problem
from backend.practices import service as practices

PENDING = "console_factor"
WITHIN = timedelta(minutes=10)
QR_PIXELS = 5
IN_GROUPS_OF = 4


@blueprint.get("/first-sign-in")
@anyone
def first_sign_in_page() -> str:
    """Asks a newcomer for e-mail and password."""
    return _who(Filled())


@blueprint.post("/first-sign-in")
@anyone
@limiter.limit(sign_in_limit)
def first_sign_in() -> Any:
    """A newcomer's e-mail and password, for a secret of their own."""
    filled = forms.first_sign_in(request.form)
    if filled.errors:
        return _who(filled), 422
    try:
        account_id = practices.begin_factor(**filled.values)
    except Problem as problem:
        return _who(filled, problem.detail), problem.status, dict(problem.headers)
    cookie[PENDING] = {"id": str(account_id), "until": int((now() + WITHIN).timestamp())}
    return redirect(url_for("console.factor_page"), 303)


@blueprint.get("/first-sign-in/app")
@anyone
def factor_page() -> Any:
    """Shows the secret as a picture and in letters, and asks for the first code."""
    account_id = _pending()
    if account_id is None:
        return redirect(url_for("console.first_sign_in_page"), 303)
    return _app(account_id, Filled())


@blueprint.post("/first-sign-in/app")
@anyone
@limiter.limit(sign_in_limit)
def prove_factor() -> Any:
    """The first code: the app is set up, and its person signed in."""
    account_id = _pending()
    if account_id is None:
        return redirect(url_for("console.first_sign_in_page"), 303)
    filled = forms.first_code(request.form)
    if filled.errors:
        return _app(account_id, filled), 422
    try:
        practices.prove_factor(account_id, filled.values["code"], session.DEVICE)
    except Problem as problem:
        if problem.status == 401:
            return _app(account_id, filled, problem.detail), 401
        raise
    cookie.pop(PENDING)
    session.begin()
    return redirect(session.home(), 303)


def _who(filled: Filled, sentence: str | None = None) -> str:
    return render_template("console/first_sign_in.html", filled=filled, sentence=sentence)


def _app(account_id: UUID, filled: Filled, sentence: str | None = None) -> str:
    secret, uri = practices.new_factor(account_id)
    return render_template(
        "console/factor.html",
        picture=picture(uri),
        uri=uri,
        groups=in_groups(secret),
        filled=filled,
        sentence=sentence,
    )


def in_groups(secret: str) -> list[str]:
    """A secret as it is typed without slips."""
    return [secret[i : i + IN_GROUPS_OF] for i in range(0, len(secret), IN_GROUPS_OF)]


def picture(uri: str) -> str:
    """What an authenticator app scans, as an ``<svg>``."""
    drawn: str = segno.make(uri, micro=False).svg_inline(
        scale=QR_PIXELS, light="#fff", dark="#16242e", svgclass="qr"
    )
    return drawn


def _pending() -> UUID | None:
    kept = cookie.get(PENDING)
    if not isinstance(kept, dict) or kept.get("until", 0) < now().timestamp():
        cookie.pop(PENDING, None)
        return None
    return UUID(kept["id"])

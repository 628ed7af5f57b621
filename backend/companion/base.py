"""What all of the patient's pages share: the blueprint, its headers, its forms and its errors."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from backend.checkins import feedback
from backend.companion import session, speech
from backend.companion.speech import gettext, lazy_gettext
from backend.core.identity import anyone
from backend.core.problems import Problem

blueprint = Blueprint("companion", __name__, template_folder="templates")

STOP_LINK = "companion.stop_mails"
STATIC = Path(__file__).parent / "static"
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# The services speak English, to a program. A person is told the same in their own language.
PLAINLY = {
    "already-answered": lazy_gettext("You have answered these questions already. Thank you."),
    "closed-window": lazy_gettext("This check-in has closed. The next one is on its way."),
    "no-email": lazy_gettext("We cannot send e-mails just now."),
    "no-texts": lazy_gettext("Choose reminders by text first."),
    "enrolment-ended": lazy_gettext("This time in the programme has ended."),
    "key-used": lazy_gettext(
        "We have your answers to these questions already. We kept them as they were."
    ),
    "not-allowed": lazy_gettext("This page is not for you."),
    "not-enrolled": lazy_gettext("This time in the programme has not begun or has ended."),
    "not-found": lazy_gettext("We could not find this page."),
    "not-open-yet": lazy_gettext("This check-in has not opened yet."),
    "not-yet": lazy_gettext("This module opens after the ones before it."),
    "on-hold": lazy_gettext("Your programme waits until your practice has spoken with you."),
}
HTTP_WORDS = {
    404: lazy_gettext("We could not find this page."),
    405: lazy_gettext("We could not find this page."),
    413: lazy_gettext("That was too much to send at once."),
    429: lazy_gettext("That was a lot of tries. Please wait a minute, then try again."),
}
OTHERWISE = lazy_gettext("Something did not work. Please try again.")

Page = str | tuple[str, int] | AnyResponse


@blueprint.before_request
def _refuse_foreign_forms() -> Page | None:
    if request.endpoint == STOP_LINK:
        # A mail program has no form of ours; the link itself says what it may do.
        return None
    if request.method == "POST" and not session.is_own_form():
        return say(
            gettext("Please try that again"),
            gettext(
                "This form was open for too long, or your browser does not keep cookies. "
                "Nothing was changed."
            ),
            400,
        )
    return None


@blueprint.after_request
def _secure(response: Response) -> Response:
    for name, value in SECURITY.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@blueprint.context_processor
def for_every_page() -> dict[str, Any]:
    """What every template may ask for."""
    language = speech.language()
    return {
        "csrf_token": session.csrf_token,
        "statement": feedback.statement(language),
        "language": language,
        "signed_in": "actor" in g,
        "dialled": _dialled,
        "in_english": speech.in_english,
        "marked": speech.marked,
    }


def _dialled(phone: str) -> str:
    return "tel:" + "".join(c for c in phone if c.isdigit() or c == "+")


@blueprint.get("/my/static/companion.css")
@anyone
def stylesheet() -> Response:
    """The one stylesheet."""
    return send_from_directory(STATIC, "companion.css")


@blueprint.get("/my/<path:elsewhere>")
@anyone
def nowhere(elsewhere: str) -> Page:
    """Any other address below these pages."""
    return say(gettext("Not here"), HTTP_WORDS[404], 404)


@blueprint.errorhandler(Problem)
def _problem(problem: Problem) -> Page:
    if problem.status == 401:
        return redirect(url_for("companion.sign_in_page"), 303)
    title = gettext("Not here") if problem.status == 404 else gettext("Not just now")
    return say(title, PLAINLY.get(problem.code, OTHERWISE), problem.status)


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Page:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    return say(gettext("That did not work"), HTTP_WORDS.get(status, OTHERWISE), status)


@blueprint.errorhandler(Exception)
def _anything(error: Exception) -> Page:
    # The words of an error may be personal: the log has its kind and where it happened only.
    current_app.extensions["log"].error(
        "unhandled",
        request_id=g.get("request_id"),
        exception=type(error).__name__,
        frames="".join(traceback.format_tb(error.__traceback__)),
    )
    return say(
        gettext("Something went wrong on our side"),
        gettext("Please try again in a few minutes. If you need help now, call your practice."),
        500,
    )


def say(title: str, sentence: str, status: int) -> tuple[str, int]:
    """A page of one sentence."""
    return render_template("companion/message.html", title=title, sentence=sentence), status

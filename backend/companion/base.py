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
from backend.companion import session
from backend.core.identity import anyone
from backend.core.problems import Problem
from backend.core.schema import LANGUAGES

blueprint = Blueprint("companion", __name__, template_folder="templates")

STATIC = Path(__file__).parent / "static"
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# Sentences of the services that speak to a program, said again to a person.
PLAINLY = {
    "key-used": "We have your answers to these questions already. We kept them as they were.",
    "already-answered": "You have answered these questions already. Thank you.",
    "not-allowed": "This page is not for you.",
}
HTTP_WORDS = {
    404: "We could not find this page.",
    405: "We could not find this page.",
    413: "That was too much to send at once.",
    429: "That was a lot of tries. Please wait a minute, then try again.",
}

Page = str | tuple[str, int] | AnyResponse


@blueprint.before_request
def _refuse_foreign_forms() -> Page | None:
    if request.method == "POST" and not session.is_own_form():
        return say(
            "Please try that again",
            "This form was open for too long, or your browser does not keep cookies. "
            "Nothing was changed.",
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
def _for_every_page() -> dict[str, Any]:
    language = g.get("language", LANGUAGES[0])
    return {
        "csrf_token": session.csrf_token,
        "statement": feedback.statement(language),
        "language": language,
        "signed_in": "actor" in g,
        "dialled": _dialled,
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
    return say("Not here", HTTP_WORDS[404], 404)


@blueprint.errorhandler(Problem)
def _problem(problem: Problem) -> Page:
    if problem.status == 401:
        return redirect(url_for("companion.sign_in_page"), 303)
    title = "Not here" if problem.status == 404 else "Not just now"
    return say(title, PLAINLY.get(problem.code, problem.detail), problem.status)


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Page:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    words = HTTP_WORDS.get(status, "Something did not work. Please try again.")
    return say("That did not work", words, status)


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
        "Something went wrong on our side",
        "Please try again in a few minutes. If you need help now, call your practice.",
        500,
    )


def say(title: str, sentence: str, status: int) -> tuple[str, int]:
    """A page of one sentence."""
    return render_template("companion/message.html", title=title, sentence=sentence), status

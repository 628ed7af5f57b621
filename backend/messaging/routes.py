"""HTTP of messaging: the carrier's webhooks, and the demo's inbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from xml.sax.saxutils import escape

import flask
from flask import Response, current_app, render_template, request

from backend.core.api import Blueprint, ProblemSchema
from backend.core.identity import ADMINISTRATOR, LEAD, actor, anyone, may_call
from backend.core.limits import limiter, public_limit
from backend.core.problems import Problem, not_found
from backend.messaging import budget, schemas, service, sms, webhooks
from backend.practices import service as practices

blueprint = Blueprint(
    "messaging",
    __name__,
    url_prefix="/v1/webhooks/twilio",
    description="What the carrier reports; every request is signed",
)
budgets = Blueprint(
    "budgets", __name__, url_prefix="/v1", description="What a practice may spend on texts"
)
pages = flask.Blueprint("messaging_pages", __name__, template_folder="templates")

SHOWN = 100
XML = "text/xml"
COMMUNICATION = {
    "in": "query",
    "name": "communication",
    "schema": {"type": "string"},
    "description": "our own id of the text, from the callback address",
}


def signed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only the carrier may call: 403 before anything of the request is used."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not webhooks.is_signed(request):
            raise Problem(403, "bad-signature", "This request is not signed by the carrier.")
        return view(*args, **kwargs)

    return guarded


def _was_refused(response: Response) -> bool:
    # The carrier reports on a thousand texts from one address; only strangers are counted.
    return response.status_code >= 400


@blueprint.route("/status", methods=["POST"])
@anyone
@limiter.limit(public_limit, deduct_when=_was_refused)
@signed
@blueprint.arguments(schemas.StatusCallback, location="form")
@blueprint.doc(parameters=[COMMUNICATION])
@blueprint.alt_response(403, schema=ProblemSchema)
@blueprint.response(204)
def status(form: dict[str, Any]) -> None:
    """Take a report on an outgoing text."""
    webhooks.status_reported(
        request.args.get("communication"),
        form["MessageSid"],
        form["MessageStatus"],
        form.get("ErrorCode"),
    )


@blueprint.route("/inbound", methods=["POST"])
@anyone
@limiter.limit(public_limit, deduct_when=_was_refused)
@signed
@blueprint.arguments(schemas.InboundMessage, location="form")
@blueprint.alt_response(403, schema=ProblemSchema)
@blueprint.response(200, {"type": "string"}, content_type=XML, description="TwiML")
def inbound(form: dict[str, Any]) -> Response:
    """Take a reply; the answer is TwiML, mostly empty."""
    answer = webhooks.message_received(
        form["MessageSid"], form["From"], form["Body"], form.get("OptOutType")
    )
    message = f"<Message>{escape(answer)}</Message>" if answer else ""
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>', content_type=XML
    )


@budgets.route("/practice/text-budget")
@may_call(LEAD, ADMINISTRATOR)
@budgets.response(200, schemas.BudgetOut)
def text_budget() -> Any:
    """The segments of this month, and the limits."""
    return budget.of(practices.get_practice(actor.practice_id))


@budgets.route("/practice/text-budget", methods=["PATCH"])
@may_call(LEAD)
@budgets.arguments(schemas.BudgetIn)
@budgets.response(200, schemas.BudgetOut)
def change_text_budget(body: dict[str, Any]) -> Any:
    """Set the limits of a month; texts that waited for a higher one go on."""
    return budget.change(practices.get_practice(actor.practice_id), body)


@pages.get("/inbox")
@anyone
def inbox() -> Response:
    """The newest texts, where no carrier is configured; never in production."""
    settings = current_app.extensions["settings"]
    if settings.environment == "production" or not sms.is_inbox():
        raise not_found("page")
    response = Response(render_template("messaging/inbox.html", texts=service.latest(SHOWN)))
    response.headers["Cache-Control"] = "no-store"
    return response

"""HTTP of the patient's day, for the mobile app."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from backend.companion import schemas
from backend.companion.today import Today, today
from backend.core import audit
from backend.core.api import Blueprint
from backend.core.identity import PATIENT, actor, may_call

blueprint = Blueprint("today", __name__, url_prefix="/v1", description="Today")


def _revalidated(view: Callable[..., Response]) -> Callable[..., Response]:
    """Keep the answer on the device, but ask each time whether it still holds: 304 if it does."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Response:
        answer = view(*args, **kwargs)
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    return asked


@blueprint.route("/me/today")
@may_call(PATIENT)
@_revalidated
@blueprint.alt_response(304, success=True)
@blueprint.response(200, schemas.TodayOut)
def my_today() -> Today:
    """The signed-in patient's day: what to do now and why, how it goes, what is next.

    Send the ETag back as If-None-Match to hear 304 while nothing has changed.
    """
    audit.record("today.read", practice_id=actor.practice_id, patient_id=actor.id)
    return today()

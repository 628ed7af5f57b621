"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Flask, Response, current_app, g
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException, InternalServerError

MEDIA_TYPE = "application/problem+json"
# Where the library's own sentence says too much, or is no sentence.
OWN_WORDS = {
    429: "Too many requests from this address. Wait a little and try again.",
    500: "Something went wrong on our side.",
}


class Problem(Exception):
    """Something the caller must know: HTTP status, a stable code, a sentence, and the fields."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or {}
        self.headers = headers or {}
        self.members = members


def not_found(what: str) -> Problem:
    """404; also for another practice's object, which must look the same as none."""
    return Problem(404, "not-found", f"There is no such {what}.")


def invalid(errors: Mapping[str, str], detail: str = "Some values need another look.") -> Problem:
    """422 that names each field and what to do about it."""
    return Problem(422, "invalid", detail, errors=errors)


def document(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """The response that carries a problem."""
    body: dict[str, Any] = {
        "type": f"urn:lumbra:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id"),
        **(members or {}),
    }
    if errors:
        body["errors"] = [{"field": k, "message": v} for k, v in errors.items()]
    response = cast(Response, current_app.json.response(body))
    response.status_code = status
    response.content_type = MEDIA_TYPE
    return response


def flatten(messages: Any, prefix: str = "") -> dict[str, str]:
    """marshmallow's nested messages as ``{"answers.peg.1": "Not a valid integer."}``."""
    if isinstance(messages, Mapping):
        flat: dict[str, str] = {}
        for key, value in messages.items():
            skip = key in ("_schema", "json", "query", "form", "headers", "json_or_form")
            path = prefix if skip else f"{prefix}.{key}".lstrip(".")
            flat.update(flatten(value, path))
        return flat
    text = " ".join(str(m) for m in messages) if isinstance(messages, list) else str(messages)
    return {prefix or "body": text}


def _from_problem(problem: Problem) -> Response:
    response = document(
        problem.status, problem.code, problem.detail, problem.errors, problem.members
    )
    response.headers.update(problem.headers)
    return response


def _from_http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return cast(Response, error.get_response())
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    detail = OWN_WORDS.get(status, str(error.description))
    messages = data.get("messages")
    response = document(
        status,
        error.name.lower().replace(" ", "-"),
        "Some values need another look." if messages else detail,
        flatten(messages) if messages else None,
    )
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _from_data_error(error: DataError) -> Response:
    # A value that fits the schema but not PostgreSQL (a number out of its range, say).
    current_app.extensions["log"].warning("data-error", kind=type(error.orig).__name__)
    return document(422, "invalid", "A value is outside what can be stored.")


def _from_anything(error: Exception) -> Response:
    current_app.extensions["log"].error(
        "unhandled",
        request_id=g.get("request_id"),
        exception=type(error).__name__,
        exc_info=_frames_only(error),
    )
    return _from_http(InternalServerError())


def _frames_only(error: Exception) -> Exception:
    # Database errors quote parameters, and those may be personal: keep the frames, drop the words.
    redacted: Exception = type("Redacted" + type(error).__name__, (Exception,), {})()
    return redacted.with_traceback(error.__traceback__)


def init_app(app: Flask) -> None:
    """Every error that leaves the API is a problem document."""
    app.register_error_handler(Problem, _from_problem)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(DataError, _from_data_error)
    app.register_error_handler(Exception, _from_anything)

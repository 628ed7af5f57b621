"""The API: blueprints whose routes document themselves (flask-smorest, OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from backend import __version__
from backend.core import problems
from backend.core.schema import Schema

View = Callable[..., Any]
DESCRIPTION = """\
Lumbra helps primary-care practices to help people with low back pain help themselves.

Sign in at `/v1/sign-in/provider` or `/v1/sign-in/patient`, then send
`Authorization: Bearer <access_token>`. Every error is an RFC 9457 problem
(`application/problem+json`). Instants are ISO 8601 in UTC.

Lumbra is not an emergency service and is not watched round the clock.
"""


class FieldError(Schema):
    """One field that needs another look."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class ProblemSchema(Schema):
    """RFC 9457 problem document. Some problems carry further members, named in their sentence."""

    class Meta:
        unknown = "include"

    type = fields.String(required=True, metadata={"example": "urn:lumbra:problem:closed-window"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(allow_none=True)
    errors = fields.List(fields.Nested(FieldError))


# What we take is three levels deep; far beyond that, code that looks inside would fail.
DEEPEST_BODY = 20


class JsonParser(FlaskParser):
    """Says 415 to a body that is not JSON, instead of not seeing it; 400 to one past reading."""

    def load_json(self, req: Any, schema: Any) -> Any:
        if req.content_length and not req.is_json:
            raise UnsupportedMediaType("Send the body as application/json.")
        try:
            body = super().load_json(req, schema)
        except (ValueError, RecursionError):
            # A number of thousands of digits, or lists in lists without end.
            raise BadRequest("The body is JSON that cannot be read.")
        if _is_deeper(body, DEEPEST_BODY):
            raise BadRequest(f"Send a body of at most {DEEPEST_BODY} levels.")
        return body


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [inner for each in layer for inner in _inside(each)]
    return bool(layer)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class Blueprint(flask_smorest.Blueprint):
    """A group of routes."""

    ARGUMENTS_PARSER = JsonParser()

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """State what a route takes. Its schema is made here, not anew for each request."""
        made = schema() if isinstance(schema, type) else schema
        stated: Callable[[View], View] = super().arguments(made, **options)
        return stated

    def body(self, schemas: Mapping[str, type[Schema]]) -> Callable[[View], View]:
        """State the body of a route that takes several media types of JSON, each with its schema.

        The first schema reads any other JSON.
        """
        by_type = {media_type: schema() for media_type, schema in schemas.items()}
        first = next(iter(by_type.values()))
        content = {name: {"schema": schema} for name, schema in by_type.items()}

        def decorate(view: View) -> View:
            stated = self.doc(requestBody={"required": True, "content": content})(view)
            parse = self.ARGUMENTS_PARSER.use_args(lambda req: by_type.get(req.mimetype, first))
            parsed: View = parse(stated)
            return parsed

        return decorate


class Api(flask_smorest.Api):
    """The OpenAPI document; error handling is ours (RFC 9457)."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Left to ``core.problems``."""


MEANINGS = {
    "400": "The request could not be read.",
    "401": "Sign in first.",
    "403": "Not for this role.",
    "404": "There is no such thing, or not in your practice.",
    "409": "Not possible in the present state.",
    "413": "The body is too large.",
    "415": "The body must be JSON.",
    "422": "Some values need another look; each is named.",
    "429": "Too many requests; try again later.",
    "500": "Something went wrong on our side.",
}


def _errors_of(operation: dict[str, Any], path: str) -> list[str]:
    codes = ["429", "500", "400"]
    if operation.get("security"):
        codes += ["401", "403"]
    if "{" in path:
        codes.append("404")
    if "requestBody" in operation:
        codes += ["413", "415", "422"]
    if any(p.get("in") in ("query", "header") for p in operation.get("parameters", [])):
        codes.append("422")
    return codes


def _document_problems(spec: dict[str, Any]) -> dict[str, Any]:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            responses = operation["responses"]
            declared = [c for c in responses if c[:1] in "45"]
            for code in {*_errors_of(operation, path), *declared}:
                content = responses.get(code, {}).get("content")
                if content and "application/json" not in content:
                    continue
                responses[code] = {
                    "description": MEANINGS.get(code, "Problem"),
                    "content": {
                        problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
                    },
                }
            operation["responses"] = dict(sorted(responses.items()))
    return spec


def openapi(api: Api) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document."""
    return _document_problems(api.spec.to_dict())


def init_app(app: Flask) -> Api:
    """Attach the API to the app."""
    app.config.update(
        API_TITLE="Lumbra",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION, "license": {"name": "Apache-2.0"}}},
    )
    api = Api(app)
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    api.spec.components.schema("Problem", schema=ProblemSchema)
    app.extensions["api"] = api
    return api

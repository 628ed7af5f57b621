"""The API's own pages: the OpenAPI document, and a page to read it that needs no outside host."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template

from backend.core.api import openapi
from backend.core.identity import anyone

blueprint = Blueprint("docs", __name__, template_folder="templates")


def _document() -> dict[str, Any]:
    # The routes do not change while the process runs.
    extensions = current_app.extensions
    if "openapi" not in extensions:
        extensions["openapi"] = openapi(extensions["api"])
    document: dict[str, Any] = extensions["openapi"]
    return document


@blueprint.get("/openapi.json")
@anyone
def openapi_json() -> Response:
    """The OpenAPI 3.1 document."""
    return jsonify(_document())


@blueprint.get("/docs")
@anyone
def page() -> str:
    """The same, to read."""
    return render_template("docs/api.html", spec=_document())

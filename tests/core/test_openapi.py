"""The API's document: valid, complete, and readable without any other host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend.app import create_app
from tests.conftest import make_settings

METHODS = {"get", "post", "put", "patch", "delete"}
OTHER_HOST = re.compile(r"""(?:src|href|action|url)\s*[=(]\s*["']?\s*(?:https?:)?//""", re.I)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An app that is asked for nothing in its database."""
    return create_app(make_settings("postgresql://nobody@127.0.0.1:1/nothing", tmp_path))


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_it_is_a_valid_openapi_3_1_document(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_of_the_api_is_in_it_and_nothing_else(
    app: Flask, document: dict[str, Any]
) -> None:
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/v1/", "/healthz", "/readyz"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert len(routes) > 30
    assert set(operations(document)) == routes


def test_every_operation_says_what_it_is_and_who_may_call_it(
    app: Flask, document: dict[str, Any]
) -> None:
    for where, operation in operations(document).items():
        assert operation["summary"], where
        assert operation["x-roles"], where
        is_open = operation["x-roles"] == ["anyone"]
        assert operation["security"] == ([] if is_open else [{"bearer": []}]), where


def test_every_operation_says_what_it_answers_good_or_bad(document: dict[str, Any]) -> None:
    for where, operation in operations(document).items():
        answers = operation["responses"]
        assert any(status[0] == "2" for status in answers), where
        for status, answer in answers.items():
            assert answer["description"], (where, status)
            if status[0] in "45":
                assert "application/problem+json" in answer["content"], (where, status)


def test_every_body_is_described_by_the_document_itself(document: dict[str, Any]) -> None:
    for reference in re.findall(r"'\$ref': '([^']+)'", str(document)):
        _, _, kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_the_page_shows_every_operation_and_asks_no_other_host(
    app: Flask, document: dict[str, Any]
) -> None:
    answer = app.test_client().get("/docs")
    page = answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"
    for method, path in operations(document):
        assert f'id="{method}{path}"' in page
    assert not OTHER_HOST.search(page)
    assert "<script" not in page

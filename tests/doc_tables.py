"""The tables in ``docs/`` that follow from the code: ``python -m tests.doc_tables`` prints them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from backend.app import create_app
from backend.config import Settings
from tests.conftest import make_settings
from tests.shipped import ROOT

METHODS = ("get", "post", "put", "patch", "delete")
ROLES = ("anyone", "patient", "clinician", "lead", "administrator", "researcher")

Row = tuple[str, ...]


def settings() -> list[Row]:
    """Every setting: environment name, type, default, what it does."""
    return [
        (f"`{field.alias}`", _type(field.annotation), _default(_of(field)), field.description)
        for field in Settings.model_fields.values()
        if field.description is not None
    ]


def _of(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def routes() -> list[Row]:
    """Every route of the API: method, path, what it does, and a mark for each role it is for."""
    with tempfile.TemporaryDirectory() as folder:
        # Nothing is asked of the database, so none has to be there.
        app = create_app(make_settings("postgresql://nobody@127.0.0.1:1/nothing", Path(folder)))
        document = app.test_client().get("/openapi.json").get_json()
    return [
        (
            f"`{method.upper()} {path}`",
            operation["summary"],
            *("yes" if role in operation["x-roles"] else "" for role in ROLES),
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def shown(head: Row, rows: list[Row]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def read(page: str, heading: str) -> list[Row]:
    """The rows of the first table under a heading, without its two head lines."""
    _, found, rest = (ROOT / page).read_text().partition(f"\n## {heading}\n")
    assert found, f"{page} has no part {heading}"
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    # A bar that belongs to a cell is written with a backslash.
    cells = [line.replace("\\|", "\0").removeprefix("|").removesuffix("|") for line in lines[2:]]
    return [tuple(c.strip().replace("\0", "|") for c in line.split("|")) for line in cells]


def _type(annotation: Any) -> str:
    choices = [kind for kind in get_args(annotation) if kind is not type(None)]
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in choices)
    kind = choices[0] if choices else annotation
    names: dict[Any, str] = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true` or `false`",
        Path: "folder",
        SecretStr: "secret",
    }
    return names[kind]


def _default(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, Path):
        value = f"{value.relative_to(ROOT)}/"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    print(shown(("Name", "Type", "Default", "What it does"), settings()), end="\n\n")
    print(shown(("Route", "What it does", *ROLES), routes()))

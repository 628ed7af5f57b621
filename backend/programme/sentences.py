"""What a person is told of a change of their plan, in their language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from flask import current_app


def for_patient(words: str, language: str, module: str = "", **values: str) -> str:
    """A sentence of ``plan`` in the feedback of a language, with a module's title or what was
    counted put in."""
    told = _load(current_app.extensions["settings"].content, language)[words]
    return told.format(module=module, **values)


@cache
def _load(content: Path, language: str) -> Mapping[str, str]:
    # Shape, places and languages are held by the check of the feedback texts.
    text = (content / "feedback" / f"{language}.yaml").read_text(encoding="utf-8")
    found: Mapping[str, str] = yaml.safe_load(text)["plan"]
    return found

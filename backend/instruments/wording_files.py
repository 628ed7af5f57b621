"""Wording that a practice holds a licence for, or an authorised translation, from its own folder.

The folder is named by LUMBRA_WORDING. ``<id>.<language>.yaml`` maps link ids of questions and
groups to texts; ``options`` maps answer codes to words, for all questions or under a link id for
one; ``anchors`` maps a link id to its two ends. ``<id>.table.yaml`` maps the code of a scale with
the method ``table`` to {raw sum: value}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from backend.core.content import Document

OPTIONS = "options"
ANCHORS = "anchors"


@dataclass(frozen=True)
class Wording:
    """The words of one instrument in one language; empty where the folder has none."""

    texts: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    anchors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    document: Document | None = None

    def option(self, link_id: str, code: str) -> str | None:
        """The words of an answer, those of this question before those of all."""
        own: Mapping[str, str] = self.options.get(link_id, {})
        words = own.get(code) or self.options.get(code)
        return words if isinstance(words, str) else None


def load_wording(folder: Path | None, instrument: str, language: str) -> Wording:
    """The words a practice supplies. Raises ``ContentError`` for a file of another shape."""
    document = _document(folder, f"{instrument}.{language}.yaml")
    if document is None:
        return Wording()
    with document.reading():
        said = dict(document.value)
        options = said.pop(OPTIONS, {})
        ends = said.pop(ANCHORS, {})
        return Wording(
            texts={str(link): _text(text) for link, text in said.items()},
            options={
                str(code): {str(c): _text(w) for c, w in words.items()}
                if isinstance(words, Mapping)
                else _text(words)
                for code, words in options.items()
            },
            anchors={str(link): (_text(low), _text(high)) for link, (low, high) in ends.items()},
            document=document,
        )


def load_tables(folder: Path | None, instrument: str) -> Mapping[str, Mapping[Decimal, Decimal]]:
    """The licence holder's tables by scale code; none without a file. Raises ``ContentError``."""
    document = _document(folder, f"{instrument}.table.yaml")
    if document is None:
        return {}
    with document.reading():
        return {
            code: {_number(total): _number(value) for total, value in table.items()}
            for code, table in document.value.items()
        }


def _document(folder: Path | None, name: str) -> Document | None:
    return Document.read(folder / name) if folder and (folder / name).is_file() else None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no text")
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    return Decimal(str(value))

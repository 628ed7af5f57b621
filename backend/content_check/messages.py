"""Faults of the text messages: what does not fit one SMS, and what a passer-by should not read.

``content/wording/private.<language>.yaml`` lists what no text may say: a pattern and why. A text in
any language is also held against the English list, for some English words are used everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from backend.content_check.shapes import Shape, Text
from backend.content_check.wording import pattern_list
from backend.core.content import ContentError, Document
from backend.core.schema import LANGUAGES
from backend.messaging.templates import LONGEST, SINGLE, is_plain, length
from backend.programme.modules import ENGLISH


class PrivateShape(Shape):
    """What a text may not say. ``pattern`` is a regular expression for whole words in any case."""

    pattern: Text
    why: Text


class PrivateWordsShape(Shape):
    """A list for one language."""

    version: Text
    verified: bool
    patterns: Annotated[list[PrivateShape], Field(min_length=1)]


@dataclass(frozen=True)
class Private:
    """A pattern that is ready to be looked for."""

    pattern: re.Pattern[str]
    why: str


def message_faults(content: Path, titles: Sequence[str] = ()) -> Iterator[ContentError]:
    """Every fault of every text in every language; ``titles`` are the modules', which none may
    say."""
    lists: dict[str, list[Private]] = {}
    for language in LANGUAGES:
        found = list(_list(content / "wording" / f"private.{language}.yaml"))
        yield from (each for each in found if isinstance(each, ContentError))
        lists[language] = [each for each in found if isinstance(each, Private)]
    named = [
        Private(re.compile(rf"\b{re.escape(each)}\b", re.IGNORECASE), "is the title of a module")
        for each in titles
    ]
    for language in LANGUAGES:
        denied = [*lists[language], *(lists[ENGLISH] if language != ENGLISH else ()), *named]
        yield from _faults(content / "messages" / f"{language}.yaml", denied)
        yield from _private(content / "mail" / f"{language}.yaml", denied)


def _faults(file: Path, denied: Sequence[Private]) -> Iterator[ContentError]:
    try:
        document = Document.read(file)
    except ContentError:
        return  # Whoever reads the file says so.
    for name, _, text in _texts(document.value):
        path = ("templates", name, "text")
        odd = sorted({sign for sign in text if not is_plain(sign)})
        for sign in odd:
            yield document.fault(
                f"{name} has {sign!r}, which is not in GSM-7 and makes an SMS of 70 characters",
                *path,
            )
        longest = re.sub(r"{(\w+)}", lambda slot: LONGEST.get(slot[1], slot[0]), text)
        if not odd and length(longest) > SINGLE:
            yield document.fault(
                f"{name} takes {length(longest)} places with the longest values; one SMS has "
                f"{SINGLE}",
                *path,
            )
    yield from _private(file, denied)


def _private(file: Path, denied: Sequence[Private]) -> Iterator[ContentError]:
    try:
        document = Document.read(file)
    except ContentError:
        return
    for name, key, text in _texts(document.value):
        for private in denied:
            for match in private.pattern.finditer(text):
                yield document.fault(
                    f'{name} says "{match[0]}", which {private.why}', "templates", name, key
                )


def _texts(value: Any) -> Iterator[tuple[str, str, str]]:
    """Each message's name, and what stands in it under which key."""
    templates = value.get("templates") if isinstance(value, Mapping) else None
    for name, entry in templates.items() if isinstance(templates, Mapping) else ():
        for key in ("text", "subject"):
            text = entry.get(key) if isinstance(entry, Mapping) else None
            if isinstance(text, str):
                yield str(name), key, text.strip()


def _list(file: Path) -> Iterator[Private | ContentError]:
    def ready(each: PrivateShape) -> Private:
        return Private(re.compile(rf"\b(?:{each.pattern})", re.IGNORECASE), each.why)

    return pattern_list(file, PrivateWordsShape, ready)

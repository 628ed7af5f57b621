"""The texts that clinicians write in ``content/messages``, and how they become messages.

No diagnosis, score, drug, module title, provider or risk ever stands in a text message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from textwrap import shorten
from typing import Any
from unicodedata import normalize

import yaml

from backend.core.content import ContentError

# What each template must name, and what it may.
PARAMS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "invitation": (frozenset({"practice", "link"}), frozenset()),
    "check-in-open": (frozenset({"practice", "link"}), frozenset()),
    "check-in-reminder-1": (frozenset({"practice", "link"}), frozenset()),
    "check-in-reminder-2": (frozenset({"practice", "link"}), frozenset()),
    "plan-reminder": (frozenset({"practice", "link"}), frozenset()),
    "sign-in-code": (frozenset({"code"}), frozenset({"name"})),
    "alert-urgent": (frozenset(), frozenset()),
    "webhook-off": (frozenset(), frozenset()),
    "help": (frozenset(), frozenset()),
    "check-in-answer": (frozenset({"practice"}), frozenset()),
    "check-in-answer-shared": (frozenset({"practice", "letter"}), frozenset()),
    "number-code": (frozenset({"practice", "code"}), frozenset()),
    "number-changed": (frozenset({"practice"}), frozenset()),
    # What answers a text on the spot.
    "answer-next": (frozenset({"number", "count", "example"}), frozenset()),
    "answer-unclear": (frozenset({"count", "example"}), frozenset()),
    "answer-done": (frozenset({"practice", "phone"}), frozenset()),
    "answer-twice": (frozenset({"practice", "phone"}), frozenset()),
    "answer-closed": (frozenset(), frozenset()),
    "answer-longer": (frozenset(), frozenset()),
    "answer-who": (frozenset(), frozenset()),
    "danger": (frozenset({"emergency", "phone"}), frozenset()),
    "danger-self-harm": (frozenset({"emergency", "crisis", "phone"}), frozenset()),
    "danger-unknown": (frozenset(), frozenset()),
    "not-read": (frozenset({"practice", "phone", "emergency"}), frozenset()),
    "maybe-stop": (frozenset({"practice"}), frozenset()),
    "wrong-number": (frozenset(), frozenset()),
}
PURPOSES = (
    "invitation",
    "check-in",
    "plan-reminder",
    "sign-in-code",
    "alert",
    "webhook",
    "help",
    "safety",
    "reply",
    "number",
)
# A text must fit one segment with the longest values that are put in; see ``fitting``.
LONGEST_PRACTICE, LONGEST_NAME = 20, 12
LONGEST = {
    "practice": "P" * LONGEST_PRACTICE,
    "link": "l" * 60,
    "code": "0" * 6,
    "name": "N" * LONGEST_NAME,
    "phone": "+" + "0" * 14,
    "emergency": "0" * 5,
    "letter": "A",
    "number": "3",
    "count": "3",
    "example": "A 4 6 3",
    "crisis": "0" * 13,
}

GSM7 = "GSM-7"
UCS2 = "UCS-2"
# 3GPP TS 23.038, default alphabet and extension table; an extension character costs two.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
SINGLE = 160


@dataclass(frozen=True)
class Template:
    """One message with ``{placeholders}``, and what it is for; an e-mail has a subject."""

    name: str
    text: str
    purpose: str
    subject: str = ""


@dataclass(frozen=True)
class Templates:
    """All texts of one language, under one version."""

    version: str
    by_name: Mapping[str, Template]


def load_templates(path: Path) -> Templates:
    """Read and check one language's file.

    Raises ``ContentError`` when the file cannot be read, a template is missing or unknown, names a
    placeholder it may not or lacks one it must, or does not fit one GSM-7 segment.
    """
    found = load(path, PARAMS, frozenset({"text", "purpose"}))
    for name, template in found.by_name.items():
        encoding, count = segments(render(template, LONGEST))
        if (encoding, count) != (GSM7, 1):
            raise ContentError(
                path,
                f"templates.{name} takes {count} segment(s) in {encoding}; it must fit one in"
                f" {GSM7}",
            )
    return found


def load(
    path: Path, params: Mapping[str, tuple[frozenset[str], frozenset[str]]], keys: frozenset[str]
) -> Templates:
    """Read one language's messages: those that ``params`` names, each with ``keys``.

    Raises ``ContentError``.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(path, f"cannot be read ({type(error).__name__})") from None
    except yaml.YAMLError as error:
        raise ContentError(path, f"is not YAML: {error}") from None
    if not isinstance(data, dict) or set(data) != {"version", "templates"}:
        raise ContentError(path, "must have exactly the keys version and templates")
    entries = data["templates"]
    if not isinstance(data["version"], str) or not isinstance(entries, dict):
        raise ContentError(path, "version must be text and templates a mapping")
    if missing := sorted(params.keys() - entries.keys()):
        raise ContentError(path, f"lacks {', '.join(missing)}")
    return Templates(
        data["version"],
        {str(name): _checked(path, name, entry, params, keys) for name, entry in entries.items()},
    )


@cache
def _loaded(path: Path) -> Templates:
    return load_templates(path)


def in_language(content: Path, language: str) -> Templates:
    """The present texts in a language, read once a process. Raises ``ContentError``."""
    return _loaded(content / "messages" / f"{language}.yaml")


def render(template: Template, params: Mapping[str, str]) -> str:
    """The message. Raises ``KeyError`` when a value is missing; values are never interpreted."""
    return template.text.format_map(params)


def fitting(params: Mapping[str, str]) -> dict[str, str]:
    """The values as they are put in: a long name is cut, and signs that would make the whole text
    UCS-2 lose their accents where they have any."""
    kept = dict(params)
    for name, longest in (("practice", LONGEST_PRACTICE), ("name", LONGEST_NAME)):
        if name in kept:
            plain = "".join(map(_plainly, kept[name]))
            kept[name] = shorten(plain, longest, placeholder="") or plain[:longest]
    return kept


def _plainly(sign: str) -> str:
    if is_plain(sign):
        return sign
    letter = normalize("NFKD", sign)[0]
    return letter if is_plain(letter) else sign


def is_plain(sign: str) -> bool:
    """Whether one character can be sent as GSM-7."""
    return sign in _BASIC or sign in _EXTENDED


def length(text: str) -> int:
    """How many places of an SMS a text in GSM-7 takes."""
    return sum(2 if sign in _EXTENDED else 1 for sign in text)


def segments(text: str) -> tuple[str, int]:
    """Encoding and number of segments, as the carrier counts and bills them.

    GSM-7: 160 characters in one, 153 in each part of several; UCS-2: 70 and 67 UTF-16 units.
    One character outside GSM-7 makes the whole message UCS-2.
    """
    if all(map(is_plain, text)):
        return GSM7, _parts([2 if c in _EXTENDED else 1 for c in text], SINGLE, 153)
    return UCS2, _parts([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67)


def _parts(costs: list[int], single: int, part: int) -> int:
    if sum(costs) <= single:
        return 1
    count, used = 1, 0
    for cost in costs:
        # An escape and its character, or a surrogate pair, are never torn apart.
        if used + cost > part:
            count, used = count + 1, 0
        used += cost
    return count


def _checked(
    path: Path,
    name: str,
    entry: Any,
    params: Mapping[str, tuple[frozenset[str], frozenset[str]]],
    keys: frozenset[str],
) -> Template:
    where = f"templates.{name}"
    if name not in params:
        raise ContentError(path, f"{where} is not a template Lumbra knows")
    if not isinstance(entry, dict) or set(entry) != keys:
        *some, last = sorted(keys, reverse=True)
        raise ContentError(path, f"{where} must have exactly the keys {', '.join(some)} and {last}")
    text, purpose, subject = entry["text"], entry["purpose"], entry.get("subject", "")
    for key in keys & {"text", "subject"}:
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise ContentError(path, f"{where}.{key} must be text")
    if purpose not in PURPOSES:
        raise ContentError(path, f"{where}.purpose must be one of {', '.join(PURPOSES)}")
    template = Template(name, text.strip(), purpose, subject.strip())
    _check_placeholders(path, where, template, *params[name])
    return template


def _check_placeholders(
    path: Path, where: str, template: Template, required: frozenset[str], optional: frozenset[str]
) -> None:
    try:
        pieces = list(Formatter().parse(template.text))
    except ValueError as error:
        raise ContentError(path, f"{where}: {error}") from None
    if any(spec or conversion for _, _, spec, conversion in pieces):
        raise ContentError(path, f"{where}: write placeholders as {{name}} only")
    found = {field for _, field, _, _ in pieces if field is not None}
    if unknown := sorted(found - required - optional):
        raise ContentError(path, f"{where} may not use {{{unknown[0]}}}")
    if lacking := sorted(required - found):
        raise ContentError(path, f"{where} must use {{{lacking[0]}}}")

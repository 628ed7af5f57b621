"""Faults of the pictures: what a screen reader needs, and what a picture must not bring along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from backend.content_check.pages import Written
from backend.core.content import ContentError
from backend.programme.module_text import pictures

SVG = "{http://www.w3.org/2000/svg}"
# A picture is shown as it is: nothing in it runs, and nothing is fetched for it.
ACTIVE = ("script", "foreignObject", "image", "animate", "set", "iframe", "a")
_HREF = re.compile(r"(?:\{.*\})?href$")
_URL = re.compile(r"url\(\s*['\"]?(?!#)", re.IGNORECASE)


def figure_faults(module: Written) -> Iterator[ContentError]:
    """Faults of the pictures of a version of a module."""
    shown: set[str] = set()
    for page in module.pages:
        for name in pictures(page.file.text):
            shown.add(name)
            if not (module.home / "figures" / name).is_file():
                line = _line_of(page.path, name)
                yield ContentError(page.path, f"there is no picture figures/{name}", line)
    for file in sorted(p for p in (module.home / "figures").glob("*") if p.is_file()):
        if file.suffix != ".svg":
            yield ContentError(file, "is no SVG; pictures are our own drawings")
        elif file.name not in shown:
            yield ContentError(file, "no page shows this picture")
        yield from _drawing_faults(file) if file.suffix == ".svg" else ()


def _drawing_faults(file: Path) -> Iterator[ContentError]:
    text = file.read_text(encoding="utf-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        yield ContentError(file, "must hold no document type", _line_of(file, "<!"))
        return
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (without entities, refused above)
    except ElementTree.ParseError as error:
        yield ContentError(file, f"cannot be read: {error.msg}", error.position[0])
        return
    for name in ("title", "desc"):
        said = root.find(f"{SVG}{name}")
        if said is None or not (said.text or "").strip():
            yield ContentError(file, f"has no <{name}> for those who cannot see it", 1)
    for element in root.iter():
        tag = str(element.tag).removeprefix(SVG)
        if tag in ACTIVE:
            yield ContentError(file, f"must hold no <{tag}>", _line_of(file, f"<{tag}"))
        for key, value in element.attrib.items():
            if key.lower().startswith("on"):
                yield ContentError(file, f"must hold no script: {key}", _line_of(file, key))
            elif (_HREF.search(key) and not value.startswith("#")) or _URL.search(value):
                message = f"must refer to nothing outside itself: {value}"
                yield ContentError(file, message, _line_of(file, value))
        if tag == "style" and re.search(r"@import|url\(\s*['\"]?(?!#)", element.text or ""):
            message = "must refer to nothing outside itself: <style>"
            yield ContentError(file, message, _line_of(file, "<style"))


def _line_of(file: Path, words: str) -> int | None:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if words in line:
            return number
    return None

"""The feed's events as server-sent events and as Atom (RFC 4287, RFC 5005). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
ATOM_TYPE = "application/atom+xml"
SSE_TYPE = "text/event-stream"
# A reader that lost its connection comes back after three seconds, with its Last-Event-ID.
RETRY_MILLISECONDS = 3000
# Versions of the feed in one archive.
ARCHIVED = 50
register_namespace("", ATOM)
register_namespace("fh", HISTORY)


def server_sent(events: Iterable[Mapping[str, Any]]) -> str:
    """Events, as they are in JSON, in the stream's own form; the place is each one's id."""
    return "".join(
        f"id: {event['place']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
        for event in events
    )


def atom(
    practice_id: str,
    links: Mapping[str, str],
    console: str,
    events: Sequence[Mapping[str, Any]],
    at: datetime,
    is_archive: bool = False,
) -> bytes:
    """An Atom document of events, newest first. ``links`` are its own by relation, ``self`` among
    them; ``console`` is where a provider opens an alert. An archive is marked as such."""
    feed = Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"urn:uuid:{practice_id}")
    _add(feed, "title", "Alerts")
    _add(feed, "updated", events[0]["at"] if events else at.astimezone(UTC).isoformat())
    author = SubElement(feed, f"{{{ATOM}}}author")
    _add(author, "name", "Lumbra")
    if is_archive:
        SubElement(feed, f"{{{HISTORY}}}archive")
    for relation, address in links.items():
        SubElement(feed, f"{{{ATOM}}}link", rel=relation, href=address, type=ATOM_TYPE)
    for event in events:
        entry = SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", f"urn:uuid:{event['id']}")
        _add(entry, "title", f"Tier {event['tier']}: {event['title']} ({_words(event['type'])})")
        _add(entry, "updated", event["at"])
        SubElement(entry, f"{{{ATOM}}}category", term=event["type"])
        SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=f"{console}{event['alert_id']}")
        content = SubElement(entry, f"{{{ATOM}}}content", type="application/json")
        content.text = json.dumps(event)
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))


def _add(parent: Element, name: str, words: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}").text = words


def _words(type_: str) -> str:
    return type_.removeprefix("alert.").replace("-", " ")


@dataclass(frozen=True)
class Stretch:
    """The versions of a feed that one Atom document tells of: above ``above`` up to ``up_to``,
    which is None for the document that goes on. ``before`` and ``behind`` are its neighbours among
    the archives."""

    above: int
    up_to: int | None
    before: int | None
    behind: int | None


def newest_stretch(version: int) -> Stretch:
    """What the document tells that a reader subscribes to: the last full archive, and since."""
    full = version // ARCHIVED
    return Stretch(max(full - 1, 0) * ARCHIVED, None, full - 2 if full >= 2 else None, None)


def archive_stretch(number: int, version: int) -> Stretch | None:
    """What an archive tells, counted from 0; the same for good. None until it is full."""
    full = version // ARCHIVED
    if number >= full:
        return None
    return Stretch(
        number * ARCHIVED,
        (number + 1) * ARCHIVED,
        number - 1 if number else None,
        number + 1 if number + 1 < full else None,
    )

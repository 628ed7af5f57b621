"""The feed's events as server-sent events and as Atom (RFC 4287). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml"
SSE_TYPE = "text/event-stream"
# A reader that lost its connection comes back after three seconds, with its Last-Event-ID.
RETRY_MILLISECONDS = 3000
register_namespace("", ATOM)


def server_sent(events: Iterable[Mapping[str, Any]]) -> str:
    """Events, as they are in JSON, in the stream's own form; the place is each one's id."""
    return "".join(
        f"id: {event['place']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
        for event in events
    )


def atom(
    practice_id: str, address: str, console: str, events: Sequence[Mapping[str, Any]], at: datetime
) -> bytes:
    """An Atom feed of events, newest first. ``console`` is where a provider opens an alert."""
    feed = Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"urn:uuid:{practice_id}")
    _add(feed, "title", "Alerts")
    _add(feed, "updated", events[0]["at"] if events else at.astimezone(UTC).isoformat())
    author = SubElement(feed, f"{{{ATOM}}}author")
    _add(author, "name", "Lumbra")
    SubElement(feed, f"{{{ATOM}}}link", rel="self", href=address, type=ATOM_TYPE)
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

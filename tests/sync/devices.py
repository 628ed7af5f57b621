"""A patient's devices, which tell what happened when they find a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.world import Caller, World

Event = dict[str, Any]


@dataclass
class Device:
    """A phone or tablet, whose clock may be wrong by ``off``."""

    world: World
    owner: Caller
    name: str = "Ann's phone"
    off: timedelta = timedelta(0)
    kept: list[Event] = field(default_factory=list)

    def shows(self, at: datetime | None = None) -> str:
        """What its clock shows at an instant; now, if none is given."""
        return ((at or self.world.clock.now()) + self.off).isoformat()

    def note(
        self, kind: str, about: Any, body: Mapping[str, Any], at: datetime | None = None
    ) -> Event:
        """Something happens; the device keeps it until it can tell."""
        event = {
            "id": str(uuid4()),
            "type": kind,
            "occurred_at": self.shows(at),
            **({} if about is None else {"about": str(about)}),
            "body": dict(body),
        }
        self.kept.append(event)
        return event

    def tell(self, events: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """Send some events (all that were kept), and what became of each."""
        told = self.kept if events is None else events
        body = {"sent_at": self.shows(), "device": self.name, "events": list(told)}
        answer = self.world.ok(self.world.post("/v1/me/sync", self.owner, body))
        results: list[dict[str, Any]] = answer["results"]
        assert [each["id"] for each in results if each["id"]]
        return results


def outcomes(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each outcome, with the reason where there is one."""
    return [
        each["outcome"] if each["reason"] is None else f"{each['outcome']}: {each['reason']}"
        for each in results
    ]

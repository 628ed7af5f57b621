"""A practice with a lead, a patient, and another system that listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.crowd import OF_TIER, crowd, raise_alert
from tests.hooks.receiver import Receiver
from tests.world import Caller, World

Raise = Callable[..., None]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def lead(world: World) -> Caller:
    return world.provider(world.practice(), "lead", phone="+447700900111")


@pytest.fixture
def happen(app: Flask, world: World, lead: Caller) -> Raise:
    """Raise an alert for each of some people."""
    people: list[UUID] = []

    def raised(count: int = 1, tier: int = 3) -> None:
        new = crowd(
            app,
            lead.practice_id,
            count,
            world.clock.now() + timedelta(days=30),
            prefix=f"+44770{len(people) + 100:03d}",
        )
        people.extend(new)
        for person in new:
            raise_alert(app, lead.practice_id, person, **OF_TIER[tier])

    return raised


@pytest.fixture
def endpoint(world: World, lead: Caller, receiver: Receiver) -> dict[str, Any]:
    """An endpoint of the practice, as it was told when it was made: ``endpoint``, ``secret``."""
    return made_by(world, lead, receiver.url)


def made_by(world: World, lead: Caller, url: str, **more: Any) -> dict[str, Any]:
    body = {"url": url, **more}
    made: dict[str, Any] = world.ok(world.post("/v1/webhook-endpoints", lead, body))
    return made

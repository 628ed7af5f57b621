"""The stand-in for the carrier, and an app that sends through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from backend.app import create_app
from backend.core.clock import MovableClock
from tests.messaging.carrier import Post, carrier_settings
from tests.twilio_stand_in import TwilioStandIn
from tests.world import World


@pytest.fixture
def carrier(clock: MovableClock) -> Iterator[TwilioStandIn]:
    """Nothing that is sent to it may depart from the carrier's own description."""
    with TwilioStandIn(now=clock.now) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def sending_app(
    database: str, tmp_path: Path, clock: MovableClock, carrier: TwilioStandIn
) -> Iterator[Flask]:
    made = create_app(carrier_settings(database, tmp_path, carrier), clock)
    yield made
    made.extensions["database"].engine.dispose()


@pytest.fixture
def post(sending_app: Flask, clock: MovableClock, carrier: TwilioStandIn) -> Post:
    return Post(sending_app, World(sending_app, clock), carrier)

"""The one clock: whatever asks the time asks here, so that tests and the demo can move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from flask import current_app


class Clock(Protocol):
    """Tells the present instant, always in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """A clock that stands still until it is moved; for tests and the demo's made-up history."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Set the clock to ``instant`` (any zone)."""
        self._now = instant.astimezone(UTC)

    def move_by(self, **delta: float) -> None:
        """Move forward by a ``timedelta`` given in keywords."""
        self._now += timedelta(**delta)


def now() -> datetime:
    """The present instant in UTC, from the application's clock."""
    clock: Clock = current_app.extensions["clock"]
    return clock.now()

"""When an operator is told that delivery is not well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import CapturingLogger

from backend.core.clock import MovableClock
from backend.messaging.watch import FEWEST, Lately, alarms
from tests.messaging.carrier import Post


@pytest.mark.parametrize(
    ("lately", "expected"),
    [
        (Lately(0, 0, 0, 0), ()),
        (Lately(FEWEST - 1, 0, 0, 0), ()),
        (Lately(FEWEST, 0, 0, 0), ("callbacks-stopped",)),
        (Lately(100, 100, 80, 0), ()),
        (Lately(100, 100, 79, 0), ("delivery-low",)),
        (Lately(100, 50, 40, 0), ()),
        (Lately(100, 100, 98, 1), ()),
        (Lately(100, 100, 98, 2), ("filtered-high",)),
        (Lately(100, 100, 10, 90), ("delivery-low", "filtered-high")),
    ],
)
def test_alarms(lately: Lately, expected: tuple[str, ...]) -> None:
    assert alarms(lately) == expected


@given(st.integers(FEWEST, 1000), st.data())
def test_delivered_texts_never_alarm(taken: int, data: st.DataObject) -> None:
    reported = data.draw(st.integers(1, taken))
    assert alarms(Lately(taken, reported, reported, 0)) == ()


def test_the_log_tells_when_reports_stop_and_not_at_every_tick(
    post: Post, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setitem(post.app.extensions, "log", log)

    def alarmed() -> list[str]:
        log.calls.clear()
        post.world.tick()
        return [call.kwargs["alarm"] for call in log.calls if call.args == ("sms-alarm",)]

    for n in range(FEWEST):
        post.queue(phone=f"+4477009003{n:02d}")
    post.world.deliver()
    assert alarmed() == []
    clock.move_by(minutes=31)
    assert alarmed() == ["callbacks-stopped"]
    clock.move_by(minutes=1)
    assert alarmed() == []
    clock.move_by(minutes=10)
    assert alarmed() == ["callbacks-stopped"]

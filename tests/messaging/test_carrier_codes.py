"""The table of the carrier's error codes, code by code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.messaging.carrier_codes import (
    ACTIONS,
    Action,
    action_for,
    retry_wait,
)

MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (20003, Action("stop-line", probed=True)),
        (20005, Action("stop-line", probed=True)),
        (21211, Action("mark", "invalid")),
        (21610, Action("opt-out")),
        (21611, Action("slow-down", wait=10 * MINUTES)),
        (21612, Action("mark", "no-sms")),
        (21614, Action("mark", "no-sms")),
        (21635, Action("mark", "landline")),
        (30001, Action("slow-down", wait=10 * MINUTES)),
        (30002, Action("stop-line", probed=True)),
        (30003, Action("retry-once", wait=4 * HOURS, unreached=True)),
        (30004, Action("blocked", unreached=True)),
        (30005, Action("mark", "invalid")),
        (30006, Action("mark", "landline")),
        (30007, Action("filtered")),
        (30008, Action("retry-once", wait=15 * MINUTES, unreached=True)),
        (30034, Action("stop-line")),
        (21617, Action("nothing")),
        (1, Action("nothing")),
        (None, Action("nothing")),
    ],
)
def test_a_code_calls_for(code: int | None, expected: Action) -> None:
    assert action_for(code) == expected


@pytest.mark.parametrize(
    ("code", "urgent", "wait"),
    [
        (30003, False, 4 * HOURS),
        (30003, True, 2 * MINUTES),
        (30008, False, 15 * MINUTES),
        (30001, True, 2 * MINUTES),
        (30002, False, timedelta(0)),
        (30034, True, timedelta(0)),
        (30004, False, None),
        (30007, True, None),
        (21610, False, None),
        (99999, False, None),
    ],
)
def test_a_text_is_tried_again_after(code: int, urgent: bool, wait: timedelta | None) -> None:
    assert retry_wait(action_for(code), urgent) == wait


def test_a_number_that_is_marked_is_not_tried_again() -> None:
    for code, action in ACTIONS.items():
        if action.condition is not None:
            assert retry_wait(action, False) is None, code

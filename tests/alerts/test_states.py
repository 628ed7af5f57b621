"""The states of an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.states import RESOLUTIONS, IllegalMove, Situation, move

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
STATUSES = ("new", "delivered", "acknowledged", "in_progress", "resolved", "dismissed")
ACTIONS = ("acknowledge", "start", "contact", "resolve", "dismiss", "reopen")
CLOSED = ("resolved", "dismissed")

# Rows: the status before; columns in the order of ACTIONS; a dot is an illegal move.
TABLE = """
new           acknowledged  .            .            .         .          .
delivered     acknowledged  .            .            .         .          .
acknowledged  .             in_progress  in_progress  resolved  dismissed  .
in_progress   .             .            in_progress  resolved  dismissed  .
resolved      .             .            .            .         .          acknowledged
dismissed     .             .            .            .         .          acknowledged
"""
MOVES = [
    (before, action, after)
    for before, *afters in map(str.split, TABLE.strip().splitlines())
    for action, after in zip(ACTIONS, afters, strict=True)
]


def situation(status: str, tier: int = 2, contacts: int = 1, closed_days: float = 1) -> Situation:
    """An alert in some status, closed so many days ago where it is closed."""
    closed_at = AT - timedelta(days=closed_days) if status in CLOSED else None
    return Situation(status, tier, closed_at, contacts)


@pytest.mark.parametrize(("before", "action", "after"), MOVES)
def test_move(before: str, action: str, after: str) -> None:
    def attempt() -> str:
        return move(situation(before), action, AT, note="Spoke to her.", code="contacted")

    if after == ".":
        with pytest.raises(IllegalMove, match=before.replace("_", " ")):
            attempt()
    else:
        assert attempt() == after


def test_the_table_is_complete() -> None:
    assert {(before, action) for before, action, _ in MOVES} == {
        (status, action) for status in STATUSES for action in ACTIONS
    }


@pytest.mark.parametrize(
    ("now", "action", "detail", "legal"),
    [
        pytest.param(
            situation("in_progress", tier=1, contacts=0),
            "dismiss",
            {"note": "Known."},
            False,
            id="tier-1-without-contact",
        ),
        pytest.param(
            situation("in_progress", tier=1, contacts=1),
            "dismiss",
            {"note": "Known."},
            True,
            id="tier-1-after-contact",
        ),
        pytest.param(
            situation("acknowledged", tier=2, contacts=0),
            "dismiss",
            {"note": "Known."},
            True,
            id="tier-2-without-contact",
        ),
        pytest.param(situation("in_progress"), "dismiss", {}, False, id="dismissed-without-reason"),
        pytest.param(situation("resolved"), "reopen", {}, False, id="reopened-without-reason"),
        pytest.param(
            situation("resolved", closed_days=14),
            "reopen",
            {"note": "Again."},
            True,
            id="reopened-on-day-14",
        ),
        pytest.param(
            situation("dismissed", closed_days=14.01),
            "reopen",
            {"note": "Again."},
            False,
            id="reopened-after-14-days",
        ),
        pytest.param(
            situation("in_progress", contacts=2),
            "resolve",
            {"code": "unable-to-reach"},
            False,
            id="gave-up-after-2-attempts",
        ),
        pytest.param(
            situation("in_progress", contacts=3),
            "resolve",
            {"code": "unable-to-reach"},
            True,
            id="gave-up-after-3-attempts",
        ),
        pytest.param(
            situation("acknowledged"), "resolve", {"code": "no-action"}, False, id="no-action-mute"
        ),
        pytest.param(
            situation("acknowledged"),
            "resolve",
            {"code": "no-action", "note": "Known."},
            True,
            id="no-action-with-reason",
        ),
    ],
)
def test_conditions(now: Situation, action: str, detail: dict[str, Any], legal: bool) -> None:
    if legal:
        assert move(now, action, AT, **detail) in STATUSES
    else:
        with pytest.raises(IllegalMove):
            move(now, action, AT, **detail)


steps = st.tuples(
    st.sampled_from([*ACTIONS, "escalate", "open", ""]),
    st.none() | st.just("Because."),
    st.sampled_from([*RESOLUTIONS, None]),
)


@given(st.sampled_from(["new", "delivered"]), st.integers(1, 3), st.lists(steps, max_size=30))
def test_nothing_closes_before_a_person_has_taken_it_up(
    first: str, tier: int, wanted: list[tuple[str, str | None, str | None]]
) -> None:
    status, contacts, taken = first, 0, []
    closed_at: datetime | None = None
    for action, note, code in wanted:
        try:
            status = move(Situation(status, tier, closed_at, contacts), action, AT, note, code)
        except IllegalMove as refused:
            assert str(refused)
            continue
        taken.append(action)
        contacts += action == "contact"
        closed_at = AT if status in CLOSED else None
        assert status in STATUSES
        if status in CLOSED:
            assert taken[0] == "acknowledge"
        if status == "dismissed" and tier == 1:
            assert "contact" in taken

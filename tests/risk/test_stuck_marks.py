"""Stuck marks on stored history: counted as the weekly step counts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend.risk.replay import Move, _stuck_marks

AT = datetime(2026, 9, 29, 10, tzinfo=UTC)
MODULE = UUID(int=4)


def moves(*told: tuple[int, str, str]) -> list[Move]:
    """Decisions by days ago, name and rule, oldest first."""
    return [Move(AT - timedelta(days=days), MODULE, name, rule) for days, name, rule in told]


@pytest.mark.parametrize(
    ("told", "marks"),
    [
        ([], 0),
        ([(7, "stuck", "progression")], 1),
        ([(7, "stuck", "progression"), (0, "hold", "progression")], 0),
        ([(7, "stuck", "graded-activity")], 1),
        # What one rule calls stuck is not undone by another, nor by a week that goes no further.
        ([(7, "stuck", "graded-activity"), (0, "hold", "progression")], 1),
        ([(7, "stuck", "graded-activity"), (0, "hold", "graded-activity")], 1),
        ([(7, "stuck", "graded-activity"), (0, "advance", "graded-activity")], 0),
        ([(7, "stuck", "graded-exposure"), (0, "stuck", "progression")], 2),
        ([(20, "stuck", "progression"), (7, "stuck", "graded-activity")], 1),
    ],
)
def test_marks_count_while_something_stands_stuck(
    told: list[tuple[int, str, str]], marks: int
) -> None:
    assert _stuck_marks(moves(*told), AT) == marks

"""What the clock asks of quality."""

from __future__ import annotations

from backend.quality import alert_budget


def review_alert_load(limit: int) -> int:
    """Once a week and practice: hold the weeks that have ended against the alert budget.

    A crash before the commit leaves them unjudged; the next tick finds them.
    """
    return alert_budget.review_load(limit)

"""A provider may enable a set time in bed.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-24
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = "kind IN ('aim', 'flare', 'rated', 'approved')"
AFTER = "kind IN ('aim', 'flare', 'rated', 'approved', 'restriction')"


def upgrade() -> None:
    _allow(AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM activity_event WHERE kind = 'restriction'")
    _allow(BEFORE)


def _allow(kinds: str) -> None:
    name = op.f("ck_activity_event_kind")
    op.drop_constraint(name, "activity_event", type_="check")
    op.create_check_constraint(name, "activity_event", kinds)

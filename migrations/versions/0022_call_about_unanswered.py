"""When a practice is asked to call about an unanswered check-in.

Revision ID: 0022
Revises: 0021
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("check_in", sa.Column("call_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE check_in SET call_at = least(opens_at + interval '120 hours', closes_at)
        WHERE status = 'open' AND kind = 'weekly'
        """
    )
    op.create_index(
        "ix_check_in_call",
        "check_in",
        ["call_at"],
        postgresql_where=sa.text("status IN ('open', 'missed') AND call_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_check_in_call", table_name="check_in")
    op.drop_column("check_in", "call_at")

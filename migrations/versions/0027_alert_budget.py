"""Tasks of a practice in the feed, and how far its load of alerts was judged.

Revision ID: 0027
Revises: 0026
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

IS_OPEN = "status IN ('new', 'delivered', 'acknowledged', 'in_progress')"


def upgrade() -> None:
    op.alter_column("alert", "patient_id", nullable=True)
    op.create_index(
        "uq_alert_open_task",
        "alert",
        ["practice_id", "rule"],
        unique=True,
        postgresql_where=sa.text(f"patient_id IS NULL AND {IS_OPEN}"),
    )
    op.create_index("ix_alert_opened", "alert", ["practice_id", "opened_at"])
    op.create_index(
        "ix_check_in_answered",
        "check_in",
        ["practice_id", "completed_at"],
        postgresql_where=sa.text("kind = 'weekly' AND completed_at IS NOT NULL"),
    )
    op.add_column("practice", sa.Column("load_judged_to", sa.Date()))


def downgrade() -> None:
    op.drop_column("practice", "load_judged_to")
    op.drop_index("ix_check_in_answered", table_name="check_in")
    op.drop_index("ix_alert_opened", table_name="alert")
    op.drop_index("uq_alert_open_task", table_name="alert")
    # Tasks of a practice have no place in the tables of before.
    op.execute(
        "DELETE FROM alert_event WHERE alert_id IN (SELECT id FROM alert WHERE patient_id IS NULL)"
    )
    op.execute("DELETE FROM alert WHERE patient_id IS NULL")
    op.alter_column("alert", "patient_id", nullable=False)

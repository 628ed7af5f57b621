"""Give every change of an alert its place in the feed, and what the alert was like after it.

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_event", sa.Column("feed_version", sa.BigInteger(), nullable=True))
    op.add_column("alert_event", sa.Column("tier", sa.Integer(), nullable=True))
    op.add_column("alert_event", sa.Column("title", sa.String(), nullable=True))
    op.add_column("alert_event", sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True))
    # What happened before is told in its order of time, below every version that is still to come.
    op.execute(
        """
        UPDATE alert_event event SET feed_version = 0, tier = alert.tier, title = alert.title,
            respond_by = alert.respond_by
        FROM alert WHERE alert.id = event.alert_id AND event.action <> 'deliver'
        """
    )
    op.create_check_constraint(
        op.f("ck_alert_event_feed"),
        "alert_event",
        "num_nulls(feed_version, tier, title, respond_by) IN (0, 4)",
    )
    op.create_index(
        "ix_alert_event_feed",
        "alert_event",
        ["practice_id", "feed_version", "id"],
        postgresql_where=sa.text("feed_version IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_alert_event_feed", table_name="alert_event")
    op.drop_constraint(op.f("ck_alert_event_feed"), "alert_event")
    for column in ("respond_by", "title", "tier", "feed_version"):
        op.drop_column("alert_event", column)

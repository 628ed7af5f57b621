"""By when an alert should be closed, and names for holidays.

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("resolve_from", sa.DateTime(timezone=True)))
    op.add_column("alert", sa.Column("resolve_by", sa.DateTime(timezone=True)))
    # SQL knows no service hours: what is open gets whole weeks for working days, so that nothing
    # is late at once. New alerts, and a change of the practice's hours, count exactly.
    op.execute(
        """
        UPDATE alert SET resolve_from = respond_from, resolve_by = greatest(respond_by,
            respond_from + CASE tier WHEN 1 THEN interval '3 days' WHEN 2 THEN interval '7 days'
                           ELSE interval '14 days' END)
        """
    )
    op.alter_column("alert", "resolve_from", nullable=False)
    op.alter_column("alert", "resolve_by", nullable=False)
    op.execute(
        """
        UPDATE practice SET holidays = (
            SELECT coalesce(jsonb_agg(jsonb_build_object('day', day, 'name', 'Holiday')), '[]')
            FROM jsonb_array_elements(holidays) AS day)
        """
    )


def downgrade() -> None:
    op.execute(
        """
        UPDATE practice SET holidays = (
            SELECT coalesce(jsonb_agg(day -> 'day'), '[]')
            FROM jsonb_array_elements(holidays) AS day)
        """
    )
    op.drop_column("alert", "resolve_by")
    op.drop_column("alert", "resolve_from")

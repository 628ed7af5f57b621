"""Answers told late: what counts no more because something earlier, or newly told, took its place.

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
TABLES = ("questionnaire_response", "score", "risk_assessment")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True))
        # What was answered and judged stays as it is; only that it no longer counts is noted.
        op.execute(f"GRANT UPDATE (superseded_at) ON {table} TO {ROLE}")
    op.create_index("ix_questionnaire_response_check_in", "questionnaire_response", ["check_in_id"])


def downgrade() -> None:
    op.drop_index("ix_questionnaire_response_check_in", table_name="questionnaire_response")
    for table in TABLES:
        op.drop_column(table, "superseded_at")

"""Answering a check-in by text: a letter for each person, and what has been given so far.

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolment", sa.Column("text_letter", sa.String()))
    op.add_column("check_in", sa.Column("given_by_text", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("check_in", "given_by_text")
    op.drop_column("enrolment", "text_letter")

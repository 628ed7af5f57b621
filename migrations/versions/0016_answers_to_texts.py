"""What an incoming text was answered with, and that a number is another person's.

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("communication", sa.Column("answer", sa.LargeBinary()))
    op.add_column("patient", sa.Column("phone_refused_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("patient", "phone_refused_at")
    op.drop_column("communication", "answer")

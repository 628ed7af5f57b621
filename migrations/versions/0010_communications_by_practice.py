"""Find a practice's texts of a period, and words that are old enough to be deleted.

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_communication_practice", "communication", ["practice_id", "created_at"])
    op.create_index(
        "ix_communication_words",
        "communication",
        ["created_at"],
        postgresql_where=sa.text("body IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_communication_words", table_name="communication")
    op.drop_index("ix_communication_practice", table_name="communication")

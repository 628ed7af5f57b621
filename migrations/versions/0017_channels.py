"""Say by which channel a message goes: by text or by e-mail.

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "communication", sa.Column("channel", sa.String(), server_default="sms", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_communication_channel"), "communication", "channel IN ('sms', 'email')"
    )


def downgrade() -> None:
    # What went by e-mail cannot be told in a table of texts.
    op.execute(
        "DELETE FROM communication_event USING communication "
        "WHERE communication.id = communication_id AND channel = 'email'"
    )
    op.execute("DELETE FROM communication WHERE channel = 'email'")
    op.drop_constraint(op.f("ck_communication_channel"), "communication")
    op.drop_column("communication", "channel")

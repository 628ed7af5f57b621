"""When texts may leave: jurisdictions, consent to texts, and the texts that left to a number.

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practice", sa.Column("jurisdiction", sa.String()))
    op.add_column(
        "enrolment",
        sa.Column("text_reminders", sa.Boolean(), server_default="true", nullable=False),
    )
    op.add_column("consent", sa.Column("channel", sa.String()))
    op.add_column("consent", sa.Column("phone", sa.LargeBinary()))
    op.add_column("consent", sa.Column("purpose", sa.String()))
    op.create_check_constraint(
        op.f("ck_consent_channel"),
        "consent",
        "kind <> 'texts' OR (channel IS NOT NULL AND phone IS NOT NULL AND purpose IS NOT NULL)",
    )
    op.create_index(
        "ix_communication_left",
        "communication",
        ["phone_index", "submitted_at"],
        postgresql_where=sa.text("direction = 'out' AND NOT urgent"),
    )


def downgrade() -> None:
    op.drop_index("ix_communication_left", table_name="communication")
    op.drop_constraint(op.f("ck_consent_channel"), "consent")
    # Words on texts are of no use without their number.
    op.execute("DELETE FROM consent WHERE kind = 'texts'")
    for column in ("purpose", "phone", "channel"):
        op.drop_column("consent", column)
    op.drop_column("enrolment", "text_reminders")
    op.drop_column("practice", "jurisdiction")

"""A new phone number waits for the code that was sent to it.

Revision ID: 0020
Revises: 0019
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"


def upgrade() -> None:
    op.create_table(
        "phone_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("asked_by_role", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_phone_change_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_phone_change_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_change")),
    )
    op.create_index("ix_phone_change_patient", "phone_change", ["patient_id", "created_at"])
    visible = (
        "practice_id::text = current_setting('lumbra.practice_id', true)"
        " OR current_setting('lumbra.practice_id', true) = '*'"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON phone_change TO {ROLE}")
    op.execute("ALTER TABLE phone_change ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON phone_change USING ({visible})")


def downgrade() -> None:
    op.drop_table("phone_change")

"""What a provider answers before modules begin that are not for everybody.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
TABLE = "contraindication_answer"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("answer IN ('no', 'yes', 'cleared')", name=op.f(f"ck_{TABLE}_answer")),
        sa.CheckConstraint(
            "answer <> 'cleared' OR reason IS NOT NULL", name=op.f(f"ck_{TABLE}_reason")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["provider.id"], name=op.f(f"fk_{TABLE}_by_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f(f"fk_{TABLE}_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{TABLE}_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_patient", TABLE, ["patient_id", "code", "at"])
    op.execute(f"GRANT SELECT, INSERT ON {TABLE} TO {ROLE}")
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON {TABLE} USING ({visible})")


def downgrade() -> None:
    op.drop_table(TABLE)

"""Where a person goes on reading a module.

Revision ID: 0018
Revises: 0017
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"


def upgrade() -> None:
    op.create_table(
        "reading_position",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "event_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("step >= 1", name=op.f("ck_reading_position_step")),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"], [f"{name}.id"], name=op.f(f"fk_reading_position_{name}_id")
            )
            for name in ("patient", "activity", "practice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_position")),
    )
    op.create_index(
        "uq_reading_position_activity", "reading_position", ["activity_id"], unique=True
    )
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute(f"GRANT SELECT, INSERT ON reading_position TO {ROLE}")
    op.execute(f"GRANT UPDATE (grade, step, at, event_id) ON reading_position TO {ROLE}")
    op.execute("ALTER TABLE reading_position ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON reading_position USING ({visible})")


def downgrade() -> None:
    op.drop_table("reading_position")

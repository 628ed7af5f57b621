"""Another practice's patient in an emergency, read by a role that sees one patient only.

Revision ID: 0030
Revises: 0029
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
GLASS = "lumbra_glass"
# What may be read through the glass, and the column that says whose it is.
OPEN = {
    "patient": "id",
    "enrolment": "patient_id",
    "safety_hold": "patient_id",
    "risk_assessment": "patient_id",
    "contraindication_answer": "patient_id",
    "alert": "patient_id",
    "care_plan": "patient_id",
    "activity": "patient_id",
    "patient_note": "patient_id",
}
CREATE_ROLE = f"""
DO $$
BEGIN
    CREATE ROLE {GLASS} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$
"""
# An access that stands, by the application's clock. Without one, nothing is equal to nothing.
ACCESS = """
    id::text = current_setting('lumbra.break_glass', true) AND ended_at IS NULL
    AND expires_at > nullif(current_setting('lumbra.at', true), '')::timestamptz
"""


def upgrade() -> None:
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("provider_practice_id", sa.Uuid(), nullable=False),
        sa.Column("provider_name", sa.String(), nullable=False),
        sa.Column("provider_practice_name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Uuid()),
        sa.CheckConstraint(
            "reason IN ('emergency-care', 'out-of-hours-care', 'patient-present', "
            "'safeguarding', 'other')",
            name=op.f("ck_break_glass_reason"),
        ),
        sa.CheckConstraint("expires_at > opened_at", name=op.f("ck_break_glass_period")),
        sa.CheckConstraint(
            "provider_practice_id <> practice_id", name=op.f("ck_break_glass_other_practice")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_break_glass_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_break_glass_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["provider.id"], name=op.f("fk_break_glass_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_practice_id"],
            ["practice.id"],
            name=op.f("fk_break_glass_provider_practice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index("ix_break_glass_practice", "break_glass", ["practice_id", "id"])
    op.create_index("ix_break_glass_provider", "break_glass", ["provider_id", "patient_id"])
    visible = (
        "practice_id::text = current_setting('lumbra.practice_id', true)"
        " OR current_setting('lumbra.practice_id', true) = '*'"
    )
    op.execute(f"GRANT SELECT, INSERT ON break_glass TO {ROLE}")
    op.execute(f"GRANT UPDATE (ended_at, ended_by) ON break_glass TO {ROLE}")
    op.execute("ALTER TABLE break_glass ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON break_glass USING ({visible})")
    _open_the_glass()


def _open_the_glass() -> None:
    op.execute(CREATE_ROLE)
    op.execute(f"GRANT {GLASS} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {GLASS}")
    _let_see("break_glass", ACCESS)
    _let_see("practice", f"id = (SELECT practice_id FROM break_glass WHERE {ACCESS})")
    for table, column in OPEN.items():
        _let_see(table, f"{column} = (SELECT patient_id FROM break_glass WHERE {ACCESS})")


def _let_see(table: str, condition: str) -> None:
    op.execute(f"GRANT SELECT ON {table} TO {GLASS}")
    op.execute(f"CREATE POLICY through_glass ON {table} FOR SELECT TO {GLASS} USING ({condition})")


def downgrade() -> None:
    for table in (*OPEN, "practice"):
        op.execute(f"DROP POLICY through_glass ON {table}")
    op.drop_table("break_glass")
    # The role stays, as the other one does: other databases of the same server may use it.
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {GLASS}")
    op.execute(f"REVOKE ALL ON SCHEMA public FROM {GLASS}")

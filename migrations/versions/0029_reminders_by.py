"""Reminders by text, by e-mail or not at all; an e-mail address waits for its code as a number does.

Revision ID: 0029
Revises: 0028
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
KEPT = (
    "id, practice_id, patient_id, code_hash, created_at, expires_at, attempts, used_at,"
    " asked_by_role, asked_by"
)


def upgrade() -> None:
    op.add_column("patient", sa.Column("email", sa.LargeBinary(), nullable=True))
    op.add_column("patient", sa.Column("email_index", sa.LargeBinary(), nullable=True))
    op.add_column(
        "enrolment",
        sa.Column("reminders_by", sa.String(), nullable=False, server_default="sms"),
    )
    op.execute("UPDATE enrolment SET reminders_by = 'none' WHERE NOT text_reminders")
    op.drop_column("enrolment", "text_reminders")
    op.create_check_constraint(
        op.f("ck_enrolment_reminders_by"), "enrolment", "reminders_by IN ('sms', 'email', 'none')"
    )
    _table(
        "address_change",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'email')", name=op.f("ck_address_change_channel")),
    )
    op.execute(
        f"INSERT INTO address_change ({KEPT}, channel, address)"
        f" SELECT {KEPT}, 'sms', phone FROM phone_change"
    )
    op.drop_table("phone_change")


def downgrade() -> None:
    _table(
        "phone_change",
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
    )
    # The index of a number cannot be made here, so that codes under way are void.
    op.execute("UPDATE address_change SET used_at = now() WHERE used_at IS NULL")
    op.execute(
        f"INSERT INTO phone_change ({KEPT}, phone, phone_index)"
        f" SELECT {KEPT}, address, '' FROM address_change WHERE channel = 'sms'"
    )
    op.drop_table("address_change")
    op.drop_constraint(op.f("ck_enrolment_reminders_by"), "enrolment", type_="check")
    op.add_column(
        "enrolment",
        sa.Column("text_reminders", sa.Boolean(), nullable=False, server_default="true"),
    )
    # Whoever chose e-mail gets no texts for it: they did not agree to any.
    op.execute("UPDATE enrolment SET text_reminders = (reminders_by = 'sms')")
    op.drop_column("enrolment", "reminders_by")
    op.drop_column("patient", "email_index")
    op.drop_column("patient", "email")


def _table(name: str, *own: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        *own,
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("asked_by_role", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f(f"fk_{name}_patient_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{name}_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_patient", name, ["patient_id", "created_at"])
    visible = (
        "practice_id::text = current_setting('lumbra.practice_id', true)"
        " OR current_setting('lumbra.practice_id', true) = '*'"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {name} TO {ROLE}")
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON {name} USING ({visible})")

"""A patient's enrolment is found by the patient, whatever its status.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-24
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every patient's request asks for it; the unique index is of current enrolments only.
    op.create_index("ix_enrolment_patient", "enrolment", ["patient_id", "enrolled_at"])


def downgrade() -> None:
    op.drop_index("ix_enrolment_patient", table_name="enrolment")

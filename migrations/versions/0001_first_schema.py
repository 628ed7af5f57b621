"""The first schema: every table of the main road, the job queue, roles and row-level security.

Revision ID: 0001
Revises:
Create Date: 2026-11-24
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
QUEUE = Path(__file__).parents[1] / "sql" / "0001_procrastinate.sql"

# What has happened is written once: the application may add to these and read them, no more.
APPEND_ONLY = (
    "audit_event",
    "consent",
    "alert_event",
    "communication_event",
    "adaptation",
    "opt_out",
    "risk_assessment",
    "score",
    "questionnaire_response",
)
BY_PRACTICE = (
    "access_link",
    "activity",
    "adaptation",
    "alert",
    "alert_event",
    "alert_feed",
    "audit_event",
    "care_plan",
    "check_in",
    "communication",
    "communication_event",
    "consent",
    "enrolment",
    "module_reading",
    "patient",
    "practice_log",
    "provider",
    "questionnaire_response",
    "quiz_attempt",
    "risk_assessment",
    "safety_hold",
    "score",
    "sign_in_code",
    "sign_in_session",
)

# Roles belong to the server, not to a database: two databases may be migrated at once.
CREATE_ROLE = f"""
DO $$
BEGIN
    CREATE ROLE {ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$
"""
SCOPE = "current_setting('lumbra.practice_id', true)"


def upgrade() -> None:
    _create_tables()
    # Not one statement but a whole script, which only the plain driver takes.
    op.get_bind().connection.driver_connection.execute(QUEUE.read_text())
    op.execute(CREATE_ROLE)
    op.execute(f"GRANT {ROLE} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE ON {', '.join(APPEND_ONLY)} FROM {ROLE}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {ROLE}")
    for table in BY_PRACTICE:
        _protect(table, "practice_id")
    _protect("practice", "id")


def downgrade() -> None:
    _drop_tables()
    op.execute(DROP_QUEUE)
    # The role stays: other databases of the same server may use it.
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE}")
    op.execute(f"REVOKE ALL ON SCHEMA public FROM {ROLE}")


def _protect(table: str, column: str) -> None:
    visible = f"{column}::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON {table} USING ({visible})")


DROP_QUEUE = """
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT format('DROP TABLE IF EXISTS %s CASCADE', oid::regclass) AS statement
        FROM pg_class WHERE relkind = 'r' AND relname LIKE 'procrastinate\\_%' LOOP
        EXECUTE each.statement;
    END LOOP;
    FOR each IN SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) AS statement
        FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' LOOP
        EXECUTE each.statement;
    END LOOP;
    FOR each IN SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype) AS statement
        FROM pg_type WHERE typtype IN ('e', 'c') AND typname LIKE 'procrastinate\\_%' LOOP
        EXECUTE each.statement;
    END LOOP;
END
$$
"""


def _create_tables() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "opt_out",
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("action IN ('stop', 'start')", name=op.f("ck_opt_out_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
    )
    op.create_index("ix_opt_out_phone", "opt_out", ["phone_index", "at", "id"], unique=False)
    op.create_table(
        "practice",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("pathway", sa.String(), server_default="standard", nullable=False),
        sa.Column(
            "service_hours",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
        ),
        sa.Column(
            "holidays", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("quiet_from", sa.Integer(), server_default="20", nullable=False),
        sa.Column("quiet_until", sa.Integer(), server_default="9", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("quiet_from BETWEEN 0 AND 23", name=op.f("ck_practice_quiet_from")),
        sa.CheckConstraint("quiet_until BETWEEN 0 AND 23", name=op.f("ck_practice_quiet_until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
    )
    op.create_table(
        "alert_feed",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_alert_feed_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", name=op.f("pk_alert_feed")),
    )
    op.create_table(
        "audit_event",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column(
            "detail", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_audit_event_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_patient", "audit_event", ["patient_id", "at"], unique=False)
    op.create_index("ix_audit_event_practice", "audit_event", ["practice_id", "at"], unique=False)
    op.create_table(
        "patient",
        sa.Column("given_name", sa.LargeBinary(), nullable=False),
        sa.Column("family_name", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_patient_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
    )
    op.create_index("ix_patient_phone_index", "patient", ["phone_index"], unique=False)
    op.create_index("ix_patient_practice", "patient", ["practice_id", "id"], unique=False)
    op.create_table(
        "provider",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "role IN ('clinician', 'lead', 'administrator', 'researcher')",
            name=op.f("ck_provider_role"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_provider_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider")),
    )
    op.create_index(
        "uq_provider_email", "provider", [sa.literal_column("lower(email)")], unique=True
    )
    op.create_table(
        "sign_in_session",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.String(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_sign_in_session_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
    )
    op.create_index("ix_sign_in_session_person", "sign_in_session", ["person_id"], unique=False)
    op.create_table(
        "access_link",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("occasion_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'check-in')", name=op.f("ck_access_link_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_access_link_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_access_link_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_link")),
    )
    op.create_index("ix_access_link_patient", "access_link", ["patient_id"], unique=False)
    op.create_index("uq_access_link_token", "access_link", ["token_hash"], unique=True)
    op.create_table(
        "alert",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("escalation", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "evidence", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "suggestions",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
        ),
        sa.Column("patient_was_told", sa.String(), nullable=True),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("feed_version", sa.BigInteger(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('resolved', 'dismissed')) = (resolution IS NOT NULL)",
            name=op.f("ck_alert_resolution"),
        ),
        sa.CheckConstraint(
            "status IN ('new', 'delivered', 'acknowledged', 'in_progress', 'resolved', 'dismissed')",
            name=op.f("ck_alert_status"),
        ),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("ck_alert_tier")),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["provider.id"], name=op.f("fk_alert_acknowledged_by")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_alert_patient_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_alert_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_changes", "alert", ["practice_id", "feed_version"], unique=False)
    op.create_index(
        "ix_alert_feed",
        "alert",
        ["practice_id", "tier", "respond_by", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')"),
    )
    op.create_index(
        "ix_alert_overdue",
        "alert",
        ["escalate_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')"),
    )
    op.create_index("ix_alert_patient", "alert", ["patient_id", "opened_at"], unique=False)
    op.create_index(
        "uq_alert_open_cause",
        "alert",
        ["patient_id", "rule"],
        unique=True,
        postgresql_where=sa.text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')"),
    )
    op.create_table(
        "communication",
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=True),
        sa.Column("template_version", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("urgent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("send_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("sid", sa.String(), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.String(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "direction = 'in' OR (template IS NOT NULL AND template_version IS NOT NULL)",
            name=op.f("ck_communication_template"),
        ),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_communication_direction")),
        sa.CheckConstraint(
            "status IN ('pending', 'submitting', 'unknown', 'accepted', 'scheduled', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'read', 'rejected', 'cancelled', 'expired', 'received')",
            name=op.f("ck_communication_status"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_communication_attempts")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_communication_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["provider.id"], name=op.f("fk_communication_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communication")),
    )
    op.create_index(
        "ix_communication_due",
        "communication",
        ["send_after"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_communication_expiring",
        "communication",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_communication_patient", "communication", ["patient_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_communication_phone", "communication", ["phone_index", "created_at"], unique=False
    )
    op.create_index(
        "ix_communication_subject",
        "communication",
        ["subject_id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_communication_submitting",
        "communication",
        ["submitted_at"],
        unique=False,
        postgresql_where=sa.text("status = 'submitting'"),
    )
    op.create_index(
        "ix_communication_unknown",
        "communication",
        ["updated_at"],
        unique=False,
        postgresql_where=sa.text("status = 'unknown'"),
    )
    op.create_index(
        "uq_communication_occurrence",
        "communication",
        ["practice_id", "phone_index", "purpose", "occurrence"],
        unique=True,
    )
    op.create_index(
        "uq_communication_sid",
        "communication",
        ["sid"],
        unique=True,
        postgresql_where=sa.text("sid IS NOT NULL"),
    )
    op.create_table(
        "consent",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text_version", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("action IN ('given', 'withdrawn')", name=op.f("ck_consent_action")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_consent_patient_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_consent_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_patient", "consent", ["patient_id", "at"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("checkin_weekday", sa.Integer(), nullable=False),
        sa.Column("checkin_hour", sa.Integer(), nullable=False),
        sa.Column("enrolled_by", sa.Uuid(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('invited', 'active', 'withdrawn', 'completed')",
            name=op.f("ck_enrolment_status"),
        ),
        sa.CheckConstraint("checkin_hour BETWEEN 0 AND 23", name=op.f("ck_enrolment_checkin_hour")),
        sa.CheckConstraint(
            "checkin_weekday BETWEEN 0 AND 6", name=op.f("ck_enrolment_checkin_weekday")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_enrolment_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_enrolment_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
    )
    op.create_index(
        "uq_enrolment_current",
        "enrolment",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('invited', 'active')"),
    )
    op.create_table(
        "questionnaire_response",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column(
            "answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("authored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "outcome", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "mode IN ('app', 'web', 'sms', 'phone')", name=op.f("ck_questionnaire_response_mode")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_questionnaire_response_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_questionnaire_response_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_response")),
    )
    op.create_index(
        "ix_questionnaire_response_patient",
        "questionnaire_response",
        ["patient_id", "authored_at"],
        unique=False,
    )
    op.create_index(
        "uq_questionnaire_response_key",
        "questionnaire_response",
        ["patient_id", "idempotency_key"],
        unique=True,
    )
    op.create_table(
        "sign_in_code",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_sign_in_code_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_sign_in_code_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_code")),
    )
    op.create_index(
        "ix_sign_in_code_patient", "sign_in_code", ["patient_id", "created_at"], unique=False
    )
    op.create_table(
        "alert_event",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("from_status", sa.String(), nullable=True),
        sa.Column("to_status", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column(
            "detail", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_event_alert_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_alert_event_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
    )
    op.create_index("ix_alert_event_alert", "alert_event", ["alert_id", "at"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("battery", sa.String(), nullable=False),
        sa.Column("occasion", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_reminder_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders_sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status = 'completed') = (completed_at IS NOT NULL)",
            name=op.f("ck_check_in_completed"),
        ),
        sa.CheckConstraint(
            "kind IN ('safety-screen', 'baseline', 'weekly', 'follow-up')",
            name=op.f("ck_check_in_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('scheduled', 'open', 'completed', 'missed', 'cancelled')",
            name=op.f("ck_check_in_status"),
        ),
        sa.CheckConstraint(
            "closes_at IS NULL OR closes_at > opens_at", name=op.f("ck_check_in_window")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_check_in_enrolment_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_check_in_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_check_in_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
    )
    op.create_index(
        "ix_check_in_closing",
        "check_in",
        ["closes_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_check_in_opening",
        "check_in",
        ["opens_at"],
        unique=False,
        postgresql_where=sa.text("status = 'scheduled'"),
    )
    op.create_index("ix_check_in_patient", "check_in", ["patient_id", "opens_at"], unique=False)
    op.create_index(
        "ix_check_in_reminder",
        "check_in",
        ["next_reminder_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_check_in_occasion",
        "check_in",
        ["enrolment_id", "kind", "battery", "occasion"],
        unique=True,
    )
    op.create_table(
        "communication_event",
        sa.Column("communication_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["communication_id"],
            ["communication.id"],
            name=op.f("fk_communication_event_communication_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_communication_event_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communication_event")),
    )
    op.create_index(
        "ix_communication_event_communication",
        "communication_event",
        ["communication_id", "at"],
        unique=False,
    )
    op.create_table(
        "risk_assessment",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("method_version", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("value", sa.Numeric(precision=6, scale=1), nullable=True),
        sa.Column(
            "inputs", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "reasons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('stratification', 'factor-profile', 'response-index', 'trajectory')",
            name=op.f("ck_risk_assessment_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_risk_assessment_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_risk_assessment_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_risk_assessment_response_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_assessment")),
    )
    op.create_index(
        "ix_risk_assessment_patient_kind",
        "risk_assessment",
        ["patient_id", "kind", "at"],
        unique=False,
    )
    op.create_table(
        "safety_hold",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column(
            "items", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "level IN ('self_harm', 'emergency', 'same_day')", name=op.f("ck_safety_hold_level")
        ),
        sa.ForeignKeyConstraint(
            ["cleared_by"], ["provider.id"], name=op.f("fk_safety_hold_cleared_by")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_safety_hold_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_safety_hold_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_safety_hold_response_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_hold")),
    )
    op.create_index(
        "uq_safety_hold_open",
        "safety_hold",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    op.create_table(
        "score",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("instrument_version", sa.String(), nullable=False),
        sa.Column("scoring_version", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("value", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(value IS NULL) <> (reason IS NULL)", name=op.f("ck_score_value_or_reason")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_score_patient_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_score_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_score_response_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
    )
    op.create_index("ix_score_patient_code", "score", ["patient_id", "code", "at"], unique=False)
    op.create_index("ix_score_response", "score", ["response_id"], unique=False)
    op.create_table(
        "care_plan",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("risk_assessment_id", sa.Uuid(), nullable=False),
        sa.Column("pathway_version", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("support", sa.String(), nullable=False),
        sa.Column(
            "notes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'replaced', 'ended')", name=op.f("ck_care_plan_status")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_care_plan_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_care_plan_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["risk_assessment_id"],
            ["risk_assessment.id"],
            name=op.f("fk_care_plan_risk_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_plan")),
    )
    op.create_index(
        "uq_care_plan_active",
        "care_plan",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "activity",
        sa.Column("care_plan_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.String(), nullable=False),
        sa.Column("module_version", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("holds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grade_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'active', 'completed', 'stuck')", name=op.f("ck_activity_status")
        ),
        sa.CheckConstraint("grade BETWEEN 1 AND 4", name=op.f("ck_activity_grade")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_activity_reason")),
        sa.ForeignKeyConstraint(
            ["care_plan_id"], ["care_plan.id"], name=op.f("fk_activity_care_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_activity_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_activity_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_patient", "activity", ["patient_id"], unique=False)
    op.create_index("uq_activity_module", "activity", ["care_plan_id", "module_id"], unique=True)
    op.create_table(
        "adaptation",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("care_plan_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column(
            "inputs", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("for_patient", sa.String(), nullable=False),
        sa.Column("for_provider", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_adaptation_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["care_plan_id"], ["care_plan.id"], name=op.f("fk_adaptation_care_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_adaptation_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_adaptation_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adaptation")),
    )
    op.create_index("ix_adaptation_patient", "adaptation", ["patient_id", "at"], unique=False)
    op.create_table(
        "module_reading",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_module_reading_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_module_reading_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_module_reading_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_reading")),
    )
    op.create_index(
        "ix_module_reading_activity", "module_reading", ["activity_id", "at"], unique=False
    )
    op.create_table(
        "practice_log",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column(
            "values", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("confidence BETWEEN 0 AND 10", name=op.f("ck_practice_log_confidence")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_practice_log_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_practice_log_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_practice_log_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_log")),
    )
    op.create_index("uq_practice_log_day", "practice_log", ["activity_id", "day"], unique=True)
    op.create_table(
        "quiz_attempt",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column(
            "answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_quiz_attempt_percent")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_quiz_attempt_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_quiz_attempt_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_quiz_attempt_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempt")),
    )
    op.create_index("ix_quiz_attempt_activity", "quiz_attempt", ["activity_id", "at"], unique=False)


def _drop_tables() -> None:
    op.drop_index("ix_quiz_attempt_activity", table_name="quiz_attempt")
    op.drop_table("quiz_attempt")
    op.drop_index("uq_practice_log_day", table_name="practice_log")
    op.drop_table("practice_log")
    op.drop_index("ix_module_reading_activity", table_name="module_reading")
    op.drop_table("module_reading")
    op.drop_index("ix_adaptation_patient", table_name="adaptation")
    op.drop_table("adaptation")
    op.drop_index("uq_activity_module", table_name="activity")
    op.drop_index("ix_activity_patient", table_name="activity")
    op.drop_table("activity")
    op.drop_index(
        "uq_care_plan_active", table_name="care_plan", postgresql_where=sa.text("status = 'active'")
    )
    op.drop_table("care_plan")
    op.drop_index("ix_score_response", table_name="score")
    op.drop_index("ix_score_patient_code", table_name="score")
    op.drop_table("score")
    op.drop_index(
        "uq_safety_hold_open",
        table_name="safety_hold",
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    op.drop_table("safety_hold")
    op.drop_index("ix_risk_assessment_patient_kind", table_name="risk_assessment")
    op.drop_table("risk_assessment")
    op.drop_index("ix_communication_event_communication", table_name="communication_event")
    op.drop_table("communication_event")
    op.drop_index("uq_check_in_occasion", table_name="check_in")
    op.drop_index(
        "ix_check_in_reminder", table_name="check_in", postgresql_where=sa.text("status = 'open'")
    )
    op.drop_index("ix_check_in_patient", table_name="check_in")
    op.drop_index(
        "ix_check_in_opening",
        table_name="check_in",
        postgresql_where=sa.text("status = 'scheduled'"),
    )
    op.drop_index(
        "ix_check_in_closing", table_name="check_in", postgresql_where=sa.text("status = 'open'")
    )
    op.drop_table("check_in")
    op.drop_index("ix_alert_event_alert", table_name="alert_event")
    op.drop_table("alert_event")
    op.drop_index("ix_sign_in_code_patient", table_name="sign_in_code")
    op.drop_table("sign_in_code")
    op.drop_index("uq_questionnaire_response_key", table_name="questionnaire_response")
    op.drop_index("ix_questionnaire_response_patient", table_name="questionnaire_response")
    op.drop_table("questionnaire_response")
    op.drop_index(
        "uq_enrolment_current",
        table_name="enrolment",
        postgresql_where=sa.text("status IN ('invited', 'active')"),
    )
    op.drop_table("enrolment")
    op.drop_index("ix_consent_patient", table_name="consent")
    op.drop_table("consent")
    op.drop_index(
        "uq_communication_sid",
        table_name="communication",
        postgresql_where=sa.text("sid IS NOT NULL"),
    )
    op.drop_index("uq_communication_occurrence", table_name="communication")
    op.drop_index(
        "ix_communication_unknown",
        table_name="communication",
        postgresql_where=sa.text("status = 'unknown'"),
    )
    op.drop_index(
        "ix_communication_submitting",
        table_name="communication",
        postgresql_where=sa.text("status = 'submitting'"),
    )
    op.drop_index(
        "ix_communication_subject",
        table_name="communication",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_index("ix_communication_phone", table_name="communication")
    op.drop_index("ix_communication_patient", table_name="communication")
    op.drop_index(
        "ix_communication_expiring",
        table_name="communication",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_index(
        "ix_communication_due",
        table_name="communication",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_table("communication")
    op.drop_index(
        "uq_alert_open_cause",
        table_name="alert",
        postgresql_where=sa.text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')"),
    )
    op.drop_index("ix_alert_patient", table_name="alert")
    op.drop_index(
        "ix_alert_overdue",
        table_name="alert",
        postgresql_where=sa.text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')"),
    )
    op.drop_index(
        "ix_alert_feed",
        table_name="alert",
        postgresql_where=sa.text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')"),
    )
    op.drop_index("ix_alert_changes", table_name="alert")
    op.drop_table("alert")
    op.drop_index("uq_access_link_token", table_name="access_link")
    op.drop_index("ix_access_link_patient", table_name="access_link")
    op.drop_table("access_link")
    op.drop_index("ix_sign_in_session_person", table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_index("uq_provider_email", table_name="provider")
    op.drop_table("provider")
    op.drop_index("ix_patient_practice", table_name="patient")
    op.drop_index("ix_patient_phone_index", table_name="patient")
    op.drop_table("patient")
    op.drop_index("ix_audit_event_practice", table_name="audit_event")
    op.drop_index("ix_audit_event_patient", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("alert_feed")
    op.drop_table("practice")
    op.drop_index("ix_opt_out_phone", table_name="opt_out")
    op.drop_table("opt_out")
    op.drop_table("heartbeat")

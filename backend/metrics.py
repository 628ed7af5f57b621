"""Figures for operators, in Prometheus' text format: what waits, how texts fare, what is overdue.

All is counted from the database when asked, so that any web process says the same. No label names
a practice, a person or a number.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from backend.alerts.models import OPEN_STATES, Alert
from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session
from backend.core.heartbeat import Heartbeat
from backend.core.identity import anyone
from backend.core.problems import not_found
from backend.messaging import budget, jobs, line, watch
from backend.messaging.models import OUT, PENDING, Communication

blueprint = Blueprint("metrics", __name__)
DAY = timedelta(days=1)


@blueprint.get("/metrics")
@anyone
def metrics() -> Response:
    """The figures, for whoever brings the token of the settings; else there is no such page."""
    token = current_app.extensions["settings"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token is None or not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        raise not_found("page")
    registry = CollectorRegistry()
    with tenancy.across_practices():
        registry.register(_Figures())
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    def describe(self) -> list[Metric]:
        # Without it, the registry would ask for the figures twice.
        return []

    def collect(self) -> Iterator[Metric]:
        yield from _texts()
        yield _alarms()
        yield from _lines()
        yield _budgets()
        yield from _alerts()
        yield _ticks()


def _texts() -> Iterator[Metric]:
    made = GaugeMetricFamily(
        "lumbra_texts_last_day", "Texts made in the last 24 hours, by status", labels=["status"]
    )
    failed = GaugeMetricFamily(
        "lumbra_text_errors_last_day", "The carrier's error codes of these texts", labels=["code"]
    )
    segments = 0
    query = (
        select(
            Communication.status,
            Communication.error_code,
            func.count(),
            func.sum(Communication.segments).filter(Communication.sid.is_not(None)),
        )
        .where(
            Communication.created_at > now() - DAY,
            Communication.body.is_not(None),
            Communication.direction == OUT,
        )
        .group_by(Communication.status, Communication.error_code)
    )
    by_status: dict[str, int] = {}
    for status, code, count, billed in session.execute(query):
        by_status[status] = by_status.get(status, 0) + count
        segments += billed or 0
        if code is not None:
            failed.add_metric([str(code)], count)
    for status, count in sorted(by_status.items()):
        made.add_metric([status], count)
    yield made
    yield failed
    yield GaugeMetricFamily(
        "lumbra_text_segments_last_day", "Segments of these texts that were sent", value=segments
    )
    oldest = session.scalar(
        select(func.min(Communication.send_after)).where(
            Communication.status == PENDING, Communication.send_after <= now()
        )
    )
    late = 0.0 if oldest is None else (now() - oldest).total_seconds()
    yield GaugeMetricFamily(
        "lumbra_text_oldest_due_seconds", "For how long the oldest text has been due", value=late
    )


def _alarms() -> Metric:
    family = GaugeMetricFamily(
        "lumbra_text_alarm", "1 while an operator is to look at the delivery", labels=["kind"]
    )
    found = watch.alarms(jobs.lately())
    for kind in watch.ALARMS:
        family.add_metric([kind], float(kind in found))
    return family


def _lines() -> Iterator[Metric]:
    stopped = line.stopped()
    yield GaugeMetricFamily(
        "lumbra_text_lines_stopped", "Senders whose line is stopped", value=len(stopped)
    )
    family = GaugeMetricFamily(
        "lumbra_text_line_stopped_seconds",
        "For how long a line has been stopped, by the carrier's code",
        labels=["code"],
    )
    # Two lines may be stopped by one code: the longer counts.
    longest: dict[str, float] = {}
    for each in stopped:
        code = "unknown" if each.code is None else str(each.code)
        longest[code] = max(longest.get(code, 0.0), (now() - each.since).total_seconds())
    for code, seconds in longest.items():
        family.add_metric([code], seconds)
    yield family


def _budgets() -> Metric:
    family = GaugeMetricFamily(
        "lumbra_text_budgets",
        "Practices by how their month's budget of texts stands",
        labels=["state"],
    )
    counted = budget.count_states()
    for state in budget.STATES:
        family.add_metric([state], counted[state])
    return family


def _alerts() -> Iterator[Metric]:
    opened = GaugeMetricFamily("lumbra_alerts_open", "Open alerts, by tier", labels=["tier"])
    late = GaugeMetricFamily(
        "lumbra_alerts_overdue", "Open alerts past their respond-by, by tier", labels=["tier"]
    )
    query = (
        select(
            Alert.tier,
            func.count(),
            func.count().filter(Alert.respond_by < now(), Alert.acknowledged_at.is_(None)),
        )
        .where(Alert.status.in_(OPEN_STATES))
        .group_by(Alert.tier)
    )
    for tier, count, overdue in session.execute(query):
        opened.add_metric([str(tier)], count)
        late.add_metric([str(tier)], overdue)
    yield opened
    yield late


def _ticks() -> Metric:
    family = GaugeMetricFamily(
        "lumbra_tick_age_seconds", "Since when a job of the clock has not run", labels=["job"]
    )
    for job, ran_at in session.execute(select(Heartbeat.job, Heartbeat.ran_at)):
        family.add_metric([job], (now() - ran_at).total_seconds())
    return family

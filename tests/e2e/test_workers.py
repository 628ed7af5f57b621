"""Several workers on one database: they share the work, and stop without dropping any."""

from __future__ import annotations

from collections import Counter

from flask import Flask

from tests.e2e.conftest import Ask
from tests.e2e.people import with_open_check_ins
from tests.e2e.processes import Site, wait_for
from tests.twilio_stand_in import TwilioStandIn

TAKEN = ("accepted", "queued", "sending", "sent", "delivered")


def test_two_workers_send_a_thousand_reminders_once_each(
    app: Flask, site: Site, carrier: TwilioStandIn, ask: Ask, midday_zone: str
) -> None:
    people = with_open_check_ins(app, midday_zone, [0.0] * 1000)
    workers = [site.worker(), site.worker()]

    wait_for(lambda: _taken(ask) >= 1000, "1000 texts to leave", site)

    asked = [seen.form["To"] for seen in carrier.requests]
    assert sorted(asked) == sorted(person.phone for person in people)
    assert carrier.violations == []
    assert _statuses(ask) == {"queued": 1000}
    assert [worker.terminate() for worker in workers] == [0, 0], site.said()
    assert len(carrier.requests) == 1000


def test_a_worker_told_to_stop_finishes_what_it_has_in_hand(
    app: Flask, site: Site, carrier: TwilioStandIn, ask: Ask, midday_zone: str
) -> None:
    with_open_check_ins(app, midday_zone, [0.0] * 120)
    carrier.hang(120, 0.3)
    worker = site.worker()
    wait_for(lambda: len(carrier.requests) >= 10, "the sending to begin", site)

    assert worker.terminate() == 0, worker.said()

    stopped_at = len(carrier.requests)
    assert stopped_at < 120, "it was stopped too late to show anything"
    assert _statuses(ask) == {"queued": stopped_at, "pending": 120 - stopped_at}

    site.worker()
    wait_for(lambda: _taken(ask) >= 120, "the next worker to send the rest", site)
    assert max(Counter(seen.form["To"] for seen in carrier.requests).values()) == 1


def _statuses(ask: Ask) -> dict[str, int]:
    return dict(ask("SELECT status, count(*) FROM communication GROUP BY status"))


def _taken(ask: Ask) -> int:
    return sum(count for status, count in _statuses(ask).items() if status in TAKEN)

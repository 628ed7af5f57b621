"""What is asked again in the transaction that claims a text: the matter, the hours, the caps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.checkins.models import CheckIn
from backend.core import tenancy
from backend.core.database import unit_of_work
from backend.messaging import delivery, jobs, permission, states
from backend.messaging.models import Communication
from backend.patients.models import Enrolment
from tests.backstage import at_once, behind, rows
from tests.messaging.carrier import Post
from tests.owner import ask
from tests.twilio_stand_in import TwilioStandIn
from tests.world import PatientAccount

BEN = "+447700900124"
DAY = timedelta(days=1)


def go(post: Post, key: UUID) -> tuple[str, str | None]:
    """A worker takes up a text; where it stands then, and why."""
    with post.app.app_context():
        delivery.deliver(key)
    row = post.row(key)
    return row.status, row.because


def local_day(instant: datetime) -> int:
    return instant.astimezone(UTC).day


# Caps


def test_a_second_text_on_a_day_waits_for_the_next_morning(post: Post) -> None:
    first, second = post.queue(), post.queue()
    assert go(post, first) == ("queued", None)
    assert go(post, second) == ("pending", "enough texts for now")
    assert post.row(second).send_after == datetime(2026, 9, 2, 8, tzinfo=UTC)  # nine in London
    post.world.clock.move_to(post.row(second).send_after)
    assert go(post, second) == ("queued", None)


def test_a_fourth_text_in_seven_days_waits_for_the_eighth(post: Post) -> None:
    start = post.world.clock.now()
    for days in (0, 2, 4):
        post.world.clock.move_to(start + days * DAY)
        assert go(post, post.queue())[0] == "queued"
    post.world.clock.move_to(start + 5 * DAY)
    fourth = post.queue()
    assert go(post, fourth) == ("pending", "enough texts for now")
    assert post.row(fourth).send_after == datetime(2026, 9, 8, 8, tzinfo=UTC)


def test_a_text_that_would_wait_beyond_its_time_is_dropped(post: Post) -> None:
    go(post, post.queue())
    late = post.queue(expires_at=post.world.clock.now() + timedelta(hours=20))
    assert go(post, late)[0] == "expired"


def test_urgent_texts_ask_for_no_cap_and_count_for_none(post: Post, carrier: TwilioStandIn) -> None:
    for _ in range(4):
        assert go(post, post.queue(urgent=True)) == ("queued", None)
    assert go(post, post.queue()) == ("queued", None)
    assert go(post, post.queue(urgent=True)) == ("queued", None)
    assert len(carrier.messages) == 6


def test_caps_hold_over_all_practices_and_people_of_a_number(post: Post) -> None:
    go(post, post.queue())
    post.practice = post.world.practice("Vale Surgery")
    assert go(post, post.queue()) == ("pending", "enough texts for now")
    assert go(post, post.queue(BEN)) == ("queued", None)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("submitting", True),
        ("unknown", True),
        ("accepted", True),
        ("sent", True),
        ("delivered", True),
        ("read", True),
        # It reached nobody.
        ("undelivered", False),
        ("failed", False),
        ("canceled", False),
        ("rejected", False),
        # It was put off after a try.
        ("pending", False),
    ],
)
def test_which_texts_count(post: Post, status: str, counts: bool) -> None:
    earlier = post.queue()
    post.move(earlier, status=status, submitted_at=post.world.clock.now())
    found, _ = go(post, post.queue())
    assert found == ("pending" if counts else "queued")


def test_workers_at_once_cannot_both_pass_a_cap(post: Post, carrier: TwilioStandIn) -> None:
    keys = [post.queue() for _ in range(6)]

    def claim(key: UUID) -> Any:
        def run() -> None:
            with post.app.app_context():
                delivery.deliver(key)

        return run

    at_once(*[claim(key) for key in keys])
    assert len(carrier.messages) == 1
    assert sorted(post.row(key).status for key in keys) == ["pending"] * 5 + ["queued"]


def test_a_claim_waits_for_another_claim_of_the_same_number(
    post: Post, carrier: TwilioStandIn, database: str
) -> None:
    first, second = post.queue(), post.queue()
    with ThreadPoolExecutor(1) as other, post.app.app_context():
        with tenancy.across_practices(), unit_of_work():
            row = states.lock(first)
            assert row is not None
            assert permission.may_leave(row, post.world.clock.now()) == permission.Leave()
            claim = other.submit(go, post, second)
            while not ask(database, "SELECT 1 FROM pg_locks WHERE NOT granted"):
                assert not claim.done(), "it did not wait"
            row.submitted_at = post.world.clock.now()
            states.move(row, "submitting")
        assert claim.result(60) == ("pending", "enough texts for now")
    assert carrier.messages == {}


def test_after_an_outage_a_number_gets_one_text_a_day(post: Post, carrier: TwilioStandIn) -> None:
    """Whatever has piled up, from whomever: never a burst."""
    for _ in range(5):
        post.queue()
    begun = post.world.clock.now()
    for hour in range(24 * 9):
        post.world.clock.move_to(begun + timedelta(hours=hour))
        with post.app.app_context():
            jobs.deliver_due(100)
    left = [row.submitted_at for row in rows(post.app, Communication) if row.sid]
    days = sorted(local_day(at) for at in left if at)
    assert days == [1, 2, 3, 8, 9]


# Hours


@pytest.mark.parametrize(
    ("country", "jurisdiction", "zone", "leaves"),
    [
        # Sunday 6 September, 08:30 by the clock that counts; hour and day in UTC.
        ("GB", None, "Europe/London", "2026-09-06 08:00"),
        ("US", "US-FL", "America/New_York", "2026-09-06 13:00"),
        ("US", "US-TX", "America/Chicago", "2026-09-06 17:00"),
        # Nobody knows where they live: the practice's clock, and every row's hours.
        ("GB", None, "Nowhere/Atlantis", "2026-09-06 11:00"),
    ],
)
def test_quiet_hours_by_jurisdiction(
    post: Post, database: str, country: str, jurisdiction: str | None, zone: str, leaves: str
) -> None:
    ask(database, "UPDATE practice SET country = %s, jurisdiction = %s", [country, jurisdiction])
    key = post.queue()
    due = datetime(2026, 9, 6, 6, tzinfo=UTC)
    post.move(key, time_zone=zone, send_after=due)
    post.world.clock.move_to(due)
    assert go(post, key) == ("pending", "quiet hours")
    assert post.row(key).send_after == datetime.fromisoformat(leaves).replace(tzinfo=UTC)


def test_a_practice_without_any_open_hour_sends_nothing_but_urgent_texts(
    post: Post, database: str
) -> None:
    ask(database, "UPDATE practice SET country = 'US', quiet_from = 8, quiet_until = 21")
    assert post.row(post.queue()).status == "expired"
    assert go(post, post.queue(urgent=True)) == ("queued", None)


# The matter itself


@pytest.fixture
def waiting(post: Post) -> UUID:
    """The opening text of a check-in, planned and about to leave."""
    clinician = post.world.provider(post.practice)
    patient: PatientAccount = post.world.onboarded(clinician)
    [coming] = post.world.check_ins(patient, "weekly", "scheduled")
    post.world.clock.move_to(datetime.fromisoformat(coming["opens_at"]))
    post.world.tick()
    return post.world.texts("check-in")[0].id


@pytest.mark.parametrize(
    ("model", "values", "because"),
    [
        (CheckIn, {"status": "completed", "completed_at": datetime.now(UTC)}, "answered"),
        (CheckIn, {"status": "missed"}, "window closed"),
        (CheckIn, {"status": "cancelled"}, "window closed"),
        (Enrolment, {"status": "withdrawn"}, "withdrawn"),
        (Enrolment, {"reminders_by": "none"}, "texts turned off"),
    ],
)
def test_what_ended_while_the_text_was_being_planned_stops_it(
    post: Post, waiting: UUID, model: Any, values: dict[str, Any], because: str
) -> None:
    text = post.row(waiting)
    with behind(post.app) as store:
        for row in store.query(model).filter_by(patient_id=text.patient_id):
            if model is Enrolment or row.id == text.subject_id:
                for name, value in values.items():
                    setattr(row, name, value)
    assert go(post, waiting) == ("cancelled", because)


def test_a_check_in_that_stands_open_lets_its_text_go(post: Post, waiting: UUID) -> None:
    assert go(post, waiting) == ("queued", None)


@pytest.mark.parametrize(("joins", "found"), [(True, "cancelled"), (False, "queued")])
def test_who_has_joined_needs_no_invitation(post: Post, joins: bool, found: str) -> None:
    clinician = post.world.provider(post.practice)
    (post.world.patient if joins else post.world.enrol)(clinician)
    assert go(post, post.world.texts("invitation")[0].id)[0] == found


def test_a_new_invitation_takes_the_place_of_one_that_waits(post: Post) -> None:
    clinician = post.world.provider(post.practice)
    patient = post.world.enrol(clinician)
    post.world.ok(post.world.post(f"/v1/patients/{patient.id}/invitation", clinician))
    assert [t.status for t in post.world.texts("invitation")] == ["pending", "cancelled"]

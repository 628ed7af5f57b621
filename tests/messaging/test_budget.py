"""What a practice may spend on texts in a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.core.identity import LEAD
from backend.messaging import budget
from tests.messaging.carrier import ANN, Post
from tests.twilio_stand_in import TwilioStandIn
from tests.world import Caller

ADDRESS = "/v1/practice/text-budget"


@pytest.fixture
def lead(post: Post) -> Caller:
    return post.world.provider(post.practice, LEAD)


def limit(post: Post, lead: Caller, **limits: int | None) -> dict[str, Any]:
    answer = post.world.client.patch(ADDRESS, json=limits, headers=lead.headers)
    told: dict[str, Any] = post.world.ok(answer)
    return told


def used(post: Post, lead: Caller) -> int:
    return int(post.world.ok(post.world.get(ADDRESS, lead))["segments"])


def send(post: Post, number: int, **how: Any) -> str:
    """One text to a number of its own; what became of it."""
    key = post.queue(f"+4477009001{number:02d}", **how)
    post.world.deliver()
    return post.row(key).status


@pytest.mark.parametrize(
    ("instant", "zone", "month", "following"),
    [
        ("2026-09-30T22:59:00Z", "Europe/London", date(2026, 9, 1), "2026-09-30T23:00:00Z"),
        ("2026-09-30T23:00:00Z", "Europe/London", date(2026, 10, 1), "2026-11-01T00:00:00Z"),
        ("2026-12-31T23:30:00Z", "UTC", date(2026, 12, 1), "2027-01-01T00:00:00Z"),
        ("2026-12-31T23:30:00Z", "Asia/Tokyo", date(2027, 1, 1), "2027-01-31T15:00:00Z"),
    ],
)
def test_a_month_is_the_practice_s_own(
    instant: str, zone: str, month: date, following: str
) -> None:
    at = datetime.fromisoformat(instant)
    assert budget.month_of(at, zone) == month
    assert budget.next_month(at, zone) == datetime.fromisoformat(following)


def test_what_has_left_is_counted_and_what_was_refused_is_not(
    post: Post, carrier: TwilioStandIn, lead: Caller
) -> None:
    before = used(post, lead)
    carrier.refused["+447700900102"] = 21211
    assert [send(post, 1), send(post, 2)] == ["queued", "rejected"]
    assert used(post, lead) == before + 1


def test_above_the_hard_limit_reminders_wait_and_urgent_texts_leave(
    post: Post, carrier: TwilioStandIn, lead: Caller
) -> None:
    told = limit(post, lead, soft=1, hard=2)
    assert (told["state"], told["soft"], told["hard"]) == ("within", 1, 2)
    assert [send(post, n) for n in range(4)] == ["queued", "queued", "pending", "pending"]
    assert send(post, 5, urgent=True) == "queued"
    assert send(post, 6, expires_at=post.world.clock.now() + timedelta(days=2)) == "expired"
    now_told = post.world.ok(post.world.get(ADDRESS, lead))
    assert (now_told["segments"], now_told["texts"], now_told["state"]) == (3, 3, "spent")


def test_a_new_month_begins_at_nothing(post: Post, carrier: TwilioStandIn, lead: Caller) -> None:
    limit(post, lead, hard=1)
    assert [send(post, 1), send(post, 2)] == ["queued", "pending"]
    post.world.clock.move_to(datetime(2026, 10, 1, 9, 0, tzinfo=UTC))
    post.world.deliver()
    assert len(carrier.messages) == 2


def test_a_higher_limit_lets_go_at_once_what_waited(
    post: Post, carrier: TwilioStandIn, lead: Caller
) -> None:
    limit(post, lead, hard=0)
    assert send(post, 1) == "pending"
    limit(post, lead, hard=None)
    post.world.deliver()
    assert len(carrier.messages) == 1


def test_near_the_limit_the_lead_is_told_in_the_console(post: Post, lead: Caller) -> None:
    limit(post, lead, soft=1, hard=10)
    assert send(post, 1) == "queued"
    assert post.world.ok(post.world.get(ADDRESS, lead))["state"] == "near"


@pytest.mark.parametrize("body", [{"soft": -1}, {"hard": "many"}, {"hard": 1.5}, {"cap": 1}])
def test_a_limit_that_is_none_is_refused(post: Post, lead: Caller, body: dict[str, Any]) -> None:
    answer = post.world.client.patch(ADDRESS, json=body, headers=lead.headers)
    assert answer.status_code == 422
    [field] = body
    assert field in str(answer.get_json()["errors"])


def test_another_practice_s_limit_is_not_touched(
    post: Post, carrier: TwilioStandIn, lead: Caller
) -> None:
    other = post.world.provider(post.world.practice("Vale Surgery"), LEAD)
    limit(post, other, hard=0)
    assert send(post, 1) == "queued"
    assert post.world.ok(post.world.get(ADDRESS, other))["segments"] == 0


def test_a_number_that_texts_do_not_reach_is_asked_about_in_the_app(post: Post) -> None:
    world = post.world
    patient = world.onboarded(world.provider(post.practice))
    assert world.ok(world.get("/v1/me", patient))["texts_arrive"] is True
    key = post.queue(patient.phone, urgent=True)
    world.deliver()
    post.report(key, "undelivered", ErrorCode="30005")
    assert world.ok(world.get("/v1/me", patient))["texts_arrive"] is False
    later = post.queue(patient.phone, urgent=True)
    world.deliver()
    post.report(later, "delivered")
    assert world.ok(world.get("/v1/me", patient))["texts_arrive"] is True
    assert patient.phone != ANN

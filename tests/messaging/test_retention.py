"""The words of texts are deleted after their days; that they were sent is kept."""

from __future__ import annotations

from uuid import UUID

import pytest

from backend.core import tenancy
from backend.core.clock import MovableClock
from backend.core.database import unit_of_work
from backend.messaging import jobs
from backend.messaging.models import Communication
from tests.backstage import rows
from tests.messaging.carrier import Post


@pytest.fixture
def text(post: Post) -> UUID:
    key = post.queue()
    post.world.deliver()
    post.report(key, "delivered")
    return key


def test_words_go_after_ninety_days_and_facts_stay(
    post: Post, text: UUID, clock: MovableClock
) -> None:
    clock.move_by(days=90)
    post.world.tick()
    assert post.row(text).body
    clock.move_by(seconds=1)
    post.world.tick()
    row = post.row(text)
    assert row.body is None
    assert (row.status, row.template, row.segments) == ("delivered", "help", 1)
    assert row.sid and row.submitted_at
    assert post.past(text)[-1] == "delivered"


def test_what_patients_wrote_goes_too(post: Post, text: UUID, clock: MovableClock) -> None:
    patient = post.world.onboarded(post.world.provider(post.practice))
    post.world.deliver()
    post.reply("I moved house", phone=patient.phone)
    clock.move_by(days=91)
    post.world.tick()
    incoming = rows(post.app, Communication, Communication.direction == "in")
    assert incoming and all(row.body is None for row in incoming)


def test_a_report_about_a_text_without_words_is_taken(post: Post, clock: MovableClock) -> None:
    key = post.queue()
    post.world.deliver()
    clock.move_by(days=91)
    post.world.tick()
    assert post.row(key).body is None
    assert post.report(key, "delivered").status_code == 204
    assert post.row(key).status == "delivered"


def test_more_than_a_batch_is_forgotten_batch_by_batch(post: Post, clock: MovableClock) -> None:
    keys = [post.queue() for _ in range(3)]
    clock.move_by(days=91)
    with post.app.app_context():
        for expected in (2, 1, 0):
            with tenancy.across_practices(), unit_of_work():
                assert jobs.forget_words(2) == expected
    assert all(post.row(key).body is None for key in keys)

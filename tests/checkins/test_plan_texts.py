"""The extra text of a plan that nobody has opened, the whole way through the carrier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from backend.checkins.plan_texts import PURPOSE
from backend.core.clock import MovableClock
from backend.messaging.models import Communication
from tests.messaging.carrier import Post
from tests.messaging.conftest import carrier, post, sending_app  # noqa: F401
from tests.programme.test_service import plan, practise
from tests.world import Caller, PatientAccount

REMINDED = timedelta(days=14, hours=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def clinician(post: Post) -> Caller:  # noqa: F811
    return post.world.provider(post.practice)


@pytest.fixture
def patient(post: Post, clinician: Caller, clock: MovableClock) -> Iterator[PatientAccount]:  # noqa: F811
    found = post.world.onboarded(clinician, 2)
    yield found


def on(post: Post, passed: timedelta) -> list[Communication]:  # noqa: F811
    """Time passes, hour by hour; the texts about plans."""
    until = post.world.clock.now() + passed
    while post.world.clock.now() < until:
        post.world.clock.move_by(hours=1)
        post.world.tick()
        post.world.deliver()
    return post.world.texts(PURPOSE)


def skip_to(post: Post, passed: timedelta) -> None:  # noqa: F811
    """Nothing happens in between, so that no text about a check-in takes a place."""
    post.world.clock.move_by(seconds=passed.total_seconds())
    post.world.tick()


def no_texts(post: Post, patient: PatientAccount) -> None:  # noqa: F811
    """The person turns reminders off."""
    post.world.sign_in(patient)
    body = {"reminders_by": "none"}
    post.world.ok(post.world.client.patch("/v1/me", json=body, headers=patient.headers))


def test_who_opened_nothing_in_two_weeks_gets_one_friendly_text(
    post: Post,  # noqa: F811
    patient: PatientAccount,
) -> None:
    skip_to(post, REMINDED)
    [text] = on(post, timedelta(days=2))
    assert (text.status, text.patient_id) == ("queued", patient.id)
    post.world.sign_in(patient)
    day = post.world.ok(post.world.get("/v1/me/today", patient))
    assert day["reminder"] == (
        "Your plan is ready whenever you are. Ten minutes today are a good start."
    )
    assert len(on(post, timedelta(days=20))) == 1
    post.world.sign_in(patient)
    assert post.world.ok(post.world.get("/v1/me/today", patient))["reminder"] is None


def test_the_link_in_it_leads_home_after_signing_in(post: Post, patient: PatientAccount) -> None:  # noqa: F811
    skip_to(post, REMINDED)
    on(post, timedelta(days=2))
    [body] = [m["body"] for m in post.carrier.messages.values() if "Ten minutes" in m["body"]]
    link = next(word for word in body.split() if "/c/" in word)
    browser = post.app.test_client()
    page = browser.get("/c/" + link.rpartition("/c/")[2], follow_redirects=True)
    assert page.status_code == 200 and b"code" in page.data


def test_what_is_said_is_gone_as_soon_as_something_is_done(
    post: Post,  # noqa: F811
    patient: PatientAccount,
) -> None:
    skip_to(post, REMINDED)
    post.world.sign_in(patient)
    assert post.world.ok(post.world.get("/v1/me/today", patient))["reminder"]
    practise(post.world, patient, "M01")
    assert post.world.ok(post.world.get("/v1/me/today", patient))["reminder"] is None


def test_it_waits_for_the_caps_like_any_other(post: Post, patient: PatientAccount) -> None:  # noqa: F811
    skip_to(post, REMINDED - 3 * HOUR)
    for _ in range(3):
        post.queue(phone=patient.phone, patient_id=patient.id)
    on(post, 2 * HOUR)
    [text] = on(post, 6 * HOUR)
    assert (text.status, text.because) == ("pending", "enough texts for now")


def test_one_that_finds_no_room_before_the_next_look_is_never_sent(
    post: Post,  # noqa: F811
    patient: PatientAccount,
) -> None:
    skip_to(post, REMINDED - timedelta(days=2))
    for _ in range(3):
        post.queue(phone=patient.phone, patient_id=patient.id)
        on(post, 20 * HOUR)
    [text] = on(post, timedelta(days=5))
    assert text.status in ("expired", "cancelled")
    assert not [m for m in post.carrier.messages.values() if "Ten minutes" in m["body"]]


def test_nobody_is_texted_who_wants_no_texts(
    post: Post,  # noqa: F811
    patient: PatientAccount,
) -> None:
    no_texts(post, patient)
    skip_to(post, REMINDED)
    assert on(post, timedelta(days=2)) == []
    post.world.sign_in(patient)
    assert post.world.ok(post.world.get("/v1/me/today", patient))["reminder"]


@pytest.mark.parametrize("why", ["using the plan again", "texts turned off", "withdrawn"])
def test_what_happens_before_it_leaves_is_seen(
    post: Post,  # noqa: F811
    patient: PatientAccount,
    why: str,
) -> None:
    world = post.world
    skip_to(post, REMINDED)
    world.sign_in(patient)
    if why == "using the plan again":
        assert plan(world, patient)["M01"]["status"] == "active"
        practise(world, patient, "M01")
    elif why == "texts turned off":
        no_texts(post, patient)
    else:
        world.ok(world.post("/v1/me/consent/withdrawal", patient, {}))
    [text] = on(post, timedelta(days=2))
    assert text.status == "cancelled" and text.because

"""E-mails on the same road as texts, through a real mail server on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.app import create_app
from backend.core.clock import MovableClock
from backend.messaging.models import EMAIL, Communication
from tests.backstage import rows
from tests.conftest import make_settings
from tests.crowd import OF_TIER, raise_alert
from tests.messaging.mail_server import MailServer, mailing
from tests.world import Caller, World


@pytest.fixture
def post_office() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def world(
    database: str, tmp_path: Path, clock: MovableClock, post_office: MailServer
) -> Iterator[World]:
    with mailing(database, tmp_path, clock, post_office) as made:
        yield made


@pytest.fixture
def clinician(world: World) -> Caller:
    return world.provider(world.practice(), phone="+447700900999")


@pytest.fixture
def alarm(world: World, clinician: Caller) -> Callable[[], None]:
    """Raise a tier-1 alert and send what follows."""
    patient = world.enrol(clinician, family_name="Quillfeather")

    def ring() -> None:
        raise_alert(world.app, clinician.practice_id, patient.id, **OF_TIER[1])
        world.deliver()

    return ring


def letters(world: World) -> list[Communication]:
    return list(rows(world.app, Communication, Communication.channel == EMAIL))


def test_the_care_team_is_told_of_danger_by_text_and_by_mail(
    world: World, clinician: Any, alarm: Callable[[], None], post_office: MailServer
) -> None:
    alarm()
    [letter] = post_office.letters
    assert letter["To"] == clinician.email
    assert letter["From"] == "alerts@lumbra.example"
    assert letter["Subject"] == "Urgent: Lumbra"
    assert letter["Auto-Submitted"] == "auto-generated"
    [row] = letters(world)
    assert row.status == "sent" and row.segments == 0
    assert str(row.id) in letter["Message-ID"]
    texts = rows(world.app, Communication, Communication.template == "alert-urgent")
    assert sorted(each.channel for each in texts) == ["email", "sms"]


def test_a_letter_names_nobody_and_links_to_nothing(
    alarm: Callable[[], None], post_office: MailServer
) -> None:
    alarm()
    whole = post_office.letters[0].as_string()
    for word in ("Quillfeather", "Ann", "http", "danger", "numb"):
        assert word not in whole


def test_without_a_mail_server_there_is_no_letter(
    database: str, tmp_path: Path, clock: MovableClock
) -> None:
    bare = World(create_app(make_settings(database, tmp_path), clock), clock)
    clinician = bare.provider(bare.practice(), phone="+447700900999")
    patient = bare.enrol(clinician)
    raise_alert(bare.app, clinician.practice_id, patient.id, **OF_TIER[1])
    assert letters(bare) == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [("451 later", "pending"), ("552 too much", "rejected"), ("550 no", "rejected")],
)
def test_what_the_server_answers_decides(
    world: World, alarm: Callable[[], None], post_office: MailServer, answer: str, status: str
) -> None:
    post_office.answers = [answer]
    alarm()
    [row] = letters(world)
    assert row.status == status
    assert row.error_code == (int(answer[:3]) if status == "rejected" else None)


def test_what_was_put_off_is_sent_later_once(
    world: World, alarm: Callable[[], None], post_office: MailServer, clock: MovableClock
) -> None:
    post_office.answers = ["451 later"]
    alarm()
    clock.move_by(minutes=2)
    world.deliver()
    assert [row.status for row in letters(world)] == ["sent"]
    assert len(post_office.letters) == 1


def test_an_address_that_is_unknown_is_refused(
    world: World, clinician: Any, alarm: Callable[[], None], post_office: MailServer
) -> None:
    post_office.recipients[clinician.email] = "550 no such user"
    alarm()
    assert [(row.status, row.error_code) for row in letters(world)] == [("rejected", 550)]
    assert post_office.letters == []


def test_a_connection_lost_after_the_letter_left_is_a_doubt_and_not_sent_again(
    world: World, alarm: Callable[[], None], post_office: MailServer, clock: MovableClock
) -> None:
    post_office.answers = ["drop"]
    alarm()
    assert [row.status for row in letters(world)] == ["unknown"]
    # Those that follow are of the climbing alert, each with a name of its own.
    for _ in range(3):
        clock.move_by(hours=1)
        world.tick()
        world.deliver()
    names = [letter["Message-ID"] for letter in post_office.letters]
    assert len(set(names)) == len(names)
    assert letters(world)[0].status == "unknown"


def test_a_server_that_is_away_is_tried_again(
    world: World, alarm: Callable[[], None], post_office: MailServer, clock: MovableClock
) -> None:
    post_office.stop()
    alarm()
    assert [row.status for row in letters(world)] == ["pending"]
    post_office.start()
    clock.move_by(minutes=2)
    world.deliver()
    assert [row.status for row in letters(world)] == ["sent"]


def test_letters_go_on_until_somebody_signs_in_and_takes_the_alert_up(
    world: World,
    clinician: Caller,
    alarm: Callable[[], None],
    post_office: MailServer,
    clock: MovableClock,
) -> None:
    alarm()
    clock.move_by(minutes=31)
    world.tick()
    world.deliver()
    assert len(post_office.letters) == 2
    world.sign_in(clinician)
    [alert] = world.alerts(clinician)
    world.ok(world.post(f"/v1/alerts/{alert['id']}/acknowledge", clinician, {}))
    clock.move_by(hours=2)
    world.tick()
    world.deliver()
    assert len(post_office.letters) == 2


def test_letters_are_no_texts_in_the_practices_figures(
    world: World, clinician: Caller, alarm: Callable[[], None], clock: MovableClock
) -> None:
    alarm()
    clock.move_by(minutes=1)
    lead = world.provider(clinician.practice_id, "lead")
    found = world.ok(world.get("/v1/practice/texts", lead))
    # The invitation and the alert's text.
    assert found["sent"] == 2

"""The command line: first practice, first account, migrations, a check of the content."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from click.testing import Result
from flask import Flask

from backend.app import create_app
from backend.practices.models import Practice, Provider
from tests.backstage import rows
from tests.commands import run
from tests.conftest import make_settings
from tests.owner import ask
from tests.shipped import CONTENT, MODULES
from tests.world import PASSWORD, World

PRACTICE = ("admin", "create-practice", "--name", "Hill Surgery")
ABROAD = ("--country", "us", "--time-zone", "America/New_York")


def account(app: Flask, world: World, **changes: str) -> Result:
    options = {
        "practice": changes.get("practice") or str(world.practice()),
        "email": "first@example.org",
        "name": "Dr First",
        "role": "administrator",
        "password": PASSWORD,
        **changes,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return run(app, "admin", "create-provider", *words)


def test_a_practice_is_made_and_its_id_printed(app: Flask) -> None:
    result = run(app, *PRACTICE, *ABROAD, "--phone", "+12025550100")
    assert result.exit_code == 0, result.output
    [practice] = rows(app, Practice)
    assert UUID(result.output.strip()) == practice.id
    assert (practice.name, practice.country) == ("Hill Surgery", "US")
    assert (practice.time_zone, practice.phone) == ("America/New_York", "+12025550100")
    assert practice.service_hours["friday"] == ["08:00", "18:00"]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--country", "GB", "--time-zone", "Mars/Olympus"), "IANA"),
        (("--country", "Britain", "--time-zone", "Europe/London"), "two letters"),
        (("--country", "GB"), "--time-zone"),
    ],
)
def test_a_practice_that_could_not_work_is_not_made(
    app: Flask, words: tuple[str, ...], fault: str
) -> None:
    result = run(app, *PRACTICE, *words)
    assert result.exit_code == 2
    assert fault in result.output
    assert not rows(app, Practice)


def test_the_first_account_can_be_signed_in_to(app: Flask, world: World) -> None:
    result = account(app, world)
    assert result.exit_code == 0, result.output
    identity, secret, uri = result.output.splitlines()
    assert identity == f"provider {rows(app, Provider)[0].id}"
    assert uri.startswith("otpauth://totp/")
    assert PASSWORD not in result.output
    code = pyotp.TOTP(secret.removeprefix("authenticator secret ")).at(world.clock.now())
    body = {"email": "first@example.org", "password": PASSWORD, "code": code}
    assert world.ok(world.post("/v1/sign-in/provider", body=body))["role"] == "administrator"


@pytest.mark.parametrize(
    ("changes", "code", "fault"),
    [
        ({"password": "short"}, 1, "at least 12 characters"),
        ({"role": "owner"}, 2, "administrator"),
        ({"practice": "00000000-0000-7000-8000-000000000000"}, 1, "no such practice"),
        ({"practice": "hill"}, 2, "UUID"),
        ({"email": "not an address"}, 2, "e-mail"),
    ],
)
def test_an_account_that_could_not_work_is_not_made(
    app: Flask, world: World, changes: dict[str, str], code: int, fault: str
) -> None:
    result = account(app, world, **changes)
    assert result.exit_code == code, result.output
    assert fault in result.output
    assert "Traceback" not in result.output
    assert not rows(app, Provider)


def test_an_e_mail_that_is_taken_is_said_so(app: Flask, world: World) -> None:
    account(app, world)
    result = account(app, world)
    assert (result.exit_code, len(rows(app, Provider))) == (1, 1)
    assert "already" in result.output


def test_the_database_goes_up_and_down(empty_database: str, tmp_path: Path) -> None:
    app = create_app(make_settings(empty_database, tmp_path))
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert run(app, "db", "upgrade").exit_code == 0
    assert ask(empty_database, tables)[0][0] > 20
    assert run(app, "db", "downgrade", "base").exit_code == 0
    assert ask(empty_database, tables) == [(1,)]


def test_the_shipped_content_is_sound(app: Flask) -> None:
    result = run(app, "content", "check")
    assert result.exit_code == 0, result.output
    first, *counted = result.output.splitlines()
    assert first == "content is sound"
    pages = {(m.id, g, lang) for m in MODULES.values() for g, lang in m.texts}
    grades = {(module, grade) for module, grade, _ in pages}
    assert counted[0] == f"{len(MODULES)} modules, {len(grades)} grades, {len(pages)} pages"
    assert [line.split(":")[0].strip() for line in counted[1:]] == ["en", "nl", "es"]
    minutes = sum(grade.minutes for m in MODULES.values() for grade in m.grades.values())
    assert re.search(rf", [0-9,]+ words, {minutes} minutes, reading ease \d+ to \d+", counted[1])


def test_the_readability_of_every_page_is_shown_in_a_table(app: Flask) -> None:
    lines = run(app, "content", "check", "--pages").output.splitlines()
    assert lines[0].startswith("module  grade  language  words  minutes  reading ease")
    rows = [line.split() for line in lines[1 : lines.index("content is sound")]]
    assert len(rows) == sum(len(module.texts) for module in MODULES.values())
    for module, grade, language, words, minutes, ease, *level in rows:
        assert (int(grade), language) in MODULES[module].texts
        assert 60 <= int(words) / int(minutes) <= 200
        assert int(ease) >= 70
        assert len(level) == (language == "en") and all(float(each) <= 6 for each in level)


def test_content_with_a_fault_is_named_and_the_command_fails(database: str, tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    (content / "messages" / "en.yaml").write_text("version: 1\n")
    result = run(create_app(make_settings(database, tmp_path, content=content)), "content", "check")
    assert result.exit_code == 1
    assert "messages/en.yaml" in result.output
    assert "sound" not in result.output


@pytest.mark.parametrize(
    "words",
    [["config"], ["db"], ["admin"], ["content"], ["content", "new"], ["worker"], ["demo"]],
    ids=" ".join,
)
def test_every_command_explains_itself(app: Flask, words: list[str]) -> None:
    result = run(app, *words, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


def test_the_demo_does_not_run_in_production(database: str, tmp_path: Path) -> None:
    app = create_app(make_settings(database, tmp_path, environment="production"))
    result = run(app, "demo")
    assert result.exit_code == 1
    assert "production" in result.output
    assert not rows(app, Practice)

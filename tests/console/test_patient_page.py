"""A patient's page: what is urgent first, every alert marked, every number explained."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.checkins.models import CheckIn
from backend.console.present import TIERS
from backend.core.audit import AuditEvent
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.shipped import PATHWAY, SCORE_CODES
from tests.world import PatientAccount, ProviderAccount, World

SVG = re.compile(r"<svg.*?</svg>", re.S)
SUMMARY = re.compile(
    r'<details class="why">\s*<summary>Why<span class="unseen">: (.*?)</span>', re.S
)
# The baseline and four weekly check-ins.
WEEKS = 5
HEADING = re.compile(r"<h([1-6])[ >]")


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


@pytest.fixture
def patient(world: World, clinician: ProviderAccount) -> PatientAccount:
    """One who was at high risk, missed the third week, and is getting worse."""
    patient = world.onboarded(clinician, 6, given_name="Rosamund", family_name="Quillfeather")
    world.weekly(patient, 4)
    world.clock.move_by(days=15)
    world.tick()
    for severity in (4, 8, 9):
        world.weekly(patient, severity)
    return patient


@pytest.fixture
def page(app: Flask, world: World, clinician: ProviderAccount, patient: PatientAccount) -> Browser:
    return signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")


def test_the_page_begins_with_what_needs_somebody_and_ends_with_the_details(page: Browser) -> None:
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", page.html) == [
        "Open alerts",
        "Course",
        "What happened last",
        "Notes",
        "Risk group and factors",
        "Plan",
        "Goals",
        "Whom a module is not for",
        "Texts",
        "Enrolment",
    ]
    assert_is_a_safe_page(page)


def test_a_safety_hold_comes_before_everything(
    app: Flask, world: World, clinician: ProviderAccount, patient: PatientAccount
) -> None:
    world.weekly(patient, 5, safety__gateway=True, safety__foot=True)
    shown = signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")
    found = re.findall(r"<h2[^>]*>(.*?)</h2>", shown.html)
    assert found[:3] == ["Safety hold", "Open alerts", "Course"]


def test_headings_go_down_one_level_at_a_time(page: Browser) -> None:
    levels = [int(level) for level in HEADING.findall(page.html)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_alert_is_marked_in_the_picture_and_listed_by_its_number(
    app: Flask, page: Browser
) -> None:
    alerts = sorted(rows(app, Alert), key=lambda alert: alert.opened_at)
    assert {"high-risk", "rising"} <= {alert.rule for alert in alerts}
    desk, phone = SVG.findall(page.html.partition("<figure")[2])[:2]
    for number, alert in enumerate(alerts, 1):
        mark = rf'<g class="flag tier-{alert.tier}">.*?>{number}</text>'
        assert re.search(mark, desk) and re.search(mark, phone)
        assert f"/console/alerts/{alert.id}" in page.links
        assert f"Alert {number}:" in page.text
        assert f"alert {number}, {alert.title}" in SUMMARY.findall(page.html)
        assert f"Tier {alert.tier}: {TIERS[alert.tier]}" in page.text
    assert desk.count('class="flag') == phone.count('class="flag') == len(alerts)


def test_the_missed_week_is_a_gap_with_a_hollow_mark(app: Flask, page: Browser) -> None:
    missed = rows(app, CheckIn, CheckIn.status == "missed", CheckIn.kind == "weekly")
    assert missed
    desk = SVG.findall(page.html.partition("<figure")[2])[0]
    hollow = re.findall(r'<g class="series unscored">(.*?)</g></g>', desk)
    assert "".join(hollow).count("<circle") == len(missed)
    assert len(re.findall(r'<g class="series score"><path', desk)) == 2
    assert "Week without a score" in page.text


def test_error_and_expected_course_are_in_the_picture_and_in_the_table(page: Browser) -> None:
    desk = SVG.findall(page.html.partition("<figure")[2])[0]
    assert 'class="series error"><path' in desk and 'class="series expected"><path' in desk
    assert "May be measurement error" in page.text and "Expected course" in page.text
    table = page.html.partition("Risk score by check-in")[2].partition("</table>")[0]
    assert table.count(f"± {PATHWAY.trajectory.standard_error:.0f}") == WEEKS
    assert table.count('class="reasons"') == WEEKS
    assert "not known" not in table


def test_every_number_has_a_reason(page: Browser) -> None:
    explained = SUMMARY.findall(page.html)
    for number in (
        "Decision",
        "Risk score",
        "Measurement error",
        "Band of the score",
        "Expected by now",
        "what makes up the score",
        "risk group",
        "response index",
    ):
        assert number in explained
    panels = re.findall(r'<div class="panel">\s*<h4>(.*?)[ <]*(?:<span|</h4>)', page.html)
    assert len(panels) == len(PATHWAY.trajectory.inputs)
    assert set(panels) <= set(explained)
    figures = page.html.count('<p class="figure">')
    alerts = len(re.findall(r'<div class="numbered">', page.html))
    assert len(explained) == figures + len(panels) + alerts + 1
    for part in ("What it comes from", "How it was decided", "What it does not mean"):
        assert page.text.count(part) >= figures
    assert page.text.count("What it does not mean") == len(explained)


def test_nothing_is_told_in_codes_or_hidden_in_the_pictures(page: Browser) -> None:
    assert [code for code in SCORE_CODES if code in page.text] == []
    for picture in SVG.findall(page.html):
        assert "Quillfeather" not in picture and "Rosamund" not in picture
        assert 'aria-hidden="true"' in picture
        assert "<script" not in picture and "<style" not in picture and " on" not in picture
    title = re.search(r"<title>(.*?)</title>", page.html)
    assert title is not None and "Quillfeather" not in title.group(1)


def test_each_factor_is_in_the_table_of_factors_as_in_its_picture(page: Browser) -> None:
    table = page.html.partition("Factors by check-in")[2].partition("</table>")[0]
    body = table.partition("<tbody>")[2]
    told = len(re.findall(r'<td class="number">[\d.]+</td>', body)) - len(
        re.findall(r'<td class="number">[\d.]+</td>', body.partition("</tr>")[0])
    )
    small = SVG.findall(page.html.partition('<div class="panels">')[2].partition("</section>")[0])
    assert told == sum(picture.count("<circle") for picture in small) > 20


def test_before_the_baseline_the_page_says_that_nothing_is_known(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.patient(clinician)
    shown = signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")
    assert "There is no risk score yet." in shown.text
    assert "Nothing is open for this patient." in shown.text
    assert shown.text.count("Not yet known.") == 3
    assert "<svg" not in shown.html
    assert_is_a_safe_page(shown)


def test_an_administrator_sees_no_number(app: Flask, world: World, patient: PatientAccount) -> None:
    shown = signed_in(app, world, world.provider(patient.practice_id, "administrator"))
    shown.open(f"/console/patients/{patient.id}")
    assert "Rosamund Quillfeather" in shown.text
    assert "<svg" not in shown.html and "Why" not in shown.text and "alert" not in shown.text


def test_a_closed_alert_stays_in_the_picture(
    app: Flask, world: World, clinician: ProviderAccount, patient: PatientAccount
) -> None:
    shown = signed_in(app, world, clinician)
    before = rows(app, Alert)
    for alert in before:
        shown.open(f"/console/alerts/{alert.id}").send("/acknowledge")
        shown.send("/resolve", code="contacted")
    shown.open(f"/console/patients/{patient.id}")
    assert "Nothing is open for this patient, but the risk score is rising" in shown.text
    desk = SVG.findall(shown.html.partition("<figure")[2])[0]
    assert desk.count('class="flag') == len(before)
    assert shown.text.count("Resolved") == len(before)


def test_the_look_at_a_patients_alerts_is_in_the_trail(
    app: Flask, patient: PatientAccount, page: Browser
) -> None:
    [line] = rows(
        app, AuditEvent, AuditEvent.action == "alert.list", AuditEvent.patient_id == patient.id
    )
    assert line.actor_role == "clinician"


def test_silence_since_the_last_answer_is_told(
    app: Flask, world: World, clinician: ProviderAccount, patient: PatientAccount
) -> None:
    for _ in range(2):
        world.clock.move_by(days=7)
        world.tick()
    shown = signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")
    assert "No answer in the week since." in shown.text

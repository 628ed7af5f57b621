"""Scoring stored answers again by the instruments now in force, beside the scores that there are.

History is never rescored silently, and no score is ever changed: a score made by other versions is
a row of its own. What was decided on the old scores stays decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import text

from backend.core import audit, tenancy
from backend.core.database import session, unit_of_work
from backend.core.ids import new_id
from backend.instruments import service as instruments
from backend.instruments.comparison import (
    Report,
    Stored,
    compare,
    complete,
    of_new_versions,
    score_again,
)
from backend.instruments.definitions import Instrument
from backend.instruments.scoring import Score

# So many responses are scored and written in one transaction.
BATCH = 2000
# While one batch waits for the database, the next is scored.
AT_ONCE = 2

_PRACTICES = text("SELECT id FROM practice ORDER BY id")
_RESPONSES = text("""
    SELECT id, answers, carried FROM questionnaire_response
    WHERE practice_id = :practice_id AND id > :after ORDER BY id LIMIT :batch
""")
_SCORES = text("""
    SELECT response_id, instrument, code, instrument_version, scoring_version, value, reason
    FROM score WHERE response_id = ANY(:responses) ORDER BY id
""")
# A scale's names are sent once a batch; a row says by its number which scale it is of.
_INSERT = text("""
    INSERT INTO score (id, practice_id, patient_id, response_id, instrument, instrument_version,
        scoring_version, code, value, reason, at, superseded_at)
    SELECT fresh.id, r.practice_id, r.patient_id, r.id, scale.instrument, scale.instrument_version,
        scale.scoring_version, scale.code, fresh.value, fresh.reason, r.authored_at, r.superseded_at
    FROM unnest(
        CAST(:id AS uuid[]), CAST(:response_id AS uuid[]), CAST(:scale AS integer[]),
        CAST(:value AS numeric[]), CAST(:reason AS text[])
    ) AS fresh (id, response_id, scale, value, reason)
    JOIN unnest(
        CAST(:instrument AS text[]), CAST(:instrument_version AS text[]),
        CAST(:scoring_version AS text[]), CAST(:code AS text[])
    ) WITH ORDINALITY AS scale (instrument, instrument_version, scoring_version, code, number)
        ON scale.number = fresh.scale
    JOIN questionnaire_response AS r ON r.id = fresh.response_id
    ON CONFLICT (response_id, code, instrument_version, scoring_version) DO NOTHING
""")


def rescore(only: str | None = None, write: bool = False) -> Report:
    """Score every stored response again; with ``write``, keep what other versions made of it.

    1. Practice by practice, inside its row-level security, in batches by the responses' ids.
    2. Score the instruments that were scored then, of the answers given and carried then.
    3. Compare with the newest score of each scale.
    4. Write a row for each scale that has none of these versions yet; the unique key makes a
       second run, at the same time or later, harmless. One commit a batch: a run that is broken
       off is taken up again by the next.

    ``only`` is an instrument's id. Raises ``KeyError`` when there is no such instrument.
    """
    known = instruments.library()
    wanted = {only: known.instruments[only]} if only else known.instruments
    work = _Work(wanted, known.shared_questions, write)
    with tenancy.across_practices():
        practices = [row.id for row in session.execute(_PRACTICES)]
        session.rollback()
    report = Report()
    for practice_id in practices:
        tenancy.enter(practice_id)
        report.add(_rescore_practice(practice_id, work))
    return report


@dataclass(frozen=True)
class _Work:
    """What is to be scored again."""

    instruments: Mapping[str, Instrument]
    shared: Mapping[str, str]
    write: bool


def _rescore_practice(practice_id: UUID, work: _Work) -> Report:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def rescored(batch: Sequence[Any]) -> Report:
        with app.app_context():
            tenancy.enter(practice_id)
            with unit_of_work():
                found = _rescore(batch, work)
                if found.written:
                    audit.record("score.rescore", practice_id=practice_id, written=found.written)
                return found

    report = Report()
    under_way: deque[Future[Report]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in _batches(practice_id):
            under_way.append(pool.submit(rescored, batch))
            if len(under_way) > AT_ONCE:
                report.add(under_way.popleft().result())
        for each in under_way:
            report.add(each.result())
    return report


def _batches(practice_id: UUID) -> Iterator[Sequence[Any]]:
    after = UUID(int=0)
    while True:
        values = {"practice_id": practice_id, "after": after, "batch": BATCH}
        batch = session.execute(_RESPONSES, values).all()
        if not batch:
            session.rollback()
            return
        yield batch
        after = batch[-1].id


def _rescore(batch: Sequence[Any], work: _Work) -> Report:
    report = Report()
    stored = _stored([response.id for response in batch])
    kept: list[tuple[UUID, Score]] = []
    for response in batch:
        report.responses += 1
        answers = complete({**response.carried, **response.answers}, work.shared)
        for name, then in stored.get(response.id, {}).items():
            instrument = work.instruments.get(name)
            if instrument is None:
                continue
            fresh = score_again(instrument, answers, then)
            compare(report, then, fresh)
            if work.write:
                kept += ((response.id, each) for each in of_new_versions(then, fresh))
    if kept:
        report.written = _insert(kept)
    return report


def _insert(kept: Sequence[tuple[UUID, Score]]) -> int:
    """Write scores of responses; returns how many there were not yet."""
    numbers: dict[tuple[str, str, str, str], int] = {}
    rows = []
    for response_id, each in kept:
        scale = (each.instrument, each.instrument_version, each.scoring_version, each.code)
        number = numbers.setdefault(scale, len(numbers) + 1)
        rows.append((new_id(), response_id, number, each.value, each.reason))
    names = ("instrument", "instrument_version", "scoring_version", "code")
    columns = ("id", "response_id", "scale", "value", "reason")
    values = {
        **dict(zip(names, map(list, zip(*numbers, strict=True)), strict=True)),
        **dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)),
    }
    written: int = session.execute(_INSERT, values).rowcount  # type: ignore[attr-defined]
    return written


def _stored(responses: list[UUID]) -> dict[UUID, dict[str, list[Stored]]]:
    """The scores of some responses by instrument, oldest first."""
    found: dict[UUID, dict[str, list[Stored]]] = {}
    for response_id, *values in session.execute(_SCORES, {"responses": responses}):
        each = Stored(*values)
        found.setdefault(response_id, {}).setdefault(each.instrument, []).append(each)
    return found

"""``flask content check``: everything that clinicians write, read and held against itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import yaml

from backend.checkins import feedback
from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.instruments import scoring
from backend.instruments import service as instruments
from backend.instruments.definitions import Instrument
from backend.messaging import templates
from backend.patients import consent
from backend.programme import module_files, modules
from backend.risk.pathway_files import load_pathway, names
from backend.risk.service import DEFAULT


def faults(content: Path, now: datetime) -> list[str]:
    """Every fault found, as sentences that name the file; empty when the content is sound."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _instruments(content),
        lambda: _pathways(content),
        lambda: _modules(content, now),
        lambda: _texts(content),
    )
    found: list[str] = []
    for check in checks:
        try:
            found.extend(check())
        except ContentError as error:
            found.append(str(error))
    return found


def _instruments(content: Path) -> Iterator[str]:
    for instrument in instruments.load_library(content).instruments.values():
        yield from replay(instrument, content / "instruments" / instrument.id / "vectors.yaml")


def replay(instrument: Instrument, file: Path) -> Iterator[str]:
    """Faults of an instrument against the scores that its authors give to known answers."""
    try:
        vectors = yaml.safe_load(file.read_text())["vectors"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        yield f"{file}: {type(error).__name__}: {error}"
        return
    for number, vector in enumerate(vectors, 1):
        given = {s.code: s for s in scoring.score(instrument, vector["answers"])}
        for code, expected in vector["scores"].items():
            got = given[code].value if given[code].reason is None else given[code].reason
            wanted = expected if isinstance(expected, str) else Decimal(str(expected))
            if got != wanted:
                yield f"{file}: vector {number}: {code} is {got}, not {expected}"


def _pathways(content: Path) -> Iterator[str]:
    for name in sorted({DEFAULT, *names(content)}):
        yield from pathway_faults(content, name)


def pathway_faults(content: Path, name: str) -> list[str]:
    """Every fault of one pathway against the rest of the content."""
    try:
        return list(_pathway(content, name))
    except ContentError as error:
        return [str(error)]


def _pathway(content: Path, name: str) -> Iterator[str]:
    rules = load_pathway(content, name)
    file = content / "pathways" / f"{name}.yaml"
    library = instruments.load_library(content)
    codes = {scale.code for each in library.instruments.values() for scale in each.scales}
    for code in sorted(rules.codes - codes):
        yield f"{file}: no instrument has the scale {code}"
    known = modules.newest(module_files.load_modules(content))
    for name in rules.plan.core:
        if name not in known:
            yield f"{file}: there is no module {name}"
    for rule in rules.follow_up:
        if rule.battery not in library.batteries:
            yield f"{file}: there is no battery {rule.battery}"


def _modules(content: Path, now: datetime) -> Iterator[str]:
    catalogue = module_files.load_modules(content)
    factors = {factor.factor for factor in load_pathway(content, DEFAULT).factors}
    names = {module.id for module in catalogue.values()}
    for module in catalogue.values():
        for missing in sorted(set(module.prerequisites) - names):
            yield f"{module.id} {module.version}: there is no module {missing}"
        for unknown in sorted(set(module.target_factors) - factors):
            yield f"{module.id} {module.version}: there is no factor {unknown}"
    for module in modules.newest(catalogue).values():
        for grade in module.grades.values():
            if grade.next_review < now.date():
                yield f"{module.id} {module.version} grade {grade.grade}: its review is overdue"


def _texts(content: Path) -> Iterator[str]:
    for language in LANGUAGES:
        feedback.load_texts(content, language)
        consent.load_text(content, consent.PROGRAMME, language)
        templates.in_language(content, language)
    yield from ()

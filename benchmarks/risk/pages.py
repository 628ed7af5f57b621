"""The tables of docs/risk.md, made from the CSV files beside it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.risk.cohort import PARAMETERS
from benchmarks.risk.study import OURS, Row

Texts = dict[str, str]

LONGEST_TOLD = 10_000


def write_csv(file: Path, rows: Sequence[Row]) -> None:
    """Write rows of the same columns."""
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(file: Path) -> list[Texts]:
    """Rows as texts."""
    with file.open(newline="") as source:
        return list(csv.DictReader(source))


def filled(page: str, folder: Path) -> str:
    """The page with every generated part made anew from the CSV files in ``folder``."""
    for name, make in PARTS.items():
        begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"docs/risk.md has no part {name}")
        text = f"{begin}\n\n{make(folder)}\n\n{end}"
        page = pattern.sub(lambda _, text=text: text, page, count=1)
    return page


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _with_interval(row: Texts, name: str, times: float = 1, digits: int = 1) -> str:
    value, low, high = (times * float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def _run_length(row: Texts) -> str:
    if float(row["steady_weeks_to_false_alert"]) > LONGEST_TOLD:
        return f"over {LONGEST_TOLD:,}"
    return _with_interval(row, "steady_weeks_to_false_alert", digits=0)


def _rules(folder: Path) -> str:
    return _compared(read_csv(folder / "rules.csv"))


def _compared(rows: Sequence[Texts]) -> str:
    head = (
        "rule", "value", "found within 8 weeks, %", "found or already up, %",
        "weeks to detection, median (quartiles)",
        "false alerts per 100 patient-weeks", "alerts per 100 check-ins", "repeats, % of alerts",
        "steady person: weeks to a false alert",
    )  # fmt: skip
    body = [
        [
            f"**{row['rule']}**" if row["rule"].startswith(OURS) else row["rule"],
            row["parameter"],
            _with_interval(row, "sensitivity", 100),
            f"{100 * float(row['up_in_window']):.1f}",
            f"{float(row['weeks_median']):.0f} ({float(row['weeks_first_quartile']):.0f}-"
            f"{float(row['weeks_third_quartile']):.0f}), mean {float(row['weeks_mean']):.1f}",
            _with_interval(row, "false_per_100_weeks", digits=2),
            _with_interval(row, "alerts_per_100_check_ins", digits=2),
            _with_interval(row, "repeat_share", 100),
            _run_length(row),
        ]
        for row in rows
    ]
    return _table(head, body)


def _equal(folder: Path) -> str:
    rows = read_csv(folder / "equal.csv")
    rates = sorted({row["false_per_100_weeks"] for row in rows}, key=float)
    cells = {(r["rule"], r["false_per_100_weeks"]): r for r in rows}
    body = []
    for name in dict.fromkeys(row["rule"] for row in rows):
        line = [name]
        for rate in rates:
            cell = cells.get((name, rate))
            line.append(
                f"{100 * float(cell['sensitivity']):.0f} %, {float(cell['weeks_mean']):.1f} weeks"
                if cell
                else "-"
            )
        body.append(line)
    return _table(["false alerts per 100 patient-weeks", *rates], body)


def _pivot(rows: Sequence[Texts], down: str, figure: str, times: float, digits: int) -> str:
    names = list(dict.fromkeys(row["rule"] for row in rows))
    cells = {(row["rule"], row[down]): row for row in rows}
    body = [
        [
            each + (f" ({cells[names[0], each]['people']})" if "people" in rows[0] else ""),
            *(_with_interval(cells[name, each], figure, times, digits) for name in names),
        ]
        for each in dict.fromkeys(row[down] for row in rows)
    ]
    return _table([down, *names], body)


def _courses(folder: Path) -> str:
    return _pivot(read_csv(folder / "courses.csv"), "course", "false_per_100_weeks", 1, 2)


def _kinds(folder: Path) -> str:
    return _pivot(read_csv(folder / "kinds.csv"), "kind", "sensitivity", 100, 0)


def _errors(folder: Path) -> str:
    rows = read_csv(folder / "errors.csv")
    body = [
        [
            f"{float(row['error']):.0f}",
            row["rule"],
            _with_interval(row, "sensitivity", 100, 0),
            f"{float(row['weeks_mean']):.1f}",
            _with_interval(row, "false_per_100_weeks", digits=2),
            _run_length(row),
        ]
        for row in rows
    ]
    head = (
        "error, points", "rule", "found, %", "mean weeks", "false per 100 patient-weeks",
        "steady person: weeks to a false alert",
    )  # fmt: skip
    return _table(head, body)


def _not_improving(folder: Path) -> str:
    rows = read_csv(folder / "not_improving.csv")
    *courses, both = rows
    body = [[r["course"], _with_interval(r, "ever_not_improving", 100, 0)] for r in courses]
    body.append([both["course"], both["ever_not_improving"]])
    return _table(["true course", 'ever told "not improving as expected", %'], body)


def _parameters(folder: Path) -> str:
    return _table(["what", "value", "source"], [list(row) for row in PARAMETERS])


PARTS = {
    "rules": _rules,
    "equal": _equal,
    "kinds": _kinds,
    "courses": _courses,
    "errors": _errors,
    "not-improving": _not_improving,
    "parameters": _parameters,
}

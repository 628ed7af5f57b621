"""Run the study: ``python -m benchmarks.risk`` (``make bench-risk``), about five minutes.

1. Tune every rule on the training half.
2. Say how the shipped rule compares with what tuning chose; the pathway is changed by hand.
3. Tell of the testing half with the shipped rule: CSV and PNG in ``docs/risk``, tables in
   ``docs/risk.md``.

``--check`` only holds ``docs/risk.md`` against the CSV files.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from typing import Any

from benchmarks.risk import pages, pictures, rules, study, tuning

PAGE = rules.ROOT / "docs" / "risk.md"
FOLDER = rules.ROOT / "docs" / "risk"
RATES = (0.5, 1.0, 1.5, 2.0)


def main() -> int:
    """Tune, tell, draw."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.risk")
    options.add_argument("--check", action="store_true", help="hold docs/risk.md against the CSV")
    options.add_argument("--quick", action="store_true", help="keep the tuning of tuning.csv")
    chosen = options.parse_args()
    if chosen.check:
        return _check()
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)

    FOLDER.mkdir(exist_ok=True)
    rule, plan = rules.shipped(), study.Plan()
    training, testing = study.training(rule, plan), study.testing(rule, plan)
    say(f"scored {2 * plan.half} people")
    rivals = [_tuned(rival, training) for rival in rules.RIVALS]
    best, best_trial = max(rivals, key=lambda each: each[1].sensitivity)
    say(f"best rival: {best.name}, {best.parameter}: {best_trial}")
    if not chosen.quick:
        _tune(training, best_trial.false, say)

    ours = study.ours(rule)
    matched = study.matched(rule, training, best_trial.false)
    level = study.ours(matched, f"{study.OURS}, with as many false alerts as the best rival")
    contenders = [ours, *(each for each, _ in rivals)]
    [favoured] = [each for each in rules.RIVALS if each.name == best.name]
    slow_to_let_go, _ = _tuned(rules.with_memory(favoured), training)
    table = study.compared(
        testing, [ours, level, *contenders[1:], slow_to_let_go, *study.untuned()]
    )
    curve = study.curve(testing, rule)
    waiting = study.waiting(testing, contenders)
    say("compared on the testing half")
    for name, rows in {
        "rules": table,
        "curves": curve,
        "equal": study.at_equal_false_alerts(curve, RATES),
        "weeks": waiting,
        "courses": study.false_by_course(testing, contenders),
        "kinds": study.found_by_kind(testing, contenders),
        "not_improving": study.not_improving(testing, rule),
        "errors": study.other_errors(rule, plan, contenders),
    }.items():
        pages.write_csv(FOLDER / f"{name}.csv", rows)
    say("wrote the CSV files")
    pictures.curves(curve, table, FOLDER / "curves.png")
    pictures.weeks(waiting, table, FOLDER / "weeks.png")
    pictures.run_length(curve, rule, FOLDER / "run_length.png")
    pictures.people(rule, testing, FOLDER / "people.png")
    PAGE.write_text(pages.filled(PAGE.read_text(), FOLDER))
    say("done")
    for row in table:
        print({k: row[k] for k in ("rule", "sensitivity", "false_per_100_weeks", "weeks_mean")})
    return 0


def _tuned(rival: rules.Rival, training: tuning.Half) -> tuple[study.Contender, tuning.Trial]:
    trials = [tuning.try_rival(training, rival, value) for value in rival.values]
    best = tuning.best_value(trials)
    return study.theirs(rival, best.parameters["value"]), best


def _tune(training: tuning.Half, most_false: float, say: Any) -> None:
    rule = rules.shipped()
    trials = tuning.search(training, rule)
    best = tuning.choose(trials, most_false)
    bound = {"most_false": round(most_false, 4)}
    rows = [
        {**t.parameters, **{k: round(v, 4) for k, v in _figures(t).items()}, **bound}
        for t in trials
    ]
    pages.write_csv(FOLDER / "tuning.csv", rows)
    say(f"tuning chose {best}")
    for name, value in best.parameters.items():
        if getattr(rule, name) != value:
            say(f"the pathway ships {name} {getattr(rule, name)}, tuning chose {value}")


def _figures(trial: tuning.Trial) -> dict[str, float]:
    return {name: value for name, value in asdict(trial).items() if name != "parameters"}


def _check() -> int:
    page = PAGE.read_text()
    if pages.filled(page, FOLDER) == page:
        return 0
    print("docs/risk.md differs from docs/risk/*.csv: run make bench-risk", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

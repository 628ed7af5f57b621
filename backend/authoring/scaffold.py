"""The files of a module that is yet to be written."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from pathlib import Path

from backend.core.content import ContentError

FIRST = "1.0.0"
REVIEWED_EVERY = timedelta(days=364)

MODULE = """\
id: {id}
version: "{version}"
title: {{en: "{title}"}}
# somatic, psychological or social
domain: {domain}
# Factors of the pathway, such as low-self-efficacy; none for a module that everybody may have.
target_factors: []
prerequisites:
  - {{module: M01, grade: 1}}
locked_by_safety_hold: true
# For whom it is not as it stands: code, text, and action (stop, clearance, caution or route).
contraindications: []
cautions: >-
  TO DO: what a provider should know before this module.
grades: [1]
progression: generic
evidence:
  - ref: "TO DO: authors, journal"
    year: {year}
    verify: true
    says: "TO DO: what was found, with its number."
"""

GRADE = """\
---
module_id: {id}
version: "{version}"
grade: 1
locale: en
title: "TO DO: what this part is called"
minutes: 1
objectives:
  - "TO DO: what a person can do after this part."
quiz:
  - id: q1
    question: "TO DO: a question about the first thing to remember"
    options:
      - text: "An answer that people often give, and why"
        feedback: "TO DO: a kind word, and what is true instead."
      - text: "The right answer"
        right: true
        feedback: "TO DO: yes, and why it matters."
  - id: q2
    question: "TO DO: a question about the second thing to remember"
    options:
      - text: "The right answer"
        right: true
        feedback: "TO DO: yes, and why it matters."
      - text: "An answer that people often give, and why"
        feedback: "TO DO: a kind word, and what is true instead."
  - id: q3
    question: "TO DO: what would you do if ...?"
    options:
      - text: "An answer that people often give, and why"
        feedback: "TO DO: a kind word, and what is true instead."
      - text: "The right answer"
        right: true
        feedback: "TO DO: yes, and why it matters."
practice:
  task: "TO DO: the one thing to do this week."
  planned_days: 3
  confidence_question: From 0 to 10, how sure are you that you can do this on three days this week?
  values:
    - id: noticed
      label: Something I noticed
      kind: text
reviewed_by: "TO DO: who read it"
reviewed_on: {today}
next_review: {review}
---

## A small scene to begin with

TO DO: begin with a picture from daily life. Say in a few short sentences what this part is about.
Write as you would speak to a neighbour over the fence. Each step takes a minute or two to read.

{{.story}}
## Somebody who tried it

TO DO: tell of a person with a name, an age and a job. What was hard? What did they try? What did
not work at first? End with what they could do that mattered to them.

{{.this-week}}
## Your turn

TO DO: say what to do, on which days, and how long it takes. Say what to do if a day is missed.

{{.safety}}
## When to get help

TO DO: the signs that mean stop and get help, as in module 1, "Is it safe? What to expect".
"""


def new_module(content: Path, module_id: str, title: str, domain: str, today: date) -> Path:
    """Write the files of a first version; returns its folder.

    Raises ``ContentError`` when the id or title cannot be one, or the id is taken.
    """
    if not re.fullmatch(r"M\d\d", module_id):
        raise ContentError(module_id, "an id looks like M19")
    slug = _slug(title)
    if not slug or '"' in title or "\\" in title:
        raise ContentError(title, "a title has letters, and no quotation marks")
    for taken in (content / "modules").glob(f"{module_id}-*"):
        raise ContentError(taken, f"{module_id} is there already")
    home = content / "modules" / f"{module_id}-{slug}" / FIRST
    home.mkdir(parents=True)
    words = {
        "id": module_id,
        "version": FIRST,
        "title": title,
        "domain": domain,
        "year": today.year,
        "today": today.isoformat(),
        "review": (today + REVIEWED_EVERY).isoformat(),
    }
    (home / "module.yaml").write_text(MODULE.format(**words), encoding="utf-8")
    (home / "grade-1.en.md").write_text(GRADE.format(**words), encoding="utf-8")
    return home


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60]

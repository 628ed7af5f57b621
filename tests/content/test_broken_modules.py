"""A small module broken on purpose, one slip at a time: what the check says, word for word.

``small`` holds a module that is sound. Each row changes one thing in one of its files; the check
names the file, the line and the fault, and nothing else.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.content_check import faults, in_lines
from backend.content_check.modules import module_faults
from backend.content_check.pages import read_modules
from backend.content_check.wording import wording_faults
from backend.programme.module_releases import publish
from tests.shipped import CONTENT

SMALL = Path(__file__).parent / "small" / "M90-garden"
HOME = "modules/M90-garden/1.0.0"
TODAY = datetime(2026, 12, 1, tzinfo=UTC)
MODULE, ENGLISH, DUTCH = "module.yaml", "grade-1.en.md", "grade-1.nl.md"
SPADE = "figures/spade.svg"
HARD = {
    "en": "Notwithstanding considerable interdisciplinary disagreement, contemporary organisations "
    "recommend individualised multidimensional rehabilitation programmes universally. ",
    "nl": "Niettegenstaande aanzienlijke interdisciplinaire meningsverschillen adviseren "
    "hedendaagse beroepsorganisaties geïndividualiseerde revalidatieprogramma's. ",
}
Q2 = """  - id: q2
    question: What do you do when it rains?
    options:
      - {text: Dig in my hat, right: true, feedback: "Yes, if you like."}
      - {text: Wait, feedback: You may wait too.}
"""

# ruff: noqa: E501 (a row is read as a row)
# file, what stood there, what stands there now, line, fault
SLIPS = [
    (MODULE, "domain: somatic", "domain: body", 4,
     "domain is 'body'; it must be 'somatic', 'psychological' or 'social'"),
    (MODULE, "progression: generic\n", "", 1, "progression is missing"),
    (MODULE, "grades: [1]", "grades: [1]\ncolour: green", 12, "colour is not a key that can stand here"),
    (MODULE, "module: M01", "module: M77", 7, "there is no module M77"),
    (MODULE, "target_factors: []", "target_factors: [gloom]", 5, "there is no factor gloom"),
    (MODULE, "grades: [1]", "grades: [1, 2]", 11, "there is no grade-2.en.md"),
    (MODULE, "contraindications: []",
     'contraindications: [{code: gout, text: "Gout: ask.", action: clearance}]', 9,
     "nobody is asked about gout, so no provider could clear it"),
    (MODULE, "None beyond", "TO DO none beyond", 10,
     "is not written yet: cautions: TO DO none beyond those of module 1."),
    (MODULE, "module: M01, grade: 1", "module: M90, grade: 1", 6,
     "the prerequisites go round in a circle: M90, M90"),
    (ENGLISH, "right: true, feedback: Yes.", "rigth: true, feedback: Yes.", 14,
     "q1: rigth is not a key that can stand here"),
    (ENGLISH, "feedback: You may wait too.", "feedback: ''", 20, "q2: feedback is empty"),
    (ENGLISH, ", feedback: You may wait too.", "", 20, "q2: feedback is missing"),
    (ENGLISH, "text: Wait,", "text: Wait, right: true,", 18, "q2: has 2 right options of 2"),
    (ENGLISH, Q2, "", 10, "asks 2 questions; a quiz has 3 to 5"),
    (ENGLISH, "minutes: 1", "minutes: 4", 7, "86 words are about 1 minute, not 4"),
    (ENGLISH, "kind: scale, most: 10", "kind: scale", 30, "sore: a scale, and only a scale, says its most"),
    (ENGLISH, "planned_days: 3", "planned_days: 9", 28, "planned_days must not be more than 7"),
    (ENGLISH, "locale: en", "locale: nl", 5, "locale is nl, but the file is one of en"),
    (ENGLISH, 'version: "1.0.0"', 'version: "1.0.1"', 3, "version is 1.0.1, but the file is one of 1.0.0"),
    (ENGLISH, "next_review: 2027-11-23", "next_review: 2026-11-25", 34, "the review was due on 2026-11-25"),
    (ENGLISH, "next_review: 2027-11-23", "next_review: soon", 34,
     "next_review must be a date such as 2027-11-23, not 'soon'"),
    (ENGLISH, "went in for tea.", "went in with a damaged back.", 47,
     '"damaged" makes people think of a back that is broken; say "sore", "sensitive" or "irritated"'),
    (DUTCH, "dronk hij thee.", "had hij slijtage.", 47,
     '"slijtage" laat gewone tekenen van ouder worden klinken als verval; '
     'say "veranderingen die bij het ouder worden horen, zoals grijs haar"'),
    (DUTCH, "spit 10 minuten", "spit een poosje", 36, "the English text speaks of 10, this one does not"),
    (DUTCH, "planned_days: 3", "planned_days: 2", 1, "does not ask the same as the English text"),
    (SPADE, "  <title>A spade</title>\n", "", 1, "has no <title> for those who cannot see it"),
    (SPADE, "  <desc>A spade stands beside a row of beans.</desc>\n", "", 1,
     "has no <desc> for those who cannot see it"),
    (SPADE, "<path", "<script>alert(1)</script><path", 4, "must hold no <script>"),
    (SPADE, "<path", '<path onclick="go()"', 4, "must hold no script: onclick"),
    (SPADE, 'stroke="#333333"', 'fill="url(http://example.org/a)"', 4,
     "must refer to nothing outside itself: url(http://example.org/a)"),
    (SPADE, "<path", '<use href="other.svg#a"/><path', 4,
     "must refer to nothing outside itself: other.svg#a"),
    (SPADE, "</svg>", "", 6, "cannot be read: no element found: line 6, column 0"),
    (SPADE, "<svg", "<!DOCTYPE svg><svg", 1, "must hold no document type"),
]  # fmt: skip


@pytest.fixture
def translated(tmp_path: Path) -> Path:
    """The small module beside the first of ours, with the texts that are not in modules."""
    made = tmp_path / "content"
    for name in ("wording", "feedback", "messages", "consent", "modules/M01-is-it-safe"):
        shutil.copytree(CONTENT / name, made / name)
    (made / "pathways").mkdir()
    shutil.copy(CONTENT / "pathways" / "batteries.yaml", made / "pathways")
    shutil.copytree(SMALL, made / "modules" / "M90-garden")
    return made


@pytest.fixture
def content(translated: Path) -> Path:
    """The same in English only."""
    (translated / HOME / DUTCH).unlink()
    change(translated / HOME / MODULE, ", nl: Terug naar de tuin", "")
    return translated


def change(file: Path, old: str, new: str) -> None:
    said = file.read_text()
    assert old in said
    file.write_text(said.replace(old, new, 1))


def told(content: Path) -> list[str]:
    """What the check says of modules and wording."""
    written = read_modules(content)
    found = [
        *module_faults(content, written, frozenset({"illness-beliefs"}), TODAY.date()),
        *wording_faults(content, written),
    ]
    return in_lines(content, found)


def told_of(
    content: Path, said: Iterable[tuple[str, int | None, str]], found: list[str] | None = None
) -> None:
    """That these are all the faults, in their order."""
    lines = (
        f"content/{HOME}/{file}:{line}: {fault}" if line else f"content/{HOME}/{file}: {fault}"
        for file, line, fault in said
    )
    assert (told(content) if found is None else found) == list(lines)


def test_the_small_module_is_sound_in_both_languages(translated: Path) -> None:
    assert told(translated) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "fault"),
    [row for row in SLIPS if row[0] != DUTCH],
    ids=[row[4][:50] for row in SLIPS if row[0] != DUTCH],
)
def test_a_slip_is_told_in_one_line(
    content: Path, file: str, old: str, new: str, line: int, fault: str
) -> None:
    change(content / HOME / file, old, new)
    told_of(content, [(file, line, fault)])


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "fault"), [row for row in SLIPS if row[0] == DUTCH]
)
def test_a_slip_in_a_translation_is_told_in_one_line(
    translated: Path, file: str, old: str, new: str, line: int, fault: str
) -> None:
    change(translated / HOME / file, old, new)
    told_of(translated, [(file, line, fault)])


def test_every_fault_of_a_module_is_told_in_one_run_of_the_whole_check(tmp_path: Path) -> None:
    content = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    shutil.copytree(SMALL, content / "modules" / "M90-garden")
    change(content / HOME / MODULE, "progression", "progresion")
    change(content / HOME / ENGLISH, "planned_days: 3", "planned_days: 9")
    change(content / HOME / SPADE, "<path", "<script/><path")
    told_of(
        content,
        [
            (SPADE, 4, "must hold no <script>"),
            (ENGLISH, 28, "planned_days must not be more than 7"),
            (MODULE, 1, "progression is missing"),
            (MODULE, 12, "progresion is not a key that can stand here"),
        ],
        faults(content, TODAY),
    )


@pytest.mark.parametrize(("longer", "many"), [(2, 0), (3, 1)])
def test_the_right_option_may_be_the_longest_but_not_of_every_question(
    content: Path, longer: int, many: int
) -> None:
    for right in ("Ten minutes, right", "Dig in my hat, right", "Dig for ten minutes, right")[
        :longer
    ]:
        end = ", as I said that I would do before I began"
        change(content / HOME / ENGLISH, f"text: {right}", f'text: "{right[:-7]}{end}", right')
    fault = "the right option is the longest one of every question, which gives it away"
    told_of(content, [(ENGLISH, 10, fault)][:many])


@pytest.mark.parametrize(
    ("mark", "fault"),
    [
        ("{.story}", "has no step with a worked story ({.story})"),
        ("{.this-week}", "has no step with a thing to do ({.this-week})"),
    ],
)
def test_a_page_has_a_story_and_a_thing_to_do(content: Path, mark: str, fault: str) -> None:
    change(content / HOME / ENGLISH, f"{mark}\n", "")
    told_of(content, [(ENGLISH, 36, fault)])


@pytest.mark.parametrize(("more", "many"), [(225, 0), (226, 1)])
def test_a_step_has_at_most_260_words(content: Path, more: int, many: int) -> None:
    change(content / HOME / ENGLISH, "minutes: 1", "minutes: 2")
    page = content / HOME / ENGLISH
    before = page.read_text()
    page.write_text(
        before.replace("also if it goes well.", "also if it goes well. " + "dig " * more)
    )
    fault = "the step 'The spade in the shed' has 261 words, more than 260: divide it"
    found = [each for each in told(content) if "step" in each]
    assert found == [f"content/{HOME}/{ENGLISH}:37: {fault}"][:many]


def test_a_page_that_is_hard_to_read_is_told_so(translated: Path) -> None:
    for page, language in ((ENGLISH, "en"), (DUTCH, "nl")):
        for mark in ("spade.svg)",):
            change(translated / HOME / page, mark, f"{mark}\n\n{HARD[language] * 2}")
    found = [each.partition(":36: ")[2] for each in told(translated)]
    assert len(found) == 2
    assert found[0].startswith("reads like school grade ") and "above 6" in found[0]
    assert found[1].startswith("has a reading ease of ") and "below 70" in found[1]
    assert all(each.endswith("make the sentences shorter and the words plainer") for each in found)


def test_a_picture_that_is_not_there_is_told(content: Path) -> None:
    change(content / HOME / ENGLISH, "figures/spade.svg", "figures/rake.svg")
    told_of(
        content,
        [
            (SPADE, None, "no page shows this picture"),
            (ENGLISH, 42, "there is no picture figures/rake.svg"),
        ],
    )


def test_pictures_that_no_page_shows_and_files_that_are_none_are_told(content: Path) -> None:
    shutil.copy(content / HOME / SPADE, content / HOME / "figures" / "rake.svg")
    (content / HOME / "figures" / "photo.jpg").write_bytes(b"")
    told_of(
        content,
        [
            ("figures/photo.jpg", None, "is no SVG; pictures are our own drawings"),
            ("figures/rake.svg", None, "no page shows this picture"),
        ],
    )


def test_a_title_in_a_language_asks_for_every_page_in_it(translated: Path) -> None:
    (translated / HOME / DUTCH).unlink()
    told_of(translated, [(MODULE, 3, "grade 1 has no Dutch translation")])


def test_a_page_without_a_title_in_its_language_is_told(translated: Path) -> None:
    change(translated / HOME / MODULE, ", nl: Terug naar de tuin", "")
    told_of(translated, [(DUTCH, 1, "module.yaml has no title in nl")])


@pytest.mark.parametrize(
    ("words", "line", "fault"),
    [
        ("no front matter\n", 1, "must begin with front matter between two lines of ---"),
        ("---\ntitle: [\n---\n", None, None),
    ],
)
def test_a_page_that_cannot_be_read_is_told(
    content: Path, words: str, line: int | None, fault: str | None
) -> None:
    (content / HOME / ENGLISH).write_text(words)
    (content / HOME / SPADE).unlink()
    found = told(content)
    assert found[0].startswith(f"content/{HOME}/{ENGLISH}:")
    assert fault is None or found[0].endswith(f":{line}: {fault}")


def test_a_circle_of_modules_is_told_once(content: Path) -> None:
    other = content / "modules" / "M91-shed" / "1.0.0"
    shutil.copytree(content / HOME, other)
    for file in (other / MODULE, other / ENGLISH):
        file.write_text(file.read_text().replace("M90", "M91"))
    change(other / MODULE, "module: M01", "module: M90")
    change(content / HOME / MODULE, "module: M01", "module: M91")
    fault = "the prerequisites go round in a circle: M90, M91, M90"
    told_of(content, [(MODULE, 6, fault)])


def test_only_the_newest_version_answers_for_its_style(content: Path) -> None:
    newer = content / "modules" / "M90-garden" / "1.1.0"
    shutil.copytree(content / HOME, newer)
    for file in (newer / MODULE, newer / ENGLISH):
        file.write_text(file.read_text().replace("1.0.0", "1.1.0"))
    change(content / HOME / ENGLISH, "{.story}\n", "")
    assert told(content) == []
    change(newer / ENGLISH, "{.story}\n", "")
    assert len(told(content)) == 1


def test_titles_of_modules_and_batteries_and_our_other_texts_are_looked_at(content: Path) -> None:
    change(content / HOME / MODULE, "Back to the garden", "A weak back")
    change(content / "pathways" / "batteries.yaml", "Three weeks on", "Your slipped disc")
    change(content / "feedback" / "en.yaml", "seems to help you", "will cure you")
    assert [line.split('"')[1] for line in told(content)] == [
        "will cure you",
        "weak back",
        "slipped disc",
    ]


def test_the_lists_of_words_are_checked_themselves(content: Path) -> None:
    words = content / "wording" / "nocebo.es.yaml"
    words.write_text(
        "version: 1.0.0\nverified: false\npatterns:\n  - {pattern: '(', why: a, instead: b}\n"
    )
    (content / "wording" / "nocebo.nl.yaml").unlink()
    assert told(content) == [
        "content/wording/nocebo.es.yaml:4: the pattern cannot be read: "
        "missing ), unterminated subpattern",
        "content/wording/nocebo.nl.yaml: cannot be read: there is no such file",
    ]


# What is published does not change.


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        (MODULE, "Back to the garden", "In the garden", 2),
        (ENGLISH, "A bed of beans", "A bed of peas", 3),
        (ENGLISH, "he went in for tea", "he went in for milk", 3),
        (SPADE, "M20 4", "M21 4", None),
    ],
)
def test_a_published_file_that_changed_is_told(
    content: Path, file: str, old: str, new: str, line: int | None
) -> None:
    assert len(publish(content / "modules")) > 3
    assert told(content) == []
    change(content / HOME / file, old, new)
    fault = "has changed since version 1.0.0 was released: give it a new version"
    told_of(content, [(file, line, fault)])


def test_a_review_and_a_new_version_change_nothing_that_is_published(content: Path) -> None:
    publish(content / "modules")
    for key, new in (("next_review", "2027-12-01"), ("reviewed_by", "Dr Who")):
        page = content / HOME / ENGLISH
        lines = page.read_text().splitlines(keepends=True)
        page.write_text("".join(f"{key}: {new}\n" if key in each else each for each in lines))
    newer = content / "modules" / "M90-garden" / "1.1.0"
    shutil.copytree(content / HOME, newer)
    for file in (newer / MODULE, newer / ENGLISH):
        file.write_text(file.read_text().replace("1.0.0", "1.1.0").replace("beans", "peas"))
    assert told(content) == []
    assert publish(content / "modules") == [
        "M90-garden: module.yaml 1.1.0",
        "M90-garden: grade-1.en.md 1.1.0",
        "M90-garden: spade.svg 1.1.0",
    ]
    assert publish(content / "modules") == []


def test_a_published_file_that_is_gone_is_told(content: Path) -> None:
    publish(content / "modules")
    shutil.rmtree(content / HOME)
    gone = "was published with version 1.0.0 and is gone; people may be reading it"
    told_of(
        content,
        [(MODULE, None, f"{name} {gone}") for name in (ENGLISH, MODULE, "spade.svg")],
    )

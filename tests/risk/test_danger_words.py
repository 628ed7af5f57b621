"""Which words of a text suggest danger."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.core.content import ContentError
from backend.messaging.plain_words import plain
from backend.risk.danger_word_files import load_danger_words
from backend.risk.danger_words import DangerWords
from tests.shipped import CONTENT

SHIPPED = load_danger_words(CONTENT)
RAW = yaml.safe_load((CONTENT / "inbound" / "danger-words.yaml").read_text())
EVERY = [
    (level, phrase)
    for level in ("self_harm", "emergency")
    for listed in RAW[level].values()
    for phrase in listed
]


@pytest.mark.parametrize(
    ("body", "level"),
    [
        ("I want to die", "self_harm"),
        ("thinking of SUICIDE", "self_harm"),
        ("suicidal thoughts", "self_harm"),
        ("I'd be better off dead", "self_harm"),
        ("I could end my life", "self_harm"),
        ("Ik denk aan zelfmoord", "self_harm"),
        ("ik wil niet meer leven", "self_harm"),
        ("Quiero morirme", "self_harm"),
        ("no quiero vivir más", "self_harm"),
        ("I can't feel my legs", "emergency"),
        ("can not feel my left leg", "emergency"),
        ("I cannot feel the tops of my legs", "emergency"),
        ("numbness between my legs", "emergency"),
        ("I wet myself last night", "emergency"),
        ("Chest   pain!!", "emergency"),
        ("no chest pain", "emergency"),
        ("ik voel mijn benen niet meer", "emergency"),
        ("pijn op mn borst", "emergency"),
        ("no siento las piernas", "emergency"),
        ("me oriné encima", "emergency"),
        ("dolor en el pecho", "emergency"),
        # Of two levels the more urgent counts.
        ("I want to die, I can't feel my legs", "emergency"),
        ("my legs hurt", None),
        ("I feel my legs again", None),
        ("this pain is killing me", None),
        ("I slept well", None),
        ("4 6 3", None),
        ("Ik heb pijn in mijn rug", None),
        ("me duele la espalda", None),
        ("", None),
    ],
)
def test_texts(body: str, level: str | None) -> None:
    assert SHIPPED.level(plain(body)) == level


@pytest.mark.parametrize(("level", "phrase"), EVERY, ids=lambda value: str(value))
def test_every_phrase_is_found_as_it_is_read(level: str, phrase: str) -> None:
    """A phrase that plain words can never be would be a hole in the net."""
    written = re.sub(r" ?\.\.\.", "", phrase).replace("*", "")
    found = DangerWords("1", {level: (phrase,)})
    assert found.level(plain(f"well, {written}!")) == level


@given(
    st.sampled_from(EVERY),
    st.text(" .,!?😢\n", max_size=4),
    st.sampled_from(["", "4 6 3 ", "STOP ", "hello "]),
)
def test_what_stands_around_hides_no_danger(
    entry: tuple[str, str], noise: str, before: str
) -> None:
    _, phrase = entry
    written = re.sub(r" ?\.\.\.", "", phrase).replace("*", "").upper()
    assert SHIPPED.level(plain(f"{before}{noise}{written}{noise}")) is not None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"self_harm": {"en": ["x"], "nl": ["x"]}}, "en, nl, es"),
        ({"emergency": {"en": [], "nl": ["x"], "es": ["x"]}}, "emergency.en"),
        ({"emergency": {"en": ["Can't"], "nl": ["x"], "es": ["x"]}}, "lower case"),
        ({"emergency": {"en": ["... x"], "nl": ["x"], "es": ["x"]}}, "lower case"),
        ({"emergency": {"en": ["x ..."], "nl": ["x"], "es": ["x"]}}, "lower case"),
        ({"emergency": {"en": [3], "nl": ["x"], "es": ["x"]}}, "write 3"),
    ],
)
def test_a_faulty_list_is_named(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    (tmp_path / "inbound").mkdir()
    (tmp_path / "inbound" / "danger-words.yaml").write_text(yaml.safe_dump({**RAW, **change}))
    with pytest.raises(ContentError, match=fault):
        load_danger_words(tmp_path)

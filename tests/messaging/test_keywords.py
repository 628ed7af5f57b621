"""What a short reply means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.messaging.keywords import meaning

STOPS = ("stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout", "opt out")
STARTS = ("start", "unstop", "yes")
HELPS = ("help", "info")
WORDS = [*((w, "stop") for w in STOPS), *((w, "start") for w in STARTS)]
WORDS += [(w, "help") for w in HELPS]


@pytest.mark.parametrize(("word", "expected"), WORDS)
def test_single_words(word: str, expected: str) -> None:
    assert meaning(word) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("STOP", "stop"),
        ("Stop.", "stop"),
        ("  stop!! \n", "stop"),
        ('"STOP"', "stop"),
        ("Opt-out", "stop"),
        ("opt_out", "stop"),
        ("please stop", "stop"),
        ("No más", "stop"),
        ("No más mensajes.", "stop"),
        ("Parar", "stop"),
        ("CANCELAR!", "stop"),
        ("Stoppen", "stop"),
        ("afmelden aub", None),
        ("Afmelden.", "stop"),
        ("geen berichten meer", "stop"),
        ("AYUDA", "help"),
        ("Hulp?", "help"),
        ("baja", None),
        ("Alto", None),
        ("hulp van mijn buurvrouw", None),
        ("Please stop texting me", "stop"),
        ("Would you quit contacting this number", "stop"),
        ("Stop sending these, thanks", "stop"),
        ("no more messages", "stop"),
        ("Help?", "help"),
        ("Yes!", "start"),
        ("", None),
        ("   ", None),
        ("👍", None),
        ("the pain will not stop", None),
        ("I had to stop walking", None),
        ("yes but it hurts", None),
        ("can you help me", None),
        ("4 6 3", None),
        ("nonstop", None),
    ],
)
def test_replies(body: str, expected: str | None) -> None:
    assert meaning(body) == expected


@pytest.mark.parametrize(
    ("body", "carrier", "expected"),
    [
        ("whatever", "STOP", "stop"),
        ("whatever", "start", "start"),
        ("stop", "HELP", "help"),
        ("stop", "", "stop"),
        ("stop", None, "stop"),
        ("stop", "UNKNOWN", "stop"),
    ],
)
def test_the_carriers_verdict_goes_first(body: str, carrier: str | None, expected: str) -> None:
    assert meaning(body, carrier) == expected


noise = st.text(" .,!?-_*'\"\n\t", max_size=6)


@given(st.sampled_from(WORDS), noise, noise, st.data())
def test_case_and_punctuation_around_a_word_do_not_matter(
    word: tuple[str, str], before: str, after: str, data: st.DataObject
) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(word[0]), max_size=len(word[0])))
    written = "".join(c.upper() if u else c for c, u in zip(word[0], upper, strict=True))
    assert meaning(before + written + after) == word[1]


@given(st.text(max_size=200))
def test_any_text_at_all_has_a_meaning_or_none(body: str) -> None:
    assert meaning(body) in ("stop", "start", "help", None)

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
        ("afmelden aub", "stop"),
        ("Afmelden.", "stop"),
        ("geen berichten meer", "stop"),
        ("AYUDA", "help"),
        ("Hulp?", "help"),
        ("baja", "maybe-stop"),
        ("Alto", "maybe-stop"),
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
        ("stooop", "stop"),
        ("S.T.O.P.", "stop"),
        ("stop stop stop", "stop"),
        ("STOP ✋", "stop"),
        ("don’t text me", "stop"),
        ("I do not want any more texts", "stop"),
        ("take me off this list", "stop"),
        ("Unsubscribe me please", "stop"),
        ("hou op met sms'en", "stop"),
        ("Stop met die smsjes", "stop"),
        ("Stuur me geen berichten meer", "stop"),
        ("Ik hoef geen sms meer", "stop"),
        ("Meld mij af", "stop"),
        ("No quiero más mensajes", "stop"),
        ("dejen de escribirme", "stop"),
        ("Quiero darme de baja", "stop"),
        ("no me envíen mensajes", "stop"),
        ("please don't stop texting me", None),
        ("I don't want to miss your messages", None),
        ("why did you stop texting me", None),
        ("you never text me", None),
        ("when does it stop?", None),
        ("I can't stop the pain", None),
        ("I want to quit smoking", None),
        ("no more pain today", None),
        ("stop met werken", None),
        ("Ik kan niet stoppen met denken", None),
        ("geen pijn meer", None),
        ("no deje de enviarme mensajes", None),
        ("no puedo parar", None),
        ("these texts are annoying", "maybe-stop"),
        ("I want to stop the programme", "maybe-stop"),
        ("not interested", "maybe-stop"),
        ("Geen interesse", "maybe-stop"),
        ("no me interesa", "maybe-stop"),
        ("Wrong number!", "wrong-number"),
        ("You have the wrong person", "wrong-number"),
        ("verkeerd nummer", "wrong-number"),
        ("Número equivocado", "wrong-number"),
        ("I gave the wrong number of days", None),
        ("Who is this?", "help"),
        ("gracias", "thanks"),
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


ACCENTS = {"a": "aáàäâ", "e": "eéèë", "i": "iíï", "o": "oóöô", "u": "uúü", "n": "nñ"}
SENTENCES = (
    "please stop texting me", "no more messages", "hou op met sms'en", "no quiero mas mensajes",
    "wrong number", "verkeerd nummer", "numero equivocado",
)  # fmt: skip


@given(st.sampled_from(SENTENCES), st.data())
def test_accents_emoji_and_spaces_do_not_matter(sentence: str, data: st.DataObject) -> None:
    written = "".join(data.draw(st.sampled_from(ACCENTS.get(c, c))) for c in sentence)
    around = st.text(" \n.,!?🙏👋🏽❤️…", max_size=5)
    spaced = data.draw(st.sampled_from([" ", "  ", "\n", " , ", "... "])).join(written.split(" "))
    assert meaning(data.draw(around) + spaced + data.draw(around)) == meaning(sentence)


@given(st.sampled_from(WORDS), noise, noise, st.data())
def test_case_and_punctuation_around_a_word_do_not_matter(
    word: tuple[str, str], before: str, after: str, data: st.DataObject
) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(word[0]), max_size=len(word[0])))
    written = "".join(c.upper() if u else c for c, u in zip(word[0], upper, strict=True))
    assert meaning(before + written + after) == word[1]


@given(st.text(max_size=200))
def test_any_text_at_all_has_a_meaning_or_none(body: str) -> None:
    assert meaning(body) in (
        "stop", "start", "help", "wrong-number", "maybe-stop", "thanks", None,
    )  # fmt: skip

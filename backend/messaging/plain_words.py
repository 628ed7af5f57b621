"""What somebody wrote, brought down to plain words (pure).

Case, accents, emoji, punctuation and the ways in which people shorten a word say nothing of what is
meant by a short text.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile("['’‘ʼ´`]")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_SHORT = {
    "can not": "cant",
    "cannot": "cant",
    "could not": "couldnt",
    "do not": "dont",
    "does not": "doesnt",
    "did not": "didnt",
    "will not": "wont",
    "u": "you",
    "plz": "please",
    "pls": "please",
    "txt": "text",
    "txts": "texts",
    "txting": "texting",
    "msg": "message",
    "msgs": "messages",
    "zn": "zijn",
    "mn": "mijn",
}
_SHORTENED = re.compile(rf"\b({'|'.join(sorted(_SHORT, key=len, reverse=True))})\b")


def plain(text: str) -> str:
    """The words of a text: lower case, no accents, one space between them.

    An apostrophe is left out (``don't`` is ``dont``), a letter drawn out is one letter
    (``STOOOP``), and a word spelled out letter by letter is that word (``S.T.O.P``).
    """
    bare = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    words = _NOT_WORDS.sub(" ", _APOSTROPHES.sub("", bare)).strip()
    parts = words.split(" ")
    if len(parts) > 2 and all(len(part) == 1 and part.isalpha() for part in parts):
        words = "".join(parts)
    return _SHORTENED.sub(lambda found: _SHORT[found[0]], _DRAWN_OUT.sub(r"\1", words))

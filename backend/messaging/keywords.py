"""What a short reply means: stop, start or help (pure).

Words: the carrier's own list and the FCC's of April 2025, and the same in the languages of our
texts, but for those that may be an answer (Spanish "alto" and "baja" are also high and low); clear
wording that is not on a list counts as stop too, for any reasonable means of revoking consent must
work (47 CFR 64.1200(a)(10)).
"""

from __future__ import annotations

import re

STOP = "stop"
START = "start"
HELP = "help"

_WORDS = {
    STOP: (
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "end",
        "quit",
        "cancel",
        "revoke",
        "optout",
        "opt out",
        "stop please",
        "please stop",
        "no mas",
        "no mas mensajes",
        "parar",
        "cancelar",
        "stoppen",
        "afmelden",
        "geen berichten meer",
        "no more texts",
        "no more messages",
    ),
    START: ("start", "unstop", "yes"),
    HELP: ("help", "info", "ayuda", "hulp"),
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words}
_CLEAR_STOP = re.compile(r"\b(stop|quit) (texting|messaging|contacting|sending)\b")
_NOT_WORDS = re.compile(r"[\W_]+")


def meaning(body: str, opt_out_type: str | None = None) -> str | None:
    """``stop``, ``start``, ``help`` or None. The carrier's own verdict, when given, goes first."""
    if opt_out_type and opt_out_type.strip().lower() in _WORDS:
        return opt_out_type.strip().lower()
    plain = _NOT_WORDS.sub(" ", body.casefold().replace("á", "a")).strip()
    if _CLEAR_STOP.search(plain):
        return STOP
    return _MEANING.get(plain)

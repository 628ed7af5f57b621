"""What a reply asks for: to stop, start or help; that it reached the wrong person (pure).

Words: the carrier's own list and the FCC's of April 2025, and the same in the languages of our
texts. Clear wording that is not on a list counts as stop too, for any reasonable means of revoking
consent must work (47 CFR 64.1200(a)(10)). Wording that may be a stop is ``maybe-stop``: somebody at
the practice asks. A sentence that speaks of the pain, of work or of the past is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.messaging.plain_words import plain

STOP = "stop"
START = "start"
HELP = "help"
WRONG_NUMBER = "wrong-number"
MAYBE_STOP = "maybe-stop"
# Said to be polite, and nothing is asked.
THANKS = "thanks"

_STOPS = (
    # English
    "stop", "stopall", "stop all", "stop now", "unsubscribe", "end", "quit", "cancel", "revoke",
    "optout", "opt out", "opt me out", "stop it", "stop this", "stopp", "no more", "i quit",
    "i want to stop", "remove me", "unsubscribe me", "leave me alone", "go away", "enough",
    # Dutch
    "stoppen", "stop maar", "stop ermee", "stop hiermee", "afmelden", "uitschrijven", "opzeggen",
    "ophouden", "hou op", "houd op", "hou ermee op", "houd ermee op", "niet meer", "ik wil stoppen",
    "laat me met rust", "laat mij met rust", "einde",
    # Spanish: "alto" is also high, and "para" is also for
    "no mas", "parar", "pare", "paren", "basta", "basta ya", "cancelar", "cancele", "dejame en paz",
    "dejeme en paz", "dejenme en paz", "ya no", "ya no mas", "quiero parar", "quiero cancelar",
)  # fmt: skip
_STARTS = ("start", "unstop", "yes")
_HELPS = (
    "help", "info", "who is this", "who are you", "whos this",
    "hulp", "wie is dit", "wie bent u", "wie ben je",
    "ayuda", "quien es", "quien eres", "quienes son",
)  # fmt: skip
_THANKS = (
    "ok", "okay", "oke", "okey", "k", "yes", "thanks", "thank you", "thx", "great", "fine", "done",
    "will do", "dank", "bedankt", "dank je", "dankjewel", "dank u", "ja", "prima", "goed", "top",
    "gracias", "si", "vale", "bien", "listo", "de acuerdo", "muchas gracias",
)  # fmt: skip
_WRONG = (
    "wrong number", "wrong person", "not me", "its not me", "this is not me", "thats not me",
    "im not her", "im not him", "wrong no",
    "verkeerd nummer", "verkeerde nummer", "verkeerde persoon", "niet ik", "dat ben ik niet",
    "ik ben het niet", "dit ben ik niet", "fout nummer",
    "numero equivocado", "equivocado", "numero incorrecto", "no soy yo", "persona equivocada",
)  # fmt: skip
# Words around a short request that change nothing of it.
_POLITE = (
    "please", "thanks", "thank you", "thx", "hi", "hello", "hey", "hi there", "sorry", "now", "ok",
    "just", "immediately", "right away", "dear sir", "dear sirs",
    "aub", "alsjeblieft", "alstublieft", "svp", "graag", "bedankt", "dank je", "dank u", "hallo",
    "hoi", "dag", "nu", "direct", "meteen",
    "por favor", "porfavor", "gracias", "hola", "ya", "buenas", "buenos dias", "ahora",
)  # fmt: skip


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_TEXTS = (
    r"(?:texts?|texting|messages?|messaging|sms|smses|reminders?|notifications?"
    r"|bericht(?:en|jes)?|smsjes|smsen|appjes|appen|herinneringen"
    r"|mensajes?|mensajitos|textos?|avisos|recordatorios|notificaciones)"
)
_BUT = r"(?!(?:miss|missing|stop|lose|losing|missen|kwijt|perder|perderme|dejar)\b)"
_FEW = rf"(?:{_BUT}\w+ ){{0,4}}?"
_SENDING = (
    r"(?:texting|messaging|contacting|sending|bothering|spamming|writing|pestering|messing with"
    rf"|contact|{_TEXTS})"
)
_CLEAR = tuple(
    re.compile(pattern)
    for pattern in (
        # English
        rf"\b(?:stop|quit|cease|end|cancel) {_FEW}{_SENDING}\b",
        r"(?<!\byou )\b(?:dont|never) (?:text|message|sms|contact|write(?: to)?|bother)"
        r" (?:me|us|this)\b",
        rf"\b(?:dont|no longer|not) (?:want|wish|need|like) {_FEW}{_TEXTS}\b",
        r"\b(?:dont|never) send (?:me |us )?(?:\w+ )?"
        rf"(?:{_TEXTS}|this|these|those|anything|any more|anymore|more)\b",
        rf"\bno more (?:of )?(?:\w+ )?(?:{_TEXTS}|these|this|contact)\b",
        r"\b(?:take|get|remove|delete) (?:me|my (?:phone )?number) (?:off|from|out)\b",
        r"\b(?:remove|delete|forget|lose) my (?:phone )?number\b",
        r"\b(?:want|wish|like|need) to (?:opt out|unsubscribe|revoke|be removed)\b",
        r"\b(?:opt|sign) me out\b|\bunsubscribe me\b|\bi (?:opt out|unsubscribe)\b",
        r"\b(?:i )?(?:revoke|withdraw) (?:my )?consent\b",
        # Dutch
        rf"\b(?:stop|stoppen|hou op|houd op|ophouden) (?:\w+ )?met {_FEW}"
        rf"(?:sturen|contact|lastigvallen|{_TEXTS})\b",
        rf"\bstop (?:\w+ )?(?:de|die|deze|dit|al die|alle) {_TEXTS}\b",
        rf"\bgeen {_FEW}{_TEXTS} (?:meer|sturen)\b",
        rf"\bstuur (?:\w+ ){{0,3}}?(?:niets|niks|niet|geen (?:\w+ )?{_TEXTS})\b",
        rf"\b(?:wil|hoef|wens) (?:\w+ ){{0,3}}?geen {_FEW}{_TEXTS}\b(?! missen)",
        rf"\bniet meer (?:{_TEXTS}|sturen|contact)\b",
        r"\b(?:schrijf|meld|haal) (?:me|mij) (?:maar )?(?:uit|af|eruit|eraf)\b",
        r"\b(?:verwijder|wis) (?:me|mij|mijn (?:telefoon)?nummer)\b",
        r"\b(?:wil|graag) (?:\w+ )?(?:afmelden|uitschrijven|opzeggen)\b",
        # Spanish
        r"(?<!porque )\bno (?:me |nos )?(?:escrib(?:an?|as)|mand(?:en?|es)|envi(?:en?|es)"
        r"|contact(?:en?|es)|molest(?:en?|es)|texte(?:en?|es))\b",
        r"(?<!no )\b(?:deje|dejen|deja|dejad|pare|paren|para) (?:ya )?de "
        r"(?:escribir|enviar|mandar|molestar|contactar|textear)",
        rf"\bno (?:quiero|deseo|necesito) {_FEW}{_TEXTS}\b",
        rf"\bno mas {_FEW}{_TEXTS}\b",
        r"\b(?:dar(?:me|se)?|de(?:n)?me) de baja\b",
        r"\b(?:borr|elimin|quit)(?:e|en|a|ar)(?:me)? (?:\w+ )?(?:numero|telefono|lista)\b",
        r"\b(?:borreme|borrenme|quiteme|quitenme|eliminenme)\b",
        rf"\b(?:cancele|cancelen|cancelar|suspenda|suspendan) {_FEW}{_TEXTS}\b",
    )
)
# Turns a stop round, tells of the past, or asks about it.
_NOT_A_STOP = re.compile(
    r"\b(?:dont|never|not|cant|couldnt|wont|didnt|doesnt|did you|have you|has it|why did|when do"
    r"|when will|had to|before i|if you|if i) (?:\w+ ){0,2}?"
    r"(?:stop|stopped|quit|cancel|end|unsubscribe)\b"
    r"|\byou (?:dont|never|stopped|didnt)\b|\bdid you\b"
    r"|\bstop niet\b|\bniet stoppen\b|\bniet ophouden\b"
    r"|\bno (?:pare|paren|deje|dejen|dejes|cancele|cancelen)\b"
)
_STOPPISH = re.compile(
    r"\b(?:stop\w*|quit|cancel\w*|unsubscribe\w*|opt out|optout|no more|enough|annoying|spam"
    r"|afmelden|uitschrijven|ophouden|hou op|houd op|genoeg|irritant|te veel"
    r"|basta|baja|parar?|paren?|dejen?|demasiad\w*|molest\w*)\b"
)
_ABOUT_TEXTS = re.compile(
    rf"\b(?:{_TEXTS}|contact\w*|numbers?|nummer|numero|programme|program|programma|programa)\b"
)
_MAYBE = (
    "baja", "alto", "no thanks", "no thank you", "not interested", "im out", "i want out",
    "this is spam", "spam", "annoying", "too many texts", "nee bedankt", "geen interesse", "genoeg",
    "te veel", "no gracias", "no me interesa", "demasiado", "quiero salir",
)  # fmt: skip
_WRONG_SENTENCE = re.compile(
    r"\b(?:wrong|incorrect) (?:number|person|phone)\b"
    r"|\b(?:this|it) (?:is|isnt|is not) (?:not )?(?:his|her|their) (?:phone|number)\b"
    r"|\b(?:im|i am) not (?:this|that|the) (?:person|patient)\b"
    r"|\byou have the wrong\b"
    r"|\bi (?:dont|do not) know (?:you|this practice|who you are|who this is)\b"
    r"|\b(?:verkeerde?|foute?) (?:telefoon)?(?:nummer|persoon)\b"
    r"|\b(?:ik )?ken (?:jullie|deze praktijk|u|je) niet\b"
    r"|\b(?:numero|persona|telefono) (?:equivocad[oa]|incorrect[oa]|erroneo)\b"
    r"|\bse (?:ha )?equivoc(?:a|o|ado|an|aron) de (?:numero|persona|telefono)\b"
    r"|\bno (?:los|las|les|lo|la) conozco\b"
)
_NOT_WRONG = re.compile(r"\b(?:gave|wrote|put|answered|gaf|schreef|di|puse|escribi|marque)\b")

_CARRIER = {STOP, START, HELP}
_WRAPPING = re.compile(rf"^(?:(?:{_any(_POLITE)}) )+|(?: (?:{_any(_POLITE)}))+$")
_EXACT = {
    **dict.fromkeys(_THANKS, THANKS),
    **dict.fromkeys(_MAYBE, MAYBE_STOP),
    **dict.fromkeys(_WRONG, WRONG_NUMBER),
    **dict.fromkeys(_HELPS, HELP),
    **dict.fromkeys(_STARTS, START),
    **dict.fromkeys(_STOPS, STOP),
}


def meaning(body: str, opt_out_type: str | None = None) -> str | None:
    """What a reply asks for, or None. The carrier's own verdict, when given, goes first."""
    verdict = (opt_out_type or "").strip().lower()
    if verdict in _CARRIER:
        return verdict
    words = plain(body)
    exact = _EXACT.get(words) or _EXACT.get(_once(_WRAPPING.sub("", words)))
    if exact is not None:
        return exact
    if _WRONG_SENTENCE.search(words) and not _NOT_WRONG.search(words):
        return WRONG_NUMBER
    turned = _NOT_A_STOP.search(words)
    if not turned and any(pattern.search(words) for pattern in _CLEAR):
        return STOP
    if not turned and _STOPPISH.search(words) and _ABOUT_TEXTS.search(words):
        return MAYBE_STOP
    return None


def _once(words: str) -> str:
    """A word that is said again and again (``stop stop stop``), said once."""
    parts = words.split(" ")
    return parts[0] if len(set(parts)) == 1 else words

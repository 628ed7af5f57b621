"""Which language a person is spoken to in, and the catalogues of these pages' own words.

A signed-in person's own language counts. Before that, it is the language of the person whose link
was followed, or the one this device was last spoken to in, or what the browser asks for.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import flask_babel
from flask import Flask, g, has_request_context, request
from flask import session as cookie
from markupsafe import Markup

from backend.core.schema import LANGUAGES

TRANSLATIONS = Path(__file__).parent / "translations"
SPOKEN = "companion_language"
# What each language calls itself: in a list of languages everybody must find their own.
OWN_NAMES = {"en": "English", "nl": "Nederlands", "es": "Español"}


def init_app(app: Flask) -> None:
    """Let these pages' words be looked up in the language of the person who reads them."""
    flask_babel.Babel(
        app,
        default_locale=LANGUAGES[0],
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=language,
    )
    # A sentence may be broken over lines in a template; its words are what is translated.
    app.jinja_env.policies["ext.i18n.trimmed"] = True


def language() -> str:
    """The language of this page, one of ``LANGUAGES``."""
    if "language" not in g:
        known = cookie.get(SPOKEN) if has_request_context() else None
        g.language = known if known in LANGUAGES else _asked_for()
    found: str = g.language
    return found


def speak(wanted: str) -> None:
    """Speak a language from here on, and before the next sign-in on this device."""
    if wanted not in LANGUAGES:
        wanted = LANGUAGES[0]
    if cookie.get(SPOKEN) != wanted:
        cookie[SPOKEN] = wanted
    if g.get("language") != wanted:
        g.language = wanted
        flask_babel.refresh()


def gettext(text: str, **values: object) -> str:
    """A sentence of these pages in the page's language, with its values put in."""
    return str(flask_babel.gettext(text, **values))


def lazy_gettext(text: str) -> str:
    """The same for a sentence that is written down before anybody's page is known."""
    return cast(str, flask_babel.lazy_gettext(text))


def marked(text: str, spoken: str) -> str:
    """Words in a language, marked so that they are read out in it where the page speaks another."""
    if language() == spoken or not text:
        return text
    return Markup('<span lang="{}">{}</span>').format(spoken, text)


def in_english(text: str) -> str:
    """Words that we have in English only."""
    return marked(text, LANGUAGES[0])


def _asked_for() -> str:
    if not has_request_context():
        return LANGUAGES[0]
    return request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])

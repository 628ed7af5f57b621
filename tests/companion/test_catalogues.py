"""The words of the patient's pages: each one can be translated, and is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import nodes

from backend.companion.speech import OWN_NAMES, TRANSLATIONS
from backend.core.schema import LANGUAGES

COMPANION = TRANSLATIONS.parent
TEMPLATES = sorted((COMPANION / "templates" / "companion").glob("*.html"))
MODULES = sorted(COMPANION.glob("*.py"))
TRANSLATED = [language for language in LANGUAGES if language != "en"]
# As in translations/babel.cfg, which "make translations" reads.
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
LOOKED_UP = {"gettext", "lazy_gettext", "ngettext", "pgettext", "npgettext", "_"}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# The same word in two languages: no sign that it was forgotten.
SAME = {
    "nl": {"%(label)s, in %(unit)s", "EEEE d MMMM"},
    "es": {"No"},
}
# A name, and nothing to translate.
NAMES = {"Lumbra", "- Lumbra"}

Key = tuple[str | None, str]

every_translation = pytest.mark.parametrize("language", TRANSLATED)


def files(language: str) -> tuple[Path, Path]:
    folder = TRANSLATIONS / language / "LC_MESSAGES"
    return folder / "messages.po", folder / "messages.mo"


def catalogue(language: str) -> Catalog:
    with files(language)[0].open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> dict[Key, Message]:
    return {
        (message.context, forms(message.id)[0]): message
        for message in catalogue(language)
        if message.id
    }


def forms(text: str | list[str] | tuple[str, ...]) -> list[str]:
    """The one or two forms of a sentence."""
    return [text] if isinstance(text, str) else list(text)


@pytest.fixture(scope="module")
def said() -> set[Key]:
    """Every sentence that the code and the templates look up."""
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(
        str(COMPANION),
        METHODS,
        options_map=options,
        keywords={**DEFAULT_KEYWORDS, "lazy_gettext": None},
    )
    return {(context, forms(text)[0]) for _, _, text, _, context in found}


def test_each_language_but_english_has_a_catalogue_and_a_name_of_its_own() -> None:
    held = {folder.name for folder in TRANSLATIONS.iterdir() if folder.is_dir()}
    assert held == set(TRANSLATED)
    assert tuple(OWN_NAMES) == LANGUAGES


@every_translation
def test_the_catalogue_holds_every_sentence_and_no_old_one(language: str, said: set[Key]) -> None:
    assert len(said) > 100
    assert messages(language).keys() == said


@every_translation
def test_no_sentence_is_left_in_english_or_unsure(language: str) -> None:
    for (_, text), message in messages(language).items():
        assert not message.fuzzy, text
        assert all(forms(message.string)), text
        assert text in SAME[language] or forms(message.id) != forms(message.string), text


@every_translation
def test_what_is_put_into_a_sentence_is_put_into_its_translation(language: str) -> None:
    for message in messages(language).values():
        originals, translations = forms(message.id), forms(message.string)
        if len(originals) == 2:
            assert len(translations) == catalogue(language).num_plurals
        allowed = {name for form in originals for name in PLACEHOLDER.findall(form)}
        for form in translations:
            named = set(PLACEHOLDER.findall(form))
            # "One answer" may say its number in a word.
            assert named == allowed or (len(originals) == 2 and named <= allowed), form
            assert "%" not in PLACEHOLDER.sub("", form)


@every_translation
def test_what_is_compiled_is_what_is_translated(language: str) -> None:
    afresh = BytesIO()
    write_mo(afresh, catalogue(language))
    afresh.seek(0)
    with files(language)[1].open("rb") as file:
        compiled, expected = read_mo(file), read_mo(afresh)
    told = 'run "make translations" and commit both files'
    assert {(m.context, str(m.id)): m.string for m in compiled if m.id} == {
        (m.context, str(m.id)): m.string for m in expected if m.id
    }, told


# Nothing is written past the catalogues


class _Texts(HTMLParser):
    """What a person would read or hear in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        spoken = ("aria-label", "alt", "title", "placeholder")
        self.found += [value or "" for name, value in attrs if name in spoken]

    def handle_data(self, data: str) -> None:
        self.found.append(" ".join(data.split()))


def raw_texts(app: Flask, file: Path) -> set[str]:
    """Words that stand in a template as they are."""
    tree = app.jinja_env.parse(file.read_text())
    reader = _Texts()
    # An expression leaves a mark without letters, so that the HTML around it stays whole.
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            reader.feed(node.data if isinstance(node, nodes.TemplateData) else "0")
    return {text for text in reader.found if re.search(r"[^\W\d_]", text)}


def shown_constants(node: nodes.Node) -> Iterator[str]:
    """Strings in the expressions of a template that are not looked up in a catalogue."""
    called = node.node if isinstance(node, nodes.Call) else None
    if isinstance(called, nodes.Name) and called.name in LOOKED_UP:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from shown_constants(child)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_says_anything_that_cannot_be_translated(app: Flask, file: Path) -> None:
    assert raw_texts(app, file) <= NAMES
    tree = app.jinja_env.parse(file.read_text())
    sentences = [text for text in shown_constants(tree) if re.match(r"\s*[A-Z][a-z]", text)]
    assert sentences == []


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_no_module_says_anything_that_cannot_be_translated(file: Path) -> None:
    tree = ast.parse(file.read_text())
    beyond: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            doc = node.body[0] if node.body else None
            if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant):
                beyond.add(id(doc.value))
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in LOOKED_UP:
            beyond |= {id(part) for part in ast.walk(node)}
    sentences = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in beyond
        and re.match(r"[A-Z][a-z]+ |[A-Z][a-z]+\.$", node.value)
    ]
    assert sentences == []

"""From the Markdown of a grade to its steps.

Each heading of the second level begins a step. A line ``{.story}``, ``{.this-week}`` or
``{.safety}`` right before a heading says what kind of step it is. Pictures are named relative to
the module's version and served by ``programme.routes.figure``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_block_plugin

from backend.programme.modules import STEP_KINDS, Step

FIGURE = re.compile(r"figures/([a-z0-9-]+\.svg)")
_TEXT = "text"
_MARK = re.compile(r"^\{\.[a-z-]+\}\n", re.MULTILINE)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").use(attrs_block_plugin)
_TAGS = nh3.ALLOWED_TAGS
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}


def steps(markdown: str, figures: str) -> tuple[Step, ...]:
    """The steps of a text, in order. ``figures`` is the address under which its pictures lie.

    Raises ``ValueError`` for text before the first heading or a kind of step there is not.
    """
    tokens = _MARKDOWN.parse(markdown)
    lines = markdown.splitlines(keepends=True)
    return tuple(_step(part, lines, figures) for part in _parts(tokens))


def pictures(markdown: str) -> list[str]:
    """The file names of the pictures that a text shows."""
    sources = [
        str(child.attrs.get("src", ""))
        for token in _MARKDOWN.parse(markdown)
        for child in token.children or ()
        if child.type == "image"
    ]
    return [found.group(1) if (found := FIGURE.fullmatch(s)) else s for s in sources]


def _parts(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0:
            if part:
                yield part
            part = []
        elif not part:
            raise ValueError("the text must begin with a heading of the second level (##)")
        part.append(token)
    if part:
        yield part


def _step(part: list[Token], lines: Sequence[str], figures: str) -> Step:
    heading, title, _, *body = part
    kind = str(heading.attrs.get("class", _TEXT))
    if kind not in STEP_KINDS:
        raise ValueError(f"the step {title.content!r} is of no known kind: {kind}")
    for token in body:
        for child in token.children or ():
            if child.type == "image":
                name = FIGURE.fullmatch(str(child.attrs["src"]))
                if name is None:
                    raise ValueError(f"the picture {child.attrs['src']} must be figures/<name>.svg")
                child.attrs["src"] = f"{figures}/{name.group(1)}"
    html = _MARKDOWN.renderer.render(body, _MARKDOWN.options, {})
    first, last = _span(body)
    return Step(
        kind=kind,
        title=title.content,
        markdown=_MARK.sub("", "".join(lines[first:last])).strip() + "\n",
        html=nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None),
    )


def _span(body: Sequence[Token]) -> tuple[int, int]:
    maps = [token.map for token in body if token.map]
    if not maps:
        return 0, 0
    return min(m[0] for m in maps), max(m[1] for m in maps)

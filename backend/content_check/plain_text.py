"""What a step says without its marks: for counting words, measuring them and comparing them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BLOCKS = frozenset(
    {"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "blockquote", "table", "ul", "ol", "br"}
)
_ENDS = tuple(".!?:;…\"'”’)")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(¿¡]*[^\W\d_a-zà-ÿ]|\d)")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.lines.append("")
        elif tag in ("td", "th"):
            self.lines[-1] += " "
        elif tag == "img":
            self.lines.append(f"[{dict(attrs).get('alt') or ''}]")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        self.lines[-1] += data


def paragraphs(html: str) -> list[str]:
    """Paragraphs, list items and table rows, in order; a picture is its description in [ ]."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [said for line in reader.lines if (said := " ".join(line.split()))]


def sentences(html: str) -> list[str]:
    """The same with each sentence by itself."""
    return [each for said in paragraphs(html) for each in _SENTENCE.split(said)]


def prose(html: str) -> str:
    """What is read aloud: no pictures, and every line ends as a sentence."""
    lines = [each for each in paragraphs(html) if not each.startswith("[")]
    return "\n".join(each if each.endswith(_ENDS) else f"{each}." for each in lines)


def words(text: str) -> int:
    """How many words there are."""
    return len(text.split())

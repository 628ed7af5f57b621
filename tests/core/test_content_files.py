"""Content files are read as they stand, and faults name their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.core.content import ContentError, Document

YAML = """\
title: A
scales:
  - code: a.total
    items: [a.1,
            a.2]
  - {code: b.total, items: []}
"""
JSON = """\
{
  "title": "A",
  "scales": [
    {"code": "a.total",
     "items": ["a.1",
               "a.2"]},
    {"code": "b.total"}
  ]
}
"""


def document(folder: Path, name: str, text: str) -> Document:
    file = folder / name
    file.write_text(text)
    return Document.read(file)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("title",), 1),
        (("scales",), 2),
        (("scales", 0, "code"), 3),
        (("scales", 0, "items", 1), 5),
        (("scales", 1, "items"), 6),
        (("scales", 1, "nothing", 4), 6),
        (("scales", 2), 2),
        (("nothing",), 1),
        (("title", 0), 1),
    ],
)
def test_a_part_of_a_file_has_a_line(
    tmp_path: Path, path: tuple[str | int, ...], line: int
) -> None:
    assert document(tmp_path, "a.yaml", YAML).line(*path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("title",), 2), (("scales", 0, "items", 1), 6), (("scales", 1, "code"), 7)],
)
def test_json_has_lines_too(tmp_path: Path, path: tuple[str | int, ...], line: int) -> None:
    read = document(tmp_path, "a.json", JSON)
    assert read.line(*path) == line
    assert read.value["scales"][1] == {"code": "b.total"}


def test_a_fault_names_file_line_and_fault(tmp_path: Path) -> None:
    fault = document(tmp_path, "a.yaml", YAML).fault("has no code", "scales", 1)
    assert str(fault) == f"{tmp_path / 'a.yaml'}:6: has no code"
    assert (fault.file, fault.line, fault.message) == (str(tmp_path / "a.yaml"), 6, "has no code")


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.yaml", "title: A\nscales: [\n", 3),
        ("a.yaml", "title: A\n\ttab: x\n", 2),
        ("a.json", '{\n  "title": A\n}', 2),
        ("a.json", '{"title": "A"}\n}', 2),
    ],
)
def test_a_file_that_cannot_be_read_says_where(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    with pytest.raises(ContentError, match="cannot be read") as raised:
        document(tmp_path, name, text)
    assert raised.value.line == line


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_what_is_no_text_is_a_content_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"caf\xe9: \xff")
    with pytest.raises(ContentError, match="cannot be read"):
        Document.read(tmp_path / name)
    with pytest.raises(ContentError, match="cannot be read"):
        Document.read(tmp_path / f"no-{name}")

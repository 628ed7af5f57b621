"""Reading the files that clinicians write, and naming the file, the line and the fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml


class ContentError(ValueError):
    """A file under ``content/`` cannot be used; reads ``file:line: fault``."""

    def __init__(self, file: str | Path, message: str, line: int | None = None) -> None:
        place = f"{file}" if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {message}")
        self.file = str(file)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Document:
    """A YAML or JSON file: its ``value`` as plain Python, and where in the file each part stands.

    ``line("item", 3, "linkId")`` is the line (from 1) of that key or list member. Where the path
    leads further than the file, it is the line of the last part there is.
    """

    file: Path
    text: str
    value: Any

    @classmethod
    def read(cls, file: Path) -> Document:
        """Read a file; ``.json`` as JSON, all else as YAML.

        Raises ``ContentError`` when there is no such file, or it is neither.
        """
        try:
            text = file.read_text()
            value = json.loads(text) if file.suffix == ".json" else _plain(text)
        except json.JSONDecodeError as error:
            raise ContentError(file, f"cannot be read: {error.msg}", error.lineno) from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise ContentError(file, f"cannot be read: {error.problem}", line) from None
        except FileNotFoundError:
            raise ContentError(file, "cannot be read: there is no such file") from None
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ContentError(file, f"cannot be read: {error}") from None
        return cls(file, text, value)

    def line(self, *path: str | int) -> int:
        """The line of the part of the file that ``path`` leads to."""
        node, line = self._root, 1
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            node, line = found
        return line

    def fault(self, message: str, *path: str | int) -> ContentError:
        """A fault of the part of the file that ``path`` leads to, to be raised or listed."""
        return ContentError(self.file, message, self.line(*path))

    @contextmanager
    def reading(self, *path: str | int) -> Iterator[None]:
        """What goes wrong with plain values inside the block is a fault of that part of the file.

        Raises ``ContentError``.
        """
        try:
            yield
        except ContentError:
            raise
        except KeyError as error:
            raise self.fault(f"{error.args[0]} is missing or unknown", *path) from None
        except (TypeError, AttributeError, IndexError):
            raise self.fault("is not written in the expected shape", *path) from None
        except (ValueError, ArithmeticError) as error:
            raise self.fault(f"{error}", *path) from None

    @cached_property
    def _root(self) -> yaml.Node | None:
        # JSON is YAML, so its parser tells the lines of both. Only asked for once there is a fault.
        try:
            root: yaml.Node | None = yaml.compose(self.text, _Loader)
        except yaml.YAMLError:
            return None
        return root


# The safe loader in C where there is one: a tenth of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _plain(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 (it is the safe one)


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    """A member of a mapping or list, with its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        member = node.value[step]
        return member, member.start_mark.line + 1
    return None

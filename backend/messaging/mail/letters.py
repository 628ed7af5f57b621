"""The e-mails that clinicians write in ``content/mail``: each with a subject, and of any length.

No diagnosis, score, drug, module title, provider or risk ever stands in one, as in a text message.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from backend.messaging.templates import Templates, load

# What each e-mail must name; ``stop`` is the link that ends them.
_REMINDER = frozenset({"practice", "link", "stop"})
PARAMS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "check-in-open": (_REMINDER, frozenset()),
    "check-in-reminder-1": (_REMINDER, frozenset()),
    "check-in-reminder-2": (_REMINDER, frozenset()),
    "plan-reminder": (_REMINDER, frozenset()),
    "address-code": (frozenset({"practice", "code"}), frozenset()),
    "alert-urgent": (frozenset(), frozenset()),
}


def load_letters(path: Path) -> Templates:
    """Read and check one language's file.

    Raises ``ContentError`` when the file cannot be read, an e-mail is missing or unknown, has no
    subject, or names a placeholder it may not or lacks one it must.
    """
    return load(path, PARAMS, frozenset({"text", "purpose", "subject"}))


@cache
def _loaded(path: Path) -> Templates:
    return load_letters(path)


def in_language(content: Path, language: str) -> Templates:
    """The present e-mails in a language, read once a process. Raises ``ContentError``."""
    return _loaded(content / "mail" / f"{language}.yaml")

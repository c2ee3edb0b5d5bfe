"""Names of files and people as they are compared."""

from __future__ import annotations

import re
import unicodedata

_SEPARATOR = re.compile(r"[\\/]")


def folded(text: str) -> str:
    """``text`` without the difference between capital and small letters, and between the two ways to write an "ä"."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def folded_name(path: str) -> str:
    """The name of the file at ``path``, folded."""
    return folded(_SEPARATOR.split(path)[-1])

"""Bytes written as text, in files of text."""

from __future__ import annotations

import re

_SHORTEST = 256
_LOOKED_AT = 4096
_BASE64 = re.compile(
    r"(?=[\s\S]*[a-z])(?=[\s\S]*[A-Z])(?=[\s\S]*[0-9])(?:data:[\w/+.;=-]*,)?"
    r"[A-Za-z0-9+/=_-]{40,}(?:\s+[A-Za-z0-9+/=_-]{40,})*(?:\s+[A-Za-z0-9+/=_-]+)?\s*"
)


def is_blob(text: str) -> bool:
    """Whether a value is base64 (a picture in a notebook, a file in an XML document): nothing that anyone reads."""
    return len(text) >= _SHORTEST and _BASE64.fullmatch(text[:_LOOKED_AT]) is not None

"""Bytes in any encoding -> text."""

from __future__ import annotations

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 64 * 1024
_ASCII = bytes(range(128))
_ENOUGH_TO_GUESS = 24


def decode(data: bytes, declared: str = "") -> str:
    """Return the text of ``data``; never fails.

    A byte order mark decides first, then UTF-8 if the bytes are valid UTF-8 (text in another encoding almost never is),
    then the ``declared`` charset, then charset-normalizer's guess, then Windows-1252. Line ends become ``\\n``.
    """
    return _decode(data, declared).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _decode(data: bytes, declared: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A cut at a size limit may fall inside a character: that is still UTF-8.
        if error.reason == "unexpected end of data" and error.end == len(data):
            return data.decode("utf-8", errors="ignore")
    if declared:
        try:
            return data.decode(declared)
        except (LookupError, UnicodeDecodeError):
            pass
    if len(data.translate(None, _ASCII)) < _ENOUGH_TO_GUESS:
        return data.decode("cp1252", errors="replace")  # statistics of a few characters see Hangul in "Grüße"
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    return data.decode(best.encoding if best else "cp1252", errors="replace")

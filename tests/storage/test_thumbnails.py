"""The small forms of pictures on disk."""

from __future__ import annotations

import os
from pathlib import Path

from desktop_rag.storage.thumbnails import Thumbnails


def test_what_is_kept_can_be_loaded(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "small", 1000)
    thumbnails.keep(b"\x01\x02", b"jpeg")
    assert thumbnails.load(b"\x01\x02") == b"jpeg"
    assert thumbnails.load(b"\x01\x03") is None
    thumbnails.keep(b"\x01\x02", b"another")
    assert thumbnails.load(b"\x01\x02") == b"jpeg"


def test_those_not_asked_for_the_longest_go_first(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "small", 1000)
    for number in range(10):
        thumbnails.keep(bytes([number]), bytes(100))
        os.utime(thumbnails.path(bytes([number])), (number, number))
    thumbnails.load(b"\x00")
    thumbnails.keep(b"\x0a", bytes(100))
    assert thumbnails.load(b"\x00") is not None
    assert thumbnails.load(b"\x0a") is not None
    assert [thumbnails.load(bytes([number])) is None for number in (1, 2, 9)] == [True, True, False]
    assert sum(path.stat().st_size for path in (tmp_path / "small").rglob("*.jpg")) <= 1000


def test_those_of_pictures_that_are_gone_are_removed(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "small", 1000)
    for number in range(4):
        thumbnails.keep(bytes([number]), b"jpeg")
    assert thumbnails.sweep({b"\x01"}) == 3
    assert [thumbnails.load(bytes([number])) for number in range(4)] == [None, b"jpeg", None, None]


def test_a_disk_that_takes_nothing_costs_the_picture_alone(tmp_path: Path) -> None:
    (tmp_path / "small").write_text("a file in the way")
    thumbnails = Thumbnails(tmp_path / "small", 1000)
    thumbnails.keep(b"\x01", b"jpeg")
    assert thumbnails.load(b"\x01") is None

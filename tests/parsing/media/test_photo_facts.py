"""What pictures say about themselves, in words."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from PIL import Image

from desktop_rag.parsing.media.photo_facts import PhotoFacts, describe, photo_facts
from desktop_rag.parsing.media.photo_places import place_name
from desktop_rag.parsing.media.picture_files import opened
from tests.samples.make_pictures import CAPTION, XMP, photo_exif, saved, shop
from tests.samples.tea_shop import AUTHOR

LISBON_TIME = timezone(timedelta(hours=1))


def _facts(form: str = "JPEG", **options: Any) -> PhotoFacts:
    with Image.open(io.BytesIO(saved(shop(40, 30), form, **options))) as image:
        return photo_facts(image)


def _iptc(*records: tuple[int, bytes]) -> bytes:
    """A JPEG with an IPTC block, as Photoshop writes it (APP13)."""
    block = b"".join(
        b"\x1c\x02" + bytes((number,)) + len(value).to_bytes(2, "big") + value for number, value in records
    )
    block += b"\0" * (len(block) % 2)
    resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(block).to_bytes(4, "big") + block
    data = saved(shop(40, 30), "JPEG")
    return data[:2] + b"\xff\xed" + (len(resource) + 2).to_bytes(2, "big") + resource + data[2:]


def test_a_photo_of_a_phone() -> None:
    facts = _facts(exif=photo_exif())
    assert facts.captions == (CAPTION,)
    assert facts.author == AUTHOR
    assert facts.camera == "Nokia 8"
    assert facts.taken == datetime(2024, 5, 3, 14, 5, tzinfo=LISBON_TIME)
    assert describe(facts, 4032, 3024) == (
        f"{CAPTION}\nPhoto taken on Friday 3 May 2024 at 14:05 with Nokia 8 near Lisbon, Portugal.\n"
        "Picture of 4032 x 3024 pixels."
    )


def test_a_time_without_a_zone_is_kept_as_the_clock_showed_it() -> None:
    assert _facts(exif=photo_exif(zone="")).taken == datetime(2024, 5, 3, 14, 5).astimezone()
    assert _facts(exif=photo_exif(zone="nonsense")).taken == datetime(2024, 5, 3, 14, 5).astimezone()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_is_read_in_each_format(form: str) -> None:
    assert _facts(form, exif=photo_exif()).where == "near Lisbon, Portugal"


def test_xmp() -> None:
    facts = _facts("WEBP", xmp=XMP.encode())
    assert facts.title == "Opening day"
    assert facts.tags == ("awning", "shop front")
    assert facts.people == ("Jun Takeda",)
    assert "Photo taken in Lisbon, Portugal.\nWith Jun Takeda.\nTags: awning, shop front." in describe(facts, 1, 1)


def test_xmp_does_not_expand_entities() -> None:
    bomb = f'<!DOCTYPE x [<!ENTITY a "{"ha" * 1000}">]>' + XMP.replace("Opening day", "&a;&a;")
    assert "haha" not in _facts("WEBP", xmp=bomb.encode()).title


def test_iptc() -> None:
    records = (
        (5, b"Awning"), (120, "Markise über der Tür".encode()), (25, b"shop"), (25, b"summer"), (80, b"Mira Okafor"),
        (55, b"20240503"), (60, b"140500+0100"), (90, b"Porto"), (101, b"Portugal"),
    )  # fmt: skip
    with Image.open(io.BytesIO(_iptc(*records))) as image:
        facts = photo_facts(image)
    assert (facts.title, facts.captions, facts.author) == ("Awning", ("Markise über der Tür",), "Mira Okafor")
    assert facts.tags == ("shop", "summer")
    assert facts.where == "in Porto, Portugal"
    assert facts.taken == datetime(2024, 5, 3, 14, 5, tzinfo=LISBON_TIME)


def test_what_cameras_and_programs_write_is_no_caption() -> None:
    assert _facts(exif=photo_exif(x010e="OLYMPUS DIGITAL CAMERA         ")).captions == ()
    assert _facts(comment=b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90").captions == ()
    assert _facts(comment=b"Aunt Ada by the lake").captions == ("Aunt Ada by the lake",)


def test_captions_of_windows_and_of_users() -> None:
    exif = photo_exif(x9c9b="Grüße".encode("utf-16-le"), x9c9e="sea; sand".encode("utf-16-le"))
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "Am Strand".encode("utf-16-le")
    facts = _facts(exif=exif)
    assert facts.title == "Grüße"
    assert facts.tags == ("sea", "sand")
    assert "Am Strand" in facts.captions


def test_a_caption_in_utf_8() -> None:
    exif = photo_exif()
    exif[0x010E] = "Tür".encode()
    assert _facts(exif=exif).captions == ("Tür",)


@pytest.mark.parametrize("value", ["0000:00:00 00:00:00", "    :  :     :  :  ", "soon", ""])
def test_no_time(value: str) -> None:
    exif = photo_exif()
    exif.get_ifd(0x8769)[0x9003] = value
    assert _facts(exif=exif).taken is None


@pytest.mark.parametrize("degrees", [(200.0, 0.0, 0.0), (float("nan"), 0.0, 0.0), (1.0, 2.0), (0.0, 0.0, 0.0), "north"])
def test_no_place(degrees: object) -> None:
    exif = photo_exif()
    gps = exif.get_ifd(0x8825)
    gps[2] = gps[4] = degrees
    with Image.new("RGB", (1, 1)) as image:
        image.getexif().get_ifd(0x8825).update(gps)
        assert photo_facts(image).where == ""


def test_broken_metadata_is_left_out() -> None:
    data = saved(shop(40, 30), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20), xmp=b"<x:xmpmeta")
    with opened(io.BytesIO(data), "x.jpg") as image:
        assert photo_facts(image) == PhotoFacts()


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (38.7223, -9.1393, "Lisbon, Portugal"),
        (48.1372, 11.5755, "Munich, Germany"),
        (1.29, 103.85, "Singapore"),
        (0.0, -30.0, ""),
        (90.0, 0.0, ""),
        (-16.8, -179.99, ""),
    ],
)
def test_places(latitude: float, longitude: float, expected: str) -> None:
    name = place_name(latitude, longitude)
    assert name.endswith(expected)
    assert bool(name) == bool(expected)

"""What a picture's file says about it, as EXIF, IPTC, XMP and plain comments, in words a person would search by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.parsing.archive import parse_xml
from desktop_rag.parsing.media.photo_places import place_name
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.xml_values import attribute, local, moment

if TYPE_CHECKING:
    import PIL.Image
    from lxml.etree import _Element

_EXIF_PART, _GPS_PART = 0x8769, 0x8825
_MOST_CHARACTERS = 10_000
"""Kept of one caption."""
_MOST_TAGS = 200
_NO_CAPTION = re.compile(
    r"olympus digital camera|minolta digital camera|konica minolta.*|sony dsc|samsung|digital camera|dcim|"
    r"exif_jpeg.*|kodak digital.*|jpeg|default|untitled|image|screenshot|user comments?|charset=.*|"
    r"(?:creator: )?(?:gd-jpeg|lead technologies|file written by|created with|optimized|compressed|software:|ppi ).*|"
    r"[\W\d_]*",
    re.IGNORECASE | re.DOTALL,
)
"""What cameras and programs write where a person would describe the picture."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]")
_DATE_ONLY = 10
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


class PhotoFacts(Struct, frozen=True):
    """What is known of a picture. Without a zone in the file, ``taken`` is the camera's clock as if it were UTC."""

    title: str = ""
    captions: tuple[str, ...] = ()
    author: str = ""
    taken: datetime | None = None
    at: str = ""
    """The time as the camera's clock showed it, ISO."""
    camera: str = ""
    tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    where: str = ""


def photo_facts(image: PIL.Image.Image) -> PhotoFacts:
    """The facts in an open picture. What is broken among them is left out; nothing is raised."""
    exif, iptc, xmp, plain = (_guarded(read, image) for read in (_exif, _iptc, _xmp, _comments))
    sources = (xmp, iptc, exif, plain)
    captions = dict.fromkeys(text for source in sources for text in source.captions)
    title = _first(source.title for source in sources)
    at = _first((exif.at, xmp.at, iptc.at, plain.at))
    return PhotoFacts(
        title=title,
        captions=tuple(text for text in captions if text != title),
        author=_first(source.author for source in sources),
        taken=moment(at),
        at=at,
        camera=exif.camera,
        tags=tuple(dict.fromkeys(tag for source in sources for tag in source.tags))[:_MOST_TAGS],
        people=xmp.people[:_MOST_TAGS],
        where=_first(source.where for source in sources),
    )


def describe(facts: PhotoFacts, width: int, height: int) -> str:
    """The facts as a few lines: captions, then when, with what and where it was taken, then its size in pixels."""
    taken = []
    if facts.taken is not None:
        taken.append(f"on {_in_words(facts.taken, facts.at)}")
    if facts.camera:
        taken.append(f"with {facts.camera}")
    if facts.where:
        taken.append(facts.where)
    lines = [facts.title, *facts.captions]
    if taken:
        lines.append(f"Photo taken {' '.join(taken)}.")
    if facts.people:
        lines.append(f"With {', '.join(facts.people)}.")
    if facts.tags:
        lines.append(f"Tags: {', '.join(facts.tags)}.")
    lines.append(f"Picture of {width} x {height} pixels.")
    return "\n".join(line for line in lines if line)


def _guarded(read: Callable[[PIL.Image.Image], PhotoFacts], image: PIL.Image.Image) -> PhotoFacts:
    try:
        return read(image)
    except Exception:  # Pillow raises anything on broken metadata, and the picture is good all the same
        return PhotoFacts()


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _filled(*texts: str) -> tuple[str, ...]:
    return tuple(filter(None, texts))


def _in_words(taken: datetime, at: str) -> str:
    day = f"{_WEEKDAYS[taken.weekday()]} {taken.day} {_MONTHS[taken.month - 1]} {taken.year}"
    return day if len(at) <= _DATE_ONLY else f"{day} at {taken:%H:%M}"


def _caption(value: object) -> str:
    """The text of a caption; "" for what a camera or program wrote there."""
    text = _text(value)
    return "" if _NO_CAPTION.fullmatch(text) else text


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = decode(value.lstrip(b"\0 ").partition(b"\0")[0])
    if not isinstance(value, str):
        return ""
    lines = (" ".join(_CONTROLS.sub(" ", line).split()) for line in value.partition("\0")[0].splitlines())
    return "\n".join(line for line in lines if line)[:_MOST_CHARACTERS]


def _narrow(value: object) -> str:
    """Text of EXIF, which Pillow takes for Latin-1; cameras write UTF-8."""
    try:
        return _text(value.encode("latin-1") if isinstance(value, str) else value)
    except UnicodeEncodeError:
        return _text(value)


def _wide(value: object) -> str:
    """Text that Windows wrote, as UTF-16."""
    data = value if isinstance(value, bytes) else bytes(value) if isinstance(value, tuple) else b""
    return _text(data.decode("utf-16-le", errors="ignore"))


# --- EXIF ------------------------------------------------------------------------------------------------------------


def _exif(image: PIL.Image.Image) -> PhotoFacts:
    exif = image.getexif()
    details = exif.get_ifd(_EXIF_PART)
    maker, model = _narrow(exif.get(0x010F)), _narrow(exif.get(0x0110))
    known = maker.split(" ")[0].casefold() in model.casefold() if maker else True
    at, zone = "", ""
    for part, key, zone_key in ((details, 0x9003, 0x9011), (details, 0x9004, 0x9012), (exif, 0x0132, 0x9010)):
        at, zone = _exif_time(part.get(key)), _text(details.get(zone_key))
        if at:
            break
    return PhotoFacts(
        title=_wide(exif.get(0x9C9B)),
        captions=_filled(
            _caption(_narrow(exif.get(0x010E))),
            _user_comment(details.get(0x9286)),
            _caption(_wide(exif.get(0x9C9C))),
            _caption(_wide(exif.get(0x9C9F))),
        ),
        author=_wide(exif.get(0x9C9D)) or _caption(_narrow(exif.get(0x013B))),
        tags=_filled(*(tag.strip() for tag in _wide(exif.get(0x9C9E)).split(";"))),
        camera=model if known else f"{maker} {model}".strip(),
        at=at + zone if moment(at + zone) else at,
        where=_gps_place(exif.get_ifd(_GPS_PART)),
    )


def _exif_time(value: object) -> str:
    """ "2024:05:03 14:05:00" in ISO form; "" for zeros and blanks."""
    found = re.match(r"(\d{4})[:/-](\d\d)[:/-](\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?", _text(value))
    if found is None:
        return ""
    year, month, day, time = found.groups()
    at = f"{year}-{month}-{day}" + (f"T{time}" if time else "")
    return at if moment(at) else ""


def _user_comment(value: object) -> str:
    """The comment after the eight bytes that name its charset (EXIF 2.32, 4.6.5)."""
    if not isinstance(value, bytes):
        return _caption(value)
    charset, text = value[:8], value[8:]
    if charset.startswith(b"UNICODE"):
        wide = "utf-16-le" if text[1:2] == b"\0" or text[:2] == b"\xff\xfe" else "utf-16-be"
        return _caption(text.decode(wide, errors="ignore").lstrip("\ufeff"))
    return _caption(text) if charset.startswith((b"ASCII", b"JIS", b"\0")) else ""


def _gps_place(gps: Mapping[int, object]) -> str:
    latitude, longitude = _degrees(gps.get(2), gps.get(1), "S"), _degrees(gps.get(4), gps.get(3), "W")
    if latitude is None or longitude is None or (latitude, longitude) == (0.0, 0.0):
        return ""
    name = place_name(latitude, longitude)
    return f"near {name}" if name else ""


def _degrees(value: object, side: object, negative: str) -> float | None:
    """Degrees, minutes and seconds as one number; None when they are none on earth."""
    if not isinstance(value, tuple) or len(value) != 3:
        return None
    try:
        degrees, minutes, seconds = map(float, value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not 0 <= found <= 180:  # or not a number
        return None
    return -found if _text(side).upper().startswith(negative) else found


# --- IPTC ------------------------------------------------------------------------------------------------------------


def _iptc(image: PIL.Image.Image) -> PhotoFacts:
    from PIL.ImageFile import ImageFile
    from PIL.IptcImagePlugin import getiptcinfo

    found = (getiptcinfo(image) if isinstance(image, ImageFile) else None) or {}

    def values(number: int) -> list[str]:
        value = found.get((2, number), [])
        return [text for item in (value if isinstance(value, list) else [value]) if (text := _text(item))]

    def one(number: int) -> str:
        return " ".join(values(number))

    day, time = one(55), one(60)
    at = f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else ""
    timed = f"{at}T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:11]}"
    return PhotoFacts(
        title=one(5),
        captions=_filled(_caption(one(105)), _caption(one(120))),
        author=", ".join(values(80)),
        tags=tuple(values(25)),
        at=timed if moment(timed) else at if moment(at) else "",
        where=_in_place(one(92), one(90), one(95), one(101)),
    )


def _in_place(*names: str) -> str:
    found = ", ".join(dict.fromkeys(name for name in names if name))
    return f"in {found}" if found else ""


# --- XMP -------------------------------------------------------------------------------------------------------------


def _xmp(image: PIL.Image.Image) -> PhotoFacts:
    data = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if not data and (tags := getattr(image, "tag_v2", None)) is not None:
        data = tags.get(700)
    if isinstance(data, tuple):
        data = bytes(data)
    if isinstance(data, str):
        data = data.encode()
    root, _ = parse_xml(data.strip(b"\0 \r\n")) if isinstance(data, bytes) else (None, True)
    if root is None:
        return PhotoFacts()
    found: dict[str, list[str]] = {}
    for node in root.iter("{*}Description"):
        for name, value in _properties(node):
            found.setdefault(name, []).append(value)
    for node in root.iter("{*}*"):
        if attribute(node, "Type") == "Face" or node.findtext("{*}Type") == "Face":  # regions of the MWG
            found.setdefault("PersonInImage", []).append(_text(attribute(node, "Name") or node.findtext("{*}Name")))

    def one(name: str) -> str:
        return next((value for value in found.get(name, []) if value), "")

    captions = (_caption(one(name)) for name in ("Headline", "description", "UserComment", "AltTextAccessibility"))
    times = (one(name) for name in ("DateTimeOriginal", "DateCreated", "CreateDate"))
    return PhotoFacts(
        title=_caption(one("title")),
        captions=_filled(*captions),
        author=", ".join(filter(None, found.get("creator", []))),
        tags=_filled(*found.get("subject", [])),
        people=tuple(dict.fromkeys(filter(None, found.get("PersonInImage", [])))),
        at=next((time for time in times if moment(time)), ""),
        where=_in_place(one("Location"), one("City"), one("State"), one("Country")),
    )


def _properties(description: _Element) -> Iterator[tuple[str, str]]:
    """Names and values of what is said: attributes, plain elements, and the items of lists; the default language
    alone where there are several."""
    for key, value in description.attrib.items():
        yield str(key).rpartition("}")[2], _text(str(value))
    for node in description:
        items = list(node.iterfind("{*}Alt/{*}li"))[:1] or list(node.iterfind("{*}Seq/{*}li"))
        items = items or list(node.iterfind("{*}Bag/{*}li")) or [node]
        for item in items:
            yield local(node), _text(item.text or "")


# --- comments --------------------------------------------------------------------------------------------------------


def _comments(image: PIL.Image.Image) -> PhotoFacts:
    """Texts of PNG, and the one comment of JPEG and GIF."""
    info = image.info
    captions = (_caption(info.get(name)) for name in ("Description", "Comment", "comment"))
    at = _text(info.get("Creation Time"))
    return PhotoFacts(
        title=_caption(info.get("Title")),
        captions=_filled(*captions),
        author=_text(info.get("Author")),
        at=at if moment(at) else "",
    )

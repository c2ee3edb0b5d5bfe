"""Writes the samples of pictures into the folders beside it.

Run: ``python -m tests.samples.make_pictures``.
"""

from __future__ import annotations

import io
import zlib
from typing import Any

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from tests.samples.tea_shop import AUTHOR, TITLE, write

CAPTION = "The new awning above the door"
TAKEN = "2024:05:03 14:05:00"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'photoshop:City="Lisbon" photoshop:Country="Portugal">'
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Opening day</rdf:li><rdf:li xml:lang="pt">Abertura</rdf:li>'
    "</rdf:Alt></dc:title><dc:subject><rdf:Bag><rdf:li>awning</rdf:li><rdf:li>shop front</rdf:li></rdf:Bag>"
    "</dc:subject><ext:PersonInImage><rdf:Bag><rdf:li>Jun Takeda</rdf:li></rdf:Bag></ext:PersonInImage>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def make_pictures() -> dict[str, bytes]:
    png = PngInfo()
    png.add_itxt("Title", "Plan of the shop")
    png.add_itxt("Author", AUTHOR)
    plan = shop(240, 160)
    return {
        "awning.jpg": saved(shop(640, 480), "JPEG", exif=photo_exif(), quality=80),
        "plan.png": saved(plan, "PNG", pnginfo=png),
        "opening.webp": saved(shop(320, 240), "WEBP", xmp=XMP.encode()),
        "shelf.avif": saved(shop(160, 120), "AVIF"),
        "steam.gif": saved(plan, "GIF", save_all=True, append_images=[shop(240, 160, "navy")]),
        "letters.tif": saved(plan, "TIFF", save_all=True, append_images=[shop(160, 240)], compression="tiff_deflate"),
        "sign.svg": (
            '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="120"><title>Shop sign</title>'
            '<rect x="5" y="5" width="290" height="110" fill="none" stroke="green" stroke-width="6"/>'
            f'<text x="40" y="70" font-size="24">{TITLE}</text></svg>\n'
        ).encode(),
    }


def shop(width: int, height: int, awning: str = "firebrick") -> Image.Image:
    """A house front: an awning over a door."""
    picture = Image.new("RGB", (width, height), "lightsteelblue")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((width * 0.1, height * 0.3, width * 0.9, height), fill="beige")
    pen.polygon([(width * 0.1, height * 0.5), (width * 0.9, height * 0.5), (width / 2, height * 0.3)], fill=awning)
    pen.rectangle((width * 0.45, height * 0.6, width * 0.6, height), fill="saddlebrown")
    return picture


def photo_exif(orientation: int = 1, zone: str = "+01:00", **more: Any) -> Image.Exif:
    """What a phone writes about a photo taken in Lisbon; ``more`` are entries such as ``x010e="…"``."""
    exif = Image.Exif()
    exif[0x010E] = CAPTION
    exif[0x010F], exif[0x0110] = "Nokia", "Nokia 8"
    exif[0x0112] = orientation
    exif[0x013B] = AUTHOR
    for name, value in more.items():
        exif[int(name[1:], 16)] = value
    details = exif.get_ifd(0x8769)
    details[0x9003] = TAKEN
    if zone:
        details[0x9011] = zone
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (38.0, 42.0, 50.0)
    place[3], place[4] = "W", (9.0, 8.0, 20.0)
    return exif


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is as large and holds hardly anything."""
    chunks = (
        (b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    )
    body = b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


if __name__ == "__main__":
    write(make_pictures())

"""Pictures as files, and inside office files, books and web pages."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from desktop_rag.errors import Damaged, OverCap
from desktop_rag.parsing.media.picture_files import Picture, read_picture
from desktop_rag.parsing.media.pictures import parse_picture
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import IMAGE_SIDE, Page, ParseItem, Problem, Segment, Whole
from tests.parsing.reading import metadata, read, segments, texts
from tests.parsing.real_files import read_all
from tests.samples.make_pictures import photo_exif, png_of_size, saved, shop
from tests.samples.tea_shop import AUTHOR

RED, BLUE = (178, 34, 34), (176, 196, 222)


def _shown(found: Picture | Segment) -> Image.Image:
    assert found.image is not None
    image = Image.open(io.BytesIO(found.image))
    assert image.format in ("JPEG", "PNG")
    return image.convert("RGB")


def _is_close(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - two) < 12 for one, two in zip(pixel, colour, strict=True))


def _problems(items: list[ParseItem]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


@pytest.mark.parametrize(
    "form", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000", "TGA", "PCX", "PPM", "SGI", "QOI"]
)
def test_each_format_is_shown(form: str) -> None:
    picture = read_picture(saved(shop(160, 120), form), "x")
    image = _shown(picture)
    assert (picture.width, picture.height) == image.size == (160, 120)
    assert _is_close(image.getpixel((80, 48)), RED)
    assert _is_close(image.getpixel((5, 5)), BLUE)


def test_a_small_jpeg_is_handed_on_as_it_is() -> None:
    data = saved(shop(640, 480), "JPEG")
    assert read_picture(data, "a.jpg").image is data


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_large_one_is_made_smaller(form: str) -> None:
    picture = read_picture(saved(shop(4032, 3024), form), "x")
    assert (picture.width, picture.height) == (4032, 3024)
    image = _shown(picture)
    assert IMAGE_SIDE * 7 // 8 <= image.width <= IMAGE_SIDE
    assert abs(image.width / image.height - 4 / 3) < 0.01
    assert _is_close(image.getpixel((image.width // 2, image.height * 2 // 5)), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation: int) -> None:
    turns = {
        1: (), 2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,), 5: (Image.Transpose.TRANSPOSE,), 6: (Image.Transpose.ROTATE_90,),
        7: (Image.Transpose.TRANSVERSE,), 8: (Image.Transpose.ROTATE_270,),
    }  # fmt: skip
    stored = shop(120, 80)
    for turn in turns[orientation]:
        stored = stored.transpose(turn)
    picture = read_picture(saved(stored, "JPEG", exif=photo_exif(orientation), quality=95), "a.jpg")
    image = _shown(picture)
    assert (picture.width, picture.height) == image.size == (120, 80)
    assert _is_close(image.getpixel((60, 34)), RED)
    assert _is_close(image.getpixel((5, 5)), BLUE)


def test_transparent_parts_are_white() -> None:
    picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    picture.paste((178, 34, 34, 255), (50, 50, 150, 150))
    for form in ("PNG", "WEBP", "GIF"):
        image = _shown(read_picture(saved(picture, form), "x"))
        assert _is_close(image.getpixel((5, 5)), (255, 255, 255))
        assert _is_close(image.getpixel((100, 100)), RED)


def test_colours_of_other_spaces() -> None:
    cmyk = Image.new("CMYK", (100, 100), (0, 255, 255, 0))
    red = _shown(read_picture(saved(cmyk, "JPEG"), "x")).getpixel((50, 50))
    assert isinstance(red, tuple)
    assert red[0] > 200
    assert max(red[1:]) < 80
    lab = Image.new("LAB", (100, 100), (128, 128, 128))
    assert _is_close(_shown(read_picture(saved(lab, "TIFF"), "x")).getpixel((50, 50)), (119, 119, 119))


def test_a_profile_of_colours_is_applied() -> None:
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    data = saved(Image.new("RGB", (100, 100), (100, 50, 20)), "JPEG", icc_profile=xyz)
    assert read_picture(data, "x").image != data
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(Image.new("RGB", (100, 100), (100, 50, 20)), "JPEG", icc_profile=srgb)
    assert read_picture(data, "x").image == data


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_grey_of_more_than_eight_bits(kind: type) -> None:
    values: NDArray[Any] = np.tile(np.linspace(0, 4095, 256), (100, 1)).astype(kind)
    image = _shown(read_picture(saved(Image.fromarray(values), "TIFF"), "x"))
    darkest, brightest = image.getpixel((0, 50)), image.getpixel((255, 50))
    assert _is_close(darkest, (0, 0, 0))
    assert _is_close(brightest, (255, 255, 255))


def test_line_art_is_packed_as_png() -> None:
    drawing = Image.new("L", (600, 600), 255)
    drawing.paste(0, (100, 100, 500, 110))
    assert read_picture(saved(drawing, "BMP"), "x").image.startswith(b"\x89PNG")


def test_bombs_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(OverCap, match=r"bomb\.png has more than 200 million pixels"):
        read_picture(png_of_size(20_000, 20_000), "bomb.png")
    with pytest.raises(Damaged, match=r"empty\.png"):
        read_picture(png_of_size(2_000, 2_000)[:40], "empty.png")


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0", bytes(500), b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(Damaged, match=r"x\.jpg"):
        read_picture(data, "x.jpg")


def test_one_cut_short_is_shown_as_far_as_it_goes() -> None:
    data = saved(shop(640, 480), "JPEG")
    items = read("awning.jpg", data[: len(data) // 2])
    (picture,) = segments(items)
    assert _is_close(_shown(picture).getpixel((5, 5)), BLUE)
    assert [problem.code for problem in _problems(items)] == ["damaged"]


def test_a_photo() -> None:
    items = read("awning.jpg", saved(shop(640, 480), "JPEG", exif=photo_exif()))
    (picture,) = segments(items)
    assert (picture.form, picture.role, picture.locator) == ("picture", "picture", Whole())
    assert picture.text.startswith("The new awning above the door\nPhoto taken on Friday 3 May 2024")
    known = metadata(items)
    assert (known.kind, known.author) == ("image", AUTHOR)
    assert known.created is not None


def test_pages_of_a_tiff() -> None:
    pages = [shop(100, 80), shop(80, 100), shop(60, 60)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = segments(read("fax.tif", data))
    assert [item.locator for item in found] == [Page(1), Page(2), Page(3)]
    assert [_shown(item).size for item in found] == [(100, 80), (80, 100), (60, 60)]
    items = list(parse_picture(Source("fax.tif", "", Limits(attachments=2), data=data)))
    assert len(segments(items)) == 2
    assert [problem.code for problem in _problems(items)] == ["over-cap"]


def test_a_moving_picture_is_its_first_frame() -> None:
    data = saved(shop(120, 80), "GIF", save_all=True, append_images=[shop(120, 80, "navy")])
    (picture,) = segments(read("steam.gif", data))
    assert _is_close(_shown(picture).getpixel((60, 34)), RED)


def test_drawings(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(saved(Image.new("RGB", (10, 10), "red"), "PNG"))
    inside = base64.b64encode(saved(Image.new("RGB", (10, 10), "blue"), "PNG")).decode()
    svg = (
        '<!DOCTYPE svg [<!ENTITY laugh "haha">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 200"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink"><title>Way to the shop</title><text x="1" y="190">Quay &laugh;'
        f'</text><image width="50" height="50" href="{outside}"/>'
        f'<image x="50" width="50" height="50" xlink:href="data:image/png;base64,{inside}"/></svg>'
    )
    items = read("way.svg", svg)
    assert metadata(items).title == "Way to the shop"
    assert any("Quay" in text for text in texts(items))
    assert not any("haha" in text for text in texts(items))
    image = _shown(segments(items)[-1])
    assert image.size == (IMAGE_SIDE // 2, IMAGE_SIDE)
    assert _is_close(image.getpixel((256, 256)), (255, 255, 255))
    assert _is_close(image.getpixel((768, 256)), (0, 0, 255))


def test_a_drawing_that_cannot_be_drawn_keeps_its_words() -> None:
    items = read("x.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"><text>Quay</text></svg>')
    assert texts(items)[0] == "Quay"
    assert [problem.code for problem in _problems(items)] == ["damaged"]


# --- inside documents ------------------------------------------------------------------------------------------------

_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PICTURE = saved(shop(320, 240), "PNG") + bytes(1024)  # what follows the end of a PNG is nothing to its readers
_ICON = saved(shop(32, 32), "PNG") + bytes(1024)


def _zip(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _links(*links: tuple[str, str, str]) -> str:
    inner = "".join(f'<Relationship Id="{key}" Type="{_REL}/{kind}" Target="{target}"/>' for key, kind, target in links)
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
    )


def _blip(key: str, described: str) -> str:
    return (
        f'<w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{described}"/><a:graphic><a:blip r:embed='
        f'"{key}"/></a:graphic></wp:inline></w:drawing>'
    )


def test_pictures_in_a_word_document() -> None:
    namespaces = f'xmlns:w="w" xmlns:wp="wp" xmlns:a="a" xmlns:r="{_REL}"'
    paragraphs = (
        '<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>Front</w:t></w:r></w:p>'
        f"<w:p><w:r><w:t>As it is now:</w:t>{_blip('p1', 'The awning')}</w:r></w:p>"
        f"<w:p><w:r>{_blip('p2', '')}{_blip('p1', 'Again')}{_blip('p3', 'A logo')}{_blip('p4', '')}</w:r></w:p>"
    )
    data = _zip({
            "_rels/.rels": _links(("d", "officeDocument", "word/document.xml")),
            "word/document.xml": f"<w:document {namespaces}><w:body>{paragraphs}</w:body></w:document>",
            "word/_rels/document.xml.rels": _links(
                ("p1", "image", "media/one.png"), ("p2", "image", "media/two.png"), ("p3", "image", "media/icon.png"),
                ("p4", "image", "media/broken.png"),
            ),
            "word/media/one.png": _PICTURE,
            "word/media/two.png": _PICTURE,  # the same picture under another name
            "word/media/icon.png": _ICON,
            "word/media/broken.png": bytes(5000),
        })  # fmt: skip
    items = read("a.docx", data)
    assert [(item.text, item.headings, item.form) for item in segments(items)] == [
        ("As it is now:", ("Front",), "prose"), ("The awning", ("Front",), "picture"),
    ]  # fmt: skip
    assert [problem.message for problem in _problems(items)] == ["A picture in a.docx cannot be shown."]


def test_pictures_on_slides() -> None:
    def slide(described: str) -> str:
        return (
            f'<p:sld xmlns:p="p" xmlns:a="a" xmlns:r="{_REL}"><p:cSld><p:spTree><p:pic><p:nvPicPr><p:cNvPr id="1" '
            f'name="Picture 2" descr="{described}"/></p:nvPicPr><p:blipFill><a:blip r:embed="p"/></p:blipFill></p:pic>'
            "</p:spTree></p:cSld></p:sld>"
        )

    data = _zip(
        {
            "_rels/.rels": _links(("d", "officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="{_REL}"><p:sldIdLst><p:sldId r:id="s1"/>'
            '<p:sldId r:id="s2"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": _links(("s1", "slide", "slides/1.xml"), ("s2", "slide", "slides/2.xml")),
            "ppt/slides/1.xml": slide("C:\\photos\\awning.jpg"),
            "ppt/slides/2.xml": slide("The shop front"),
            "ppt/slides/_rels/1.xml.rels": _links(("p", "image", "../media/1.png")),
            "ppt/slides/_rels/2.xml.rels": _links(("p", "image", "../media/2.jpg")),
            "ppt/media/1.png": _PICTURE,
            "ppt/media/2.jpg": saved(shop(300, 200), "JPEG"),
        }
    )
    assert [(item.text, item.locator) for item in segments(read("a.pptx", data))] == [
        ("", Page(1, label="slide")), ("The shop front", Page(2, label="slide")),
    ]  # fmt: skip


def test_pictures_in_open_documents() -> None:
    frame = (
        '<draw:frame><draw:image xlink:href="Pictures/1.png"/><svg:desc>The shop front</svg:desc></draw:frame>'
        '<draw:frame><draw:image xlink:href="./Object 1"/></draw:frame>'
    )
    namespaces = 'xmlns:office="o" xmlns:text="t" xmlns:draw="d" xmlns:xlink="x" xmlns:svg="s"'
    for suffix, inner, place in (
        ("odt", f"<office:text><text:p>Words{frame}</text:p></office:text>", Whole()),
        ("odp", f"<office:presentation><draw:page>{frame}</draw:page></office:presentation>", Page(1, label="slide")),
    ):
        content = f"<office:document {namespaces}><office:body>{inner}</office:body></office:document>"
        items = read(f"a.{suffix}", _zip({"content.xml": content, "Pictures/1.png": _PICTURE}))
        picture = segments(items)[-1]
        assert (picture.text, picture.locator, picture.form) == ("The shop front", place, "picture")


def test_pictures_in_a_book() -> None:
    data = _zip(
        {
            "META-INF/container.xml": '<container><rootfile full-path="book/b.opf"/></container>',
            "book/b.opf": '<package><manifest><item id="c" href="text/1.xhtml" media-type="application/xhtml+xml"/>'
            '</manifest><spine><itemref idref="c"/></spine></package>',
            "book/text/1.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Words</p>'
            '<img src="../img/one%20a.png" alt="A map of the quay"/><img src="http://x.org/a.png"/></body></html>',
            "book/img/one a.png": _PICTURE,
        }
    )
    words, picture = segments(read("a.epub", data))
    assert words.text == "Words"
    assert (picture.text, picture.locator) == ("A map of the quay", Page(1, label="chapter"))


def test_pictures_saved_in_a_web_page() -> None:
    data = base64.b64encode(_PICTURE).decode()
    page = (
        f'<html><body><p>Words</p><img alt="The shop front" src="data:image/png;base64,{data}">'
        '<img src="data:image/png;base64,%%%"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></body></html>'
    )
    _, picture = segments(read("a.html", page))
    assert (picture.text, picture.form) == ("The shop front", "picture")


def test_more_pictures_than_are_read() -> None:
    shops = [base64.b64encode(saved(shop(200, 200 + extra), "PNG") + bytes(1024)).decode() for extra in range(3)]
    page = "<p>Words</p>" + "".join(f'<img src="data:image/png;base64,{data}">' for data in shops)
    row = Source("a.html", "", Limits(attachments=2), data=page.encode())
    from desktop_rag.parsing.web.html import parse_html

    items = list(parse_html(row))
    assert sum(item.form == "picture" for item in segments(items)) == 2
    assert [problem.code for problem in _problems(items)] == ["over-cap"]


def test_real_files(shared_data: Path) -> None:
    paths = [path for path in (shared_data / "images").rglob("*.*") if path.suffix not in (".jxl", ".bpg")]
    read_files, refused = read_all(parse_picture, paths)
    assert len(read_files) > 600
    assert len(refused) < 40
    for items in read_files.values():
        for item in segments(items):
            assert max(_shown(item).size) <= IMAGE_SIDE
    assert {problem.code for problem in refused.values()} <= {"damaged", "over-cap"}
    (photo,) = segments(read_files["testJPEG_GEO_2.jpg"])
    assert "near Swindon, United Kingdom" in photo.text
    (iphone,) = segments(read_files["testHEIF.heic"])
    assert _shown(iphone).size == (800, 544)

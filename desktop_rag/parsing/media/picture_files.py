"""Files of pictures -> the upright sRGB JPEG or PNG, of at most ``IMAGE_SIDE`` pixels a side, that is handed on."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from desktop_rag.errors import Damaged, FileProblem, OverCap, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.faults import fault_in, is_fault
from desktop_rag.types import IMAGE_SIDE

if TYPE_CHECKING:
    import PIL.Image
    import PIL.ImageCms

MOST_PIXELS = 200_000_000
"""A picture of more is refused before it is decoded; cameras reach half of it."""
GET_A_FRESH_COPY = say("parsing.open-picture-viewer-save-again-get")

_FORMATS = (
    *("AVIF", "BMP", "CUR", "DDS", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "QOI"),
    *("SGI", "SUN", "TGA", "TIFF", "WEBP", "XBM", "XPM"),
)
"""The formats of Pillow that are decoded. Others need programs outside it (EPS), or are hardly ever met."""
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_GOOD_ENOUGH = IMAGE_SIDE * 7 // 8
"""A JPEG is decoded at a half, a quarter or an eighth of its size if that leaves as many pixels a side: three times as
fast as to decode all of it and shrink that by a little more."""
_HANDED_ON_BYTES = 4 * 1024 * 1024
_QUALITY = 90
_LINE_ART_COLOURS = 64
"""Up to as many colours a picture is line art, which PNG often packs better than JPEG does."""
_TURNS = {2: (0, True), 3: (180, False), 4: (180, True), 5: (270, True), 6: (270, False), 7: (90, True), 8: (90, False)}
"""For the orientation of EXIF: degrees to turn to the left, and whether to mirror after that."""
_EXIF_ORIENTATION = 0x0112
_TIFF_PURPOSE = 254
_TIFF_THUMBNAIL = 1


class Picture(Struct, frozen=True):
    """A decoded picture. ``width`` and ``height`` are those of the file, upright; ``whole`` is False where its file
    was cut short. ``image`` is a JPEG or PNG."""

    image: bytes
    width: int
    height: int
    whole: bool = True


def read_picture(data: bytes, name: str) -> Picture:
    """The first picture in a file's bytes. Raises a ``FileProblem`` when nothing of it can be shown."""
    with opened(io.BytesIO(data), name) as image:
        return decoded(image, name, data)


@contextmanager
def opened(stream: BinaryIO, name: str) -> Iterator[PIL.Image.Image]:
    """Open a picture without decoding it. Raises ``Unsupported``, ``Damaged`` or ``OverCap``."""
    import PIL.Image

    start = stream.read(12)
    stream.seek(0)
    formats: tuple[str, ...] = _FORMATS
    if start[4:8] == b"ftyp" and start[8:] in _HEIF_BRANDS:
        _add_heif()
        formats = (*_FORMATS, "HEIF")
    # Pillow refuses what has twice as many, when it opens a file and when it finds another picture inside.
    PIL.Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = PIL.Image.open(stream, formats=formats)
        except PIL.UnidentifiedImageError as error:
            if start:
                raise Damaged(say("parsing.damaged-not-picture-can-read", name=name), GET_A_FRESH_COPY) from error
            raise Damaged(say("parsing.cannot-opened-empty", name=name), GET_A_FRESH_COPY) from error
        except Exception as error:
            raise problem_of(error, name) from error
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_large(name)
            yield image


def decoded(image: PIL.Image.Image, name: str, data: bytes | None = None) -> Picture:
    """The frame an open picture stands at. ``data``, the whole file, is handed on when it is a plain JPEG of the right
    size. Raises a ``FileProblem``."""
    width, height = image.size
    try:
        whole = _load(image)
        orientation = _orientation(image)
        if orientation in (5, 6, 7, 8):
            width, height = height, width
        if whole and data is not None and max(width, height) <= IMAGE_SIDE and _is_plain(image, data, orientation):
            return Picture(data, width, height)
        return Picture(encoded(_turned(_in_srgb(_shrunk(image)), orientation)), width, height, whole)
    except Exception as error:
        raise problem_of(error, name) from error


def encoded(image: PIL.Image.Image) -> bytes:
    """A JPEG, or a PNG if that is smaller, of a picture in grey (L) or RGB."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    if image.getcolors(_LINE_ART_COLOURS) is None:
        return out.getvalue()
    drawn = io.BytesIO()
    image.save(drawn, "PNG")
    return min(out.getvalue(), drawn.getvalue(), key=len)


def is_thumbnail(image: PIL.Image.Image) -> bool:
    """Whether the frame of a TIFF is a small form of another frame."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(_TIFF_PURPOSE, 0) == _TIFF_THUMBNAIL)


def problem_of(error: Exception, name: str) -> FileProblem:
    """What to say about an exception of a decoder."""
    import PIL.Image

    if isinstance(error, FileProblem):
        return error
    if is_fault(error):
        return fault_in(name, error)
    if isinstance(error, PIL.Image.DecompressionBombError):
        return _too_large(name)
    if isinstance(error, MemoryError):
        return OverCap(say("parsing.needs-more-memory-than-limit-allows", name=name), say("parsing.save-smaller-size"))
    if isinstance(error, NotImplementedError):
        return Unsupported(
            say("parsing.uses-form-format-not-supported", name=name, reason=error), say("parsing.save-jpeg-png")
        )
    reason = (str(error) or type(error).__name__).rstrip(".")[:120]
    return Damaged(say("parsing.is-damaged", name=name, reason=reason), GET_A_FRESH_COPY)


def _too_large(name: str) -> OverCap:
    return OverCap(
        say("parsing.more-than-million-pixels-harmful-files", name=name, most_pixels=MOST_PIXELS // 1_000_000),
        say("parsing.if-trust-save-smaller-size"),
    )


@cache
def _add_heif() -> None:
    """Teach Pillow HEIC, the format of iPhones."""
    import pi_heif

    pi_heif.register_heif_opener()


def _load(image: PIL.Image.Image) -> bool:
    """Decode; False when the file was cut short and only what is there was."""
    from PIL import ImageFile

    longer = max(image.size)
    if longer > IMAGE_SIDE:
        share = _GOOD_ENOUGH / longer
        image.draft(None, (max(int(image.width * share), 1), max(int(image.height * share), 1)))
    try:
        image.load()
    except MemoryError:
        raise
    except Exception:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        if image.getcolors(1) is not None:  # one colour: nothing was decoded
            raise
        return False
    return True


def _orientation(image: PIL.Image.Image) -> int:
    try:
        found = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # broken EXIF beside a good picture
        return 1
    return found if isinstance(found, int) else 1


def _is_plain(image: PIL.Image.Image, data: bytes, orientation: int) -> bool:
    """Whether a file, if it is small enough, is a JPEG as it is to be handed on."""
    return (
        image.format == "JPEG"
        and image.mode in ("L", "RGB")
        and orientation not in _TURNS
        and len(data) <= _HANDED_ON_BYTES
        and "mp" not in image.info  # followed by other pictures
        and _profile(image) is None
    )


def _shrunk(image: PIL.Image.Image) -> PIL.Image.Image:
    """Of at most ``IMAGE_SIDE`` pixels a side, and in a mode that can be made smaller."""
    from PIL.Image import Resampling

    if image.mode in ("1", "P", "PA"):
        if image.mode == "1":
            flat = image.convert("L")
        else:
            flat = image.convert("RGBA" if image.has_transparency_data else "RGB")
    else:
        flat = image
    longer = max(flat.size)
    if longer <= IMAGE_SIDE:
        return flat
    share = IMAGE_SIDE / longer
    size = (max(round(flat.width * share), 1), max(round(flat.height * share), 1))
    if flat.mode.startswith("I;16"):
        flat = flat.convert("I")
    small = flat.resize(size, Resampling.BICUBIC, reducing_gap=2.0)
    small.info = image.info
    return small


def _in_srgb(image: PIL.Image.Image) -> PIL.Image.Image:
    """In grey (L) or RGB, transparent parts white."""
    import PIL.Image
    from PIL import ImageCms

    if image.mode.startswith(("I", "F")):
        return _stretched(image)
    profile = _profile(image)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    if image.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if profile is not None:
        try:
            target = ImageCms.createProfile("sRGB")
            managed = ImageCms.profileToProfile(image, profile, target, outputMode="RGB")
            image = managed if managed is not None else image
        except (ImageCms.PyCMSError, ValueError):  # a profile of another kind of colours than the picture's
            pass
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if alpha is not None:
        paper = PIL.Image.new(image.mode, image.size, "white")
        paper.paste(image, mask=alpha)
        image = paper
    return image


def _profile(image: PIL.Image.Image) -> PIL.ImageCms.ImageCmsProfile | None:
    """The colour profile of a picture that is not in sRGB."""
    from PIL import ImageCms

    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or not data:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        described = ImageCms.getProfileDescription(profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return None if "srgb" in described.lower() else profile


def _stretched(image: PIL.Image.Image) -> PIL.Image.Image:
    """Grey of 16 or more bits with the darkest part black and the brightest white: files of 12 bits are common, and do
    not say so."""
    import numpy as np
    import PIL.Image

    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    darkest, brightest = float(values.min()), float(values.max())
    grey = (values - darkest) * (255.0 / (brightest - darkest) if brightest > darkest else 0.0)
    return PIL.Image.fromarray(grey.astype(np.uint8))


def _turned(image: PIL.Image.Image, orientation: int) -> PIL.Image.Image:
    from PIL.Image import Transpose

    degrees, mirrored = _TURNS.get(orientation, (0, False))
    turns = {90: Transpose.ROTATE_90, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_270}
    if degrees:
        image = image.transpose(turns[degrees])
    return image.transpose(Transpose.FLIP_LEFT_RIGHT) if mirrored else image

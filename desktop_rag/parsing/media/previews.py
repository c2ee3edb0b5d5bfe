"""The small form of a picture, and a hash of its looks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktop_rag.types import PREVIEW_SIDE, Segment

if TYPE_CHECKING:
    from PIL.Image import Image

_QUALITY = 85


def with_preview(segment: Segment) -> Segment:
    """The segment of a picture with the small form of its ``image`` added, if it has one."""
    if segment.image is None:
        return segment
    from PIL import Image

    with Image.open(io.BytesIO(segment.image)) as picture:
        picture.draft("RGB", (PREVIEW_SIDE, PREVIEW_SIDE))  # a JPEG is decoded at half or a quarter of its size
        small = picture.convert("RGB")
        small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=_QUALITY)
        return replace(segment, preview=out.getvalue(), looks=looks(small))


def looks(picture: Image) -> int:
    """64 bits: for each of 8 by 8 places whether it is brighter than the one to its right (difference hash, N. Krawetz
    2013, "Kind of Like That"), as a signed number."""
    from PIL import Image

    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = sum((grey[9 * (at // 8) + at % 8] > grey[9 * (at // 8) + at % 8 + 1]) << at for at in range(64))
    return bits - (1 << 64) if bits >> 63 else bits

"""Picture -> lines of text, with the PP-OCR models that RapidOCR's wheel carries. The only module that knows rapidocr.

One model finds the lines, one tells whether they stand on their head, one reads them (Li et al., "PP-OCRv3", 2022). How
a page is turned shows in the shapes of its lines and in the votes of the second model, before anything is read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from desktop_rag import offline
from desktop_rag.errors import ModelError
from desktop_rag.messages import say
from desktop_rag.models.requests import ModelRequest
from desktop_rag.types import IMAGE_SIDE, Region

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_SCORE = 0.6
"""Lines read with less confidence are dropped: grain and textures of photographs, mostly."""
_LEAST_SCORE_SHORT = 0.85
_SHORT = 2
"""Lines of so few characters have to be surer: a corner or a wheel is easily taken for a letter."""
_FIND_SIDE = 1_600
"""Pixels of the longer side of what lines are looked for in. On six pages drawn at 150 dots an inch, 1,280 found 3 %
fewer of the words, 960 found 7 % fewer, and the pages as they were (1,755) found no more."""
_LEAST_SIDE = 32
_LEAST_CONTRAST = 24
"""Levels of grey, of 256, between the darkest and the lightest point of a picture that may have text in it."""
_MOST_PIXELS = 64_000_000
_TALL = 1.5
"""A line this many times as high as wide is turned upright by RapidOCR before it is read."""
_SLENDER = 2.5
"""A tall line below this is rather a single character (a 1, an I) that stands upright."""
_UPSIDE_DOWN = 0.9
"""Confidence with which a line has to be read the other way round to be taken for one that stands on its head."""
_VOTERS = 24
_GUTTER = 0.8
"""Heights of a line that are empty between two columns, at least; between words there is a third of one."""
_LEAST_PART = 4
"""Heights of a line that what stands in a column is wide, at least: a bullet is left with its text."""
_INK = 0.4
"""The part of the greatest difference from the paper at which a point is ink."""
_BATCH = 8
_MODELS = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
    "Cls.model_path": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}


Turn = Literal[0, 90, 180, 270]


class OcrSettings(Struct, frozen=True):
    """``threads`` of the processor to use; 0 for all."""

    threads: int = 0


class TextLine(Struct, frozen=True):
    """A line as it was read. ``score`` is 0 to 1.

    ``box`` has the line's own width and height around its centre, also where it is a little askew. ``turn`` is by how
    many degrees clockwise it is turned: at 90 it is read downwards.
    """

    text: str
    score: float
    box: Region
    turn: Turn = 0


def open_model(settings: OcrSettings) -> OcrReader:
    """Raises ``ModelError`` when the models are missing or damaged."""
    offline.quieten()
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    parameters: dict[str, Any] = {
        "Global.log_level": "critical",
        "Global.use_preprocess_img": False,
        "Det.limit_type": "max",
        "Det.limit_side_len": _FIND_SIDE,
        "Rec.rec_batch_num": _BATCH,
        "EngineConfig.onnxruntime.intra_op_num_threads": settings.threads or -1,
    }
    for key, name in _MODELS.items():
        # Named, because RapidOCR would fetch what it does not find.
        if not (folder / name).is_file():
            raise ModelError(
                say("models.text-recognition-model-missing", path=folder / name),
                say("common.install-desktop-rag-again"),
            )
        parameters[key] = str(folder / name)
    try:
        engine = rapidocr.RapidOCR(params=parameters)
        reader = OcrReader(engine)
        reader.warm_up()
    except Exception as error:
        raise ModelError(
            say("models.text-recognition-could-not-started", reason=error), say("common.install-desktop-rag-again")
        ) from error
    return reader


class OcrReader:
    """The three models, loaded. Not to be used from two threads at once."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def warm_up(self) -> None:
        """Load all three now: RapidOCR loads each at its first use."""
        import numpy as np

        blank = np.full((_LEAST_SIDE, 4 * _LEAST_SIDE, 3), 255, np.uint8)
        self._engine.recognize_txt(self._engine.cls_and_rotate([blank])[0])
        self._find(blank)

    def read(self, image: bytes, cancelled: threading.Event) -> tuple[TextLine, ...] | None:
        """The lines of a picture, in no useful order; none when it cannot be decoded. None once ``cancelled``."""
        import numpy as np

        pixels = _decode(image)
        if pixels is None:
            return ()
        shapes, crops = self._find(pixels)
        if cancelled.is_set():
            return None
        turn = self._turn(shapes, crops)
        if turn:  # lines are found less well in a page that is turned
            shapes, crops = self._find(np.ascontiguousarray(np.rot90(pixels, turn // 90)))
        crops = [
            np.rot90(crop, -1) if shape.tall and not shape.slender else crop
            for shape, crop in zip(shapes, crops, strict=True)
        ]
        found = self._recognise(crops, cancelled)
        # Single lines may stand on their head in a page that does not: a stamp, a label on a plan.
        poor = [index for index, (_, score) in enumerate(found) if score < LEAST_SCORE]
        others = self._recognise([np.rot90(crops[index], 2) for index in poor], cancelled)
        for index, other in zip(poor, others, strict=True):
            if other[1] > _UPSIDE_DOWN:
                found[index] = other
        if cancelled.is_set():
            return None
        return tuple(
            TextLine(text.strip(), round(score, 3), _turned(shape.region, turn), turn)
            for (text, score), shape in zip(found, shapes, strict=True)
            if _is_sure(text.strip(), score)
        )

    def _find(self, pixels: NDArray[np.uint8]) -> tuple[list[_Shape], list[Any]]:
        """Where the lines are, and their pictures. Tall ones come turned by 90 degrees against the clock."""
        from rapidocr.main import RapidOCRError

        record: dict[str, Any] = {}
        try:
            crops, found = self._engine.detect_and_crop(pixels, record)
        except RapidOCRError:  # there are none
            return [], []
        height, width = pixels.shape[:2]
        added = int(record["padding_1"]["top"])  # rows above a picture that is a mere strip
        parts = [part for corners, crop in zip(found.boxes, crops, strict=True) for part in _divided(corners, crop)]
        return [_Shape.of(corners, width, height, added) for corners, _ in parts], [crop for _, crop in parts]

    def _turn(self, shapes: list[_Shape], crops: list[Any]) -> Turn:
        """How the page is turned, by the votes of its longest lines; a single one is often misjudged."""
        longest = sorted(range(len(shapes)), key=lambda index: shapes[index].length)[-_VOTERS:]
        if not longest:
            return 0
        sideways = 2 * sum(shapes[i].length for i in longest if shapes[i].tall) > sum(shapes[i].length for i in longest)
        voters = [index for index in longest if shapes[index].tall == sideways]
        labels = self._engine.cls_and_rotate([crops[index] for index in voters])[1].cls_res
        over = 0.0
        for index, (label, score) in zip(voters, labels, strict=True):
            over += shapes[index].length * float(score - 0.5) * (1 if label == "180" else -1)
        return (270 if over > 0 else 90) if sideways else (180 if over > 0 else 0)

    def _recognise(self, crops: list[Any], cancelled: threading.Event) -> list[tuple[str, float]]:
        """Text and confidence of each; some are missing once ``cancelled``."""
        found: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        # Those of a batch are padded to its longest.
        order = sorted(range(len(crops)), key=lambda index: crops[index].shape[1] / crops[index].shape[0])
        for begin in range(0, len(order), _BATCH):
            if cancelled.is_set():
                break
            rows = order[begin : begin + _BATCH]
            result = self._engine.recognize_txt([crops[index] for index in rows])
            for index, text, score in zip(rows, result.txts, result.scores, strict=True):
                found[index] = (text, float(score))
        return found


class _Shape(Struct, frozen=True):
    """Where a line is, and how long and high it is in pixels."""

    region: Region
    length: float
    tall: bool
    slender: bool

    @classmethod
    def of(cls, corners: NDArray[np.float32], width: int, height: int, added: int) -> _Shape:
        """``corners`` [4, 2] from the top left one clockwise, in a picture of that size below ``added`` rows."""
        import numpy as np

        sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
        across, down = float(sides[0] + sides[2]) / 2, float(sides[1] + sides[3]) / 2
        x, y = float(corners[:, 0].mean()), float(corners[:, 1].mean()) - added
        left, right = max(0.0, (x - across / 2) / width), min(1.0, (x + across / 2) / width)
        top, bottom = max(0.0, (y - down / 2) / height), min(1.0, (y + down / 2) / height)
        region = Region(left, top, max(0.0, right - left), max(0.0, bottom - top))
        return cls(region, max(across, down), down >= _TALL * across, down >= _SLENDER * across)


def _divided(corners: NDArray[np.float32], crop: Any) -> list[tuple[NDArray[np.float32], Any]]:
    """A line cut where it runs across the gutter between two columns, which the first model often overlooks."""
    import numpy as np

    height, width = crop.shape[:2]
    if width < (2 * _LEAST_PART + _GUTTER) * height:
        return [(corners, crop)]
    grey = crop[height // 8 : height - height // 8].min(axis=2).astype(np.int16)
    paper = np.median(grey)
    ink = np.abs(grey - paper) > _INK * max(_LEAST_CONTRAST, np.abs(grey - paper).max())
    inked = np.flatnonzero(ink.any(axis=0))
    margin = height // 6
    edges = [0]
    for before, after in pairwise(inked):
        wide = after - before > _GUTTER * height
        if wide and min(before - edges[-1], width - after) >= _LEAST_PART * height:
            edges += [int(before) + margin, int(after) - margin]
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    parts = []
    edges.append(width)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        left, right = begin / width, end / width
        ends = [
            corners[0] + left * top,
            corners[0] + right * top,
            corners[3] + right * bottom,
            corners[3] + left * bottom,
        ]
        parts.append((np.array(ends, np.float32), crop[:, begin:end]))
    return parts


class Read(ModelRequest[tuple[TextLine, ...]], frozen=True):
    """Read the text in a picture: one reply, the lines, which are none for a picture that cannot be decoded."""

    image: bytes

    def perform(self, model: OcrReader, cancelled: threading.Event) -> Iterator[tuple[TextLine, ...]]:
        lines = model.read(self.image, cancelled)
        if lines is not None:
            yield lines


SETTINGS = OcrSettings
REQUESTS = Read


def _decode(image: bytes) -> NDArray[np.uint8] | None:
    """Pixels [height, width, 3] in the order of blue, green, red; None where there is nothing to read."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(BytesIO(image)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            shades = np.asarray(picture.convert("L"))
            if int(shades.max()) - int(shades.min()) < _LEAST_CONTRAST:
                return None
            rgb = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, EOFError):  # what Pillow raises for broken pictures
        return None
    scale = min(1.0, IMAGE_SIDE / max(rgb.size))
    scale = max(scale, _LEAST_SIDE / min(rgb.size))
    if scale * max(rgb.size) > 4 * IMAGE_SIDE:  # a hairline
        return None
    if scale != 1.0:
        rgb = rgb.resize((round(rgb.width * scale), round(rgb.height * scale)), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(rgb)[:, :, ::-1])


def _is_sure(text: str, score: float) -> bool:
    letters = sum(character.isalnum() for character in text)
    return letters > 0 and score >= (_LEAST_SCORE_SHORT if len(text) <= _SHORT else LEAST_SCORE)


def _turned(region: Region, turn: Turn) -> Region:
    """The place in a page that was turned clockwise by ``turn`` of what is at ``region`` in the upright one."""
    for _ in range(turn // 90):
        region = Region(1 - region.y - region.height, region.x, region.height, region.width)
    return Region(*(round(max(0.0, value), 4) for value in (region.x, region.y, region.width, region.height)))
